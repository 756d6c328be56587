//! Whether slicegate's identity may do what it has to.

use super::deployment::not_here;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::Right;
use crate::doctor::gathered::{Unseen, seen};

pub(super) fn rights(assessment: &Assessment<'_>) -> Findings {
    let Some(settings) = seen(&assessment.settings)? else {
        return Ok(vec![not_here()]);
    };
    if !settings.asks_the_cluster() {
        return Ok(vec![Finding::ok(
            "none are needed: it reads files and asks the API server nothing",
        )]);
    }
    let asked = &assessment.gathered.rights;
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
