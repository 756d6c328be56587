//! The modes that administrators of namespaces wrote.

use crate::doctor::advice;
use crate::doctor::alike::{name, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::seen;
use crate::engine::vocabulary::{Mode, names};

pub(super) fn modes(assessment: &Assessment<'_>) -> Findings {
    let (policy, namespaces) = (assessment.policy()?, seen(&assessment.namespaces)?);
    let mut findings = Vec::new();
    for object in seen(&assessment.gathered.namespaces)? {
        let name = name(object);
        if namespaces.mode(name, policy).1 {
            let word = &object["metadata"]["annotations"][names::MODE];
            let finding = Finding::warn(
                format!(
                    "{name} says {}: {word}, which nobody knows; it counts as enforce",
                    names::MODE
                ),
                "write enforce, dry-run or off",
            );
            findings.push(finding.run(format!(
                "kubectl annotate --overwrite namespace {name} {}=enforce",
                names::MODE
            )));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("every mode that is written is known"));
    }
    Ok(findings)
}

pub(super) fn enforced(assessment: &Assessment<'_>) -> Findings {
    let (enforced, rehearsing) = (
        assessment.in_mode(Mode::Enforce)?,
        assessment.in_mode(Mode::DryRun)?,
    );
    let finding = if enforced.is_empty() {
        let count = rehearsing.len();
        let message = format!("none is enforced, {count} in dry-run: slicegate changes no pod");
        // Annotations change nothing then.
        if assessment.policy()?.mode == Mode::DryRun {
            Finding::warn(
                message,
                "set spec.mode: enforce in the policy when you are ready",
            )
        } else if count > 0 {
            Finding::warn(
                    message,
                    "enforce one once slicegate audit shows what you want, and adopt its pods before and after",
                )
                .run(format!(
                    "kubectl annotate --overwrite namespace NAMESPACE {}=enforce",
                    names::MODE
                ))
        } else {
            advice::opt_in(assessment, |fix| Finding::warn(message.clone(), fix))
        }
    } else {
        Finding::ok(format!(
            "{} enforced ({}), {} in dry-run",
            enforced.len(),
            some(&enforced),
            rehearsing.len()
        ))
    };
    Ok(vec![finding])
}
