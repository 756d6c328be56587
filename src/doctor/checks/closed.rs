//! Namespaces in which no GPU pod can be created, although they opted in.

use std::collections::BTreeMap;

use crate::doctor::alike::counted;
use crate::doctor::assessment::Assessment;
use crate::doctor::closed::{Closed, closed};
use crate::doctor::finding::{Finding, Findings};
use crate::engine::rules::boundary_not_yours;
use crate::engine::vocabulary::Mode;

pub(super) fn namespaces(assessment: &Assessment<'_>) -> Findings {
    let enforced = (Mode::Enforce, assessment.in_mode(Mode::Enforce)?);
    let dry_run = (Mode::DryRun, assessment.in_mode(Mode::DryRun)?);
    let state = assessment.cluster_state()?;
    let running = assessment.gpu_pods();
    let mut findings = Vec::new();
    let mut open = 0;
    for (mode, names) in [enforced, dry_run] {
        let mut alike: BTreeMap<(&str, String), Vec<(&str, Closed)>> = BTreeMap::new();
        for name in names {
            match closed(&state, name) {
                None => open += 1,
                // Boundary names have a check of their own.
                Some(it) if it.rule == boundary_not_yours::RULE.id => {}
                Some(it) => {
                    let key = (it.rule, it.why.clone());
                    alike.entry(key).or_default().push((name, it));
                }
            }
        }
        for ((rule, why), all) in alike {
            let Some((_, first)) = all.first() else {
                continue;
            };
            let count = |name: &str| match &running {
                Some(running) => {
                    let pods = running.get(name).copied().unwrap_or_default();
                    format!("{name} ({} there)", counted(pods, "GPU pod"))
                }
                None => name.to_owned(),
            };
            let names: Vec<String> = all.iter().map(|(name, _)| count(name)).collect();
            let names = super::super::alike::some(&names);
            let fix = first.fix.clone();
            let finding = match mode {
                Mode::Enforce => Finding::fail(
                    format!("no GPU pod can be created in {names}: {why} [{rule}]"),
                    fix,
                ),
                _ => Finding::warn(
                    format!(
                        "once enforced, no GPU pod could be created in {names}: {why} [{rule}]"
                    ),
                    fix,
                ),
            };
            findings.push(match &first.command {
                Some(command) => finding.run(command.clone()),
                None => finding,
            });
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(match open {
            0 => "none: no namespace opted in".to_owned(),
            some => format!(
                "none: a plain GPU pod can be created in {}",
                counted(some, "namespace")
            ),
        }));
    }
    Ok(findings)
}
