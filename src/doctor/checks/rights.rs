//! Whether slicegate's identity may do what it has to.

use super::super::finding::Finding;
use super::super::gathered::Unseen;
use super::super::scene::{Scene, seen};
use super::Findings;
use super::deployment::not_here;

pub(super) fn rights(scene: &Scene<'_>) -> Findings {
    let Some(settings) = seen(&scene.settings)? else {
        return Ok(vec![not_here()]);
    };
    if !settings.asks_the_cluster() {
        return Ok(vec![Finding::ok(
            "none are needed: it reads files and asks the API server nothing",
        )]);
    }
    let asked = &scene.gathered.rights;
    if let Some(unseen) = asked.iter().find_map(|(_, may)| may.as_ref().err()) {
        return Err(unseen.clone());
    }
    if asked.is_empty() {
        return Err(Unseen::unasked("what slicegate may do"));
    }
    let account = &settings.account;
    let missing = asked.iter().filter(|(_, may)| *may == Ok(false));
    let mut findings: Vec<Finding> = missing
        .map(|(right, _)| {
            Finding::fail(
                format!(
                    "ServiceAccount {account} may not {right}, which it needs {}",
                    right.why
                ),
                "apply slicegate's ClusterRole, Role and their bindings again",
            )
        })
        .collect();
    if findings.is_empty() {
        let count = asked.len();
        findings.push(Finding::ok(format!(
            "ServiceAccount {account} has all {count} it needs"
        )));
    }
    Ok(findings)
}
