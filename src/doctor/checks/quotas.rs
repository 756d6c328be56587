//! Quotas that refuse what slicegate writes, or that no longer count it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, or_ok};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::{items, name, namespace};
use crate::engine::Strategy;
use crate::engine::vocabulary::names::{GPU, is_gpu_resource};
use crate::engine::vocabulary::{BoundaryPlacement, Mode, Quantity};

const CROSS: &str = "CrossNamespacePodAffinity";
const REQUESTS: &str = "requests.";

/// Whether a quota counts pods with affinity across namespaces, which shared pods have.
fn counts_affinity(quota: &Value) -> bool {
    let spec = &quota["spec"];
    items(&spec["scopes"]).any(|scope| scope == CROSS)
        || items(&spec["scopeSelector"]["matchExpressions"])
            .any(|e| e["scopeName"] == CROSS && e["operator"] == "Exists")
}

fn pods(resources: &Value) -> Option<u64> {
    let pods = resources["pods"].as_str()?;
    Quantity::parse(pods).ok()?.as_whole()
}

pub(super) fn affinity(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let policy = assessment.policy()?;
    let mut strategies = policy.tiers.iter().flat_map(|t| &t.strategies);
    // MPS keeps users apart by affinity also if boundaries are kept apart by labels.
    if policy.placement.boundary == BoundaryPlacement::NodeLabel
        && !strategies.any(|strategy| *strategy == Strategy::Mps)
    {
        let message = "not in the way: boundaries are kept apart by node labels";
        return Ok(vec![Finding::ok(message)]);
    }
    let enforced = assessment.in_mode(Mode::Enforce)?;
    let mut findings = Vec::new();
    let all = assessment.gathered.quotas.as_ref()?.iter();
    for quota in all.filter(|q| enforced.contains(&namespace(q)) && counts_affinity(q)) {
        let Some(hard) = pods(&quota["spec"]["hard"]) else {
            continue;
        };
        let place = format!("ResourceQuota {} of {}", name(quota), namespace(quota));
        let fix = "allow as many pods with such affinity as shares are to run there, or use \
            placement.boundary: node-label with tiers that do not list mps";
        findings.push(if hard == 0 {
            let message = format!(
                "{place} allows no pod with affinity across namespaces (scope {CROSS}), and every \
                shared pod has such: none of them gets a share"
            );
            Finding::fail(message, fix)
        } else {
            let used = pods(&quota["status"]["used"]).unwrap_or(0);
            let message = format!(
                "{place} allows {hard} pods with affinity across namespaces (scope {CROSS}), as \
                shared pods have, and {used} are there"
            );
            Finding::warn(message, fix)
        });
    }
    let message = format!(
        "none is in the way; limits on {CROSS} in the API server's own configuration cannot be seen"
    );
    Ok(or_ok(findings, message))
}

pub(super) fn names(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let supply = assessment.supply.as_ref()?;
    let resources: BTreeSet<&str> = supply.offers.iter().map(|o| o.resource.as_str()).collect();
    let quotas = assessment.gathered.quotas.as_ref()?;
    let mut findings = Vec::new();
    for space in assessment.in_mode(Mode::Enforce)? {
        let counted: Vec<&str> = quotas
            .iter()
            .filter(|quota| namespace(quota) == space)
            .filter_map(|quota| quota["spec"]["hard"].as_object())
            .flat_map(|hard| hard.keys())
            .filter_map(|key| key.strip_prefix(REQUESTS))
            .filter(|resource| is_gpu_resource(resource))
            .collect();
        let mut uncounted: Vec<&str> = resources.iter().copied().collect();
        uncounted.retain(|resource| *resource != GPU && !counted.contains(resource));
        if let Some(first) = uncounted.first().filter(|_| counted.contains(&GPU)) {
            let others = uncounted.join(", ");
            let message = format!(
                "the quota of {space} counts {GPU} and not {others}: what slicegate rewrites it does not count"
            );
            let fix = format!("add {REQUESTS}{first} (and the others) to the quota");
            findings.push(Finding::warn(message, fix));
        }
    }
    let message = "quotas on GPUs count what slicegate writes, or there are none";
    Ok(or_ok(findings, message))
}
