//! The modes that administrators of namespaces wrote.

use super::super::advice;
use super::super::alike::{name, some};
use super::super::finding::Finding;
use super::super::scene::{Scene, seen};
use super::Findings;
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::policy::Mode;

pub(super) fn modes(scene: &Scene<'_>) -> Findings {
    let (policy, namespaces) = (scene.policy()?, seen(&scene.namespaces)?);
    let mut findings = Vec::new();
    for object in seen(&scene.gathered.namespaces)? {
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

pub(super) fn enforced(scene: &Scene<'_>) -> Findings {
    let (enforced, rehearsing) = (scene.in_mode(Mode::Enforce)?, scene.in_mode(Mode::DryRun)?);
    let finding = match enforced.is_empty() {
        false => Finding::ok(format!(
            "{} enforced ({}), {} in dry-run",
            enforced.len(),
            some(&enforced),
            rehearsing.len()
        )),
        true => {
            let count = rehearsing.len();
            let message = format!("none is enforced, {count} in dry-run: slicegate changes no pod");
            // Annotations change nothing then.
            match scene.policy()?.mode == Mode::DryRun {
                true => Finding::warn(
                    message,
                    "set spec.mode: enforce in the policy when you are ready",
                ),
                false if count > 0 => Finding::warn(
                    message,
                    "enforce one once slicegate audit shows what you want, and adopt its pods before and after",
                )
                .run(format!(
                    "kubectl annotate --overwrite namespace NAMESPACE {}=enforce",
                    names::MODE
                )),
                false => advice::opt_in(scene, |fix| Finding::warn(message.clone(), fix)),
            }
        }
    };
    Ok(vec![finding])
}
