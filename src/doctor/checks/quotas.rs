//! Quotas that are in the way of what slicegate writes, or that count nothing after it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::doctor::alike::{name, namespace};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::seen;
use crate::engine::Strategy;
use crate::engine::vocabulary::names::{GPU, is_gpu_resource};
use crate::engine::vocabulary::{BoundaryPlacement, Mode, Quantity};

const CROSS: &str = "CrossNamespacePodAffinity";
const REQUESTS: &str = "requests.";

/// Whether a quota is about pods whose affinity reaches into other namespaces, as that of shared pods does.
fn is_about_affinity(quota: &Value) -> bool {
    let spec = &quota["spec"];
    let scopes = spec["scopes"].as_array().into_iter().flatten();
    let selectors = spec["scopeSelector"]["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    scopes.into_iter().any(|scope| scope == CROSS)
        || selectors
            .into_iter()
            .any(|e| e["scopeName"] == CROSS && e["operator"] == "Exists")
}

/// How many pods there may be, and are.
fn pods(quota: &Value) -> Option<(u64, u64)> {
    let count = |of: &Value| {
        let text = of["pods"].as_str()?;
        Quantity::parse(text).ok()?.as_whole()
    };
    let hard = count(&quota["spec"]["hard"])?;
    Some((hard, count(&quota["status"]["used"]).unwrap_or(0)))
}

pub(super) fn affinity(assessment: &Assessment<'_>) -> Findings {
    let policy = assessment.policy()?;
    let by_labels = policy.placement.boundary == BoundaryPlacement::NodeLabel;
    let has_mps = policy
        .tiers
        .iter()
        .any(|t| t.strategies.contains(&Strategy::Mps));
    // MPS keeps users apart by affinity all the same.
    if by_labels && !has_mps {
        return Ok(vec![Finding::ok(
            "not in the way: boundaries are kept apart by node labels",
        )]);
    }
    let enforced = assessment.in_mode(Mode::Enforce)?;
    let mut findings = Vec::new();
    let all = seen(&assessment.gathered.quotas)?.iter();
    for quota in all.filter(|q| enforced.contains(&namespace(q)) && is_about_affinity(q)) {
        let Some((hard, used)) = pods(quota) else {
            continue;
        };
        let place = format!("ResourceQuota {} of {}", name(quota), namespace(quota));
        let fix = "allow as many pods with such affinity as shares are to run there, or use \
            placement.boundary: node-label with tiers that do not list mps";
        if hard == 0 {
            let message = format!(
                "{place} allows no pod with affinity across namespaces (scope {CROSS}), \
                and every shared pod has such: none of them gets a share"
            );
            findings.push(Finding::fail(message, fix));
        } else {
            let message = format!(
                "{place} allows {hard} pods with affinity across namespaces (scope \
                {CROSS}), as shared pods have, and {used} are there"
            );
            findings.push(Finding::warn(message, fix));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!(
            "none is in the way; limits on {CROSS} in the API server's own configuration cannot be seen"
        )));
    }
    Ok(findings)
}

pub(super) fn names(assessment: &Assessment<'_>) -> Findings {
    let supply = seen(&assessment.supply)?;
    // Each once, though many products have it.
    let renamed: BTreeSet<&str> = supply
        .offers
        .iter()
        .map(|o| o.resource.as_str())
        .filter(|r| *r != GPU)
        .collect();
    let quotas = seen(&assessment.gathered.quotas)?;
    let mut findings = Vec::new();
    for space in assessment.in_mode(Mode::Enforce)? {
        let own = quotas.iter().filter(|q| namespace(q) == space);
        let counted: Vec<&str> = own
            .filter_map(|q| q["spec"]["hard"].as_object())
            .flatten()
            .filter_map(|(key, _)| key.strip_prefix(REQUESTS))
            .filter(|resource| is_gpu_resource(resource))
            .collect();
        let uncounted: Vec<&str> = renamed
            .iter()
            .copied()
            .filter(|r| !counted.contains(r))
            .collect();
        if let Some(first) = uncounted.first().filter(|_| counted.contains(&GPU)) {
            findings.push(Finding::warn(
                format!("the quota of {space} counts {GPU} and not {}: what slicegate rewrites it does not count",
                    uncounted.join(", ")),
                format!("add {REQUESTS}{first} (and the others) to the quota"),
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            "quotas on GPUs count what slicegate writes, or there are none",
        ));
    }
    Ok(findings)
}
