//! Namespaces that opted in and in which no GPU pod can be created.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::doctor::assessment::Assessment;
use crate::doctor::closed::{Closed, closed};
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::{items, namespace};
use crate::doctor::text::{counted, some};
use crate::engine::rules::boundary_not_yours;
use crate::engine::vocabulary::Mode;
use crate::engine::vocabulary::names::is_gpu_resource;

pub(super) fn namespaces(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let enforced = assessment.in_mode(Mode::Enforce)?;
    let dry_run = assessment.in_mode(Mode::DryRun)?;
    let state = assessment.cluster_state()?;
    let pods = gpu_pods(assessment);
    let with_pods = |name: &str| match &pods {
        Some(pods) => {
            let pods = pods.get(name).copied().unwrap_or_default();
            format!("{name} ({} there)", counted(pods, "GPU pod"))
        }
        None => name.to_owned(),
    };
    let mut findings = Vec::new();
    let mut open = 0;
    for (mode, names) in [(Mode::Enforce, enforced), (Mode::DryRun, dry_run)] {
        // Namespaces with the same reason, and the fix for the first of them.
        let mut by_reason: BTreeMap<(&str, String), (Vec<String>, Fix)> = BTreeMap::new();
        for name in names {
            match closed(&state, name) {
                None => open += 1,
                // Another check reports boundary names.
                Some(closed) if closed.rule == boundary_not_yours::RULE.id => {}
                Some(Closed { rule, why, fix }) => {
                    let entry = by_reason.entry((rule, why));
                    entry.or_insert((Vec::new(), fix)).0.push(with_pods(name));
                }
            }
        }
        for ((rule, why), (names, fix)) in by_reason {
            let place = format!("created in {}: {why} [{rule}]", some(&names));
            findings.push(if mode == Mode::Enforce {
                Finding::fail(format!("no GPU pod can be {place}"), fix)
            } else {
                Finding::warn(format!("once enforced, no GPU pod could be {place}"), fix)
            });
        }
    }
    let message = match open {
        0 => "none: no namespace opted in".to_owned(),
        some => format!(
            "none: a plain GPU pod can be created in {}",
            counted(some, "namespace")
        ),
    };
    Ok(or_ok(findings, message))
}

/// The number of GPU pods in each namespace that are not finished; none if pods cannot be seen.
fn gpu_pods<'g>(assessment: &Assessment<'g>) -> Option<HashMap<&'g str, usize>> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let pods = assessment.gathered.pods.as_ref().ok()?.iter();
    for pod in pods.filter(|pod| takes_gpu(pod)) {
        *counts.entry(namespace(pod)).or_default() += 1;
    }
    Some(counts)
}

fn takes_gpu(pod: &Value) -> bool {
    let (spec, phase) = (&pod["spec"], &pod["status"]["phase"]);
    let mut containers = items(&spec["containers"]).chain(items(&spec["initContainers"]));
    phase != "Succeeded"
        && phase != "Failed"
        && containers.any(|container| {
            let limits = container["resources"]["limits"].as_object();
            limits.is_some_and(|limits| limits.keys().any(|name| is_gpu_resource(name)))
        })
}
