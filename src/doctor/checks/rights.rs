//! Whether slicegate's identity may do what it has to.

use super::super::finding::Finding;
use super::super::gathered::Unseen;
use super::super::rights::Right;
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
    let mut findings = Vec::new();
    let missing = asked.iter().filter(|(_, may)| *may == Ok(false));
    let missing: Vec<&Right> = missing.map(|(right, _)| right).collect();
    for same in missing.chunk_by(|a, b| a.object() == b.object()) {
        let Some(first) = same.first() else { continue };
        let verbs: Vec<&str> = same.iter().map(|right| right.verb).collect();
        findings.push(Finding::fail(
            format!(
                "ServiceAccount {account} may not {} {}, which it needs {}",
                verbs.join(", "),
                first.object(),
                first.why
            ),
            "apply slicegate's ClusterRole, Role and their bindings again",
        ));
    }
    if findings.is_empty() {
        let count = asked.len();
        findings.push(Finding::ok(format!(
            "ServiceAccount {account} has all {count} it needs"
        )));
    }
    Ok(findings)
}
