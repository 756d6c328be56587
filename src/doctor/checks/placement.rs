//! Whether nodes and schedulers can keep boundaries apart: labels to count by, and one scheduler.

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix};
use crate::doctor::gathered::Observation;
use crate::doctor::text::{counted, some};
use crate::engine::supply::Group;
use crate::engine::vocabulary::BoundaryPlacement;
use crate::engine::vocabulary::names::{HOSTNAME, NODE_BOUNDARY};

pub(super) fn node_labels(assessment: &Assessment<'_>) -> Observation<Finding> {
    let (policy, supply) = (assessment.policy()?, assessment.supply.as_ref()?);
    let (key, means, fix) = match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => (
            HOSTNAME,
            "anti-affinity does not count there, so they take no shared pods",
            "give them their label back: kubelets write it",
        ),
        BoundaryPlacement::NodeLabel => (
            NODE_BOUNDARY,
            "they belong to no boundary, so they take no shared pods",
            "label each with the boundary it is for",
        ),
    };
    let is_shared = |group: &&Group| {
        let mut advertised = supply.advertised(group);
        advertised.any(|(offer, _)| offer.strategy.is_shared())
    };
    let groups = supply.groups.iter().filter(is_shared);
    let names = groups
        .flat_map(|group| supply.node_names(group))
        .filter(|name| !name.contains('/'));
    let (labelled, without): (Vec<&str>, Vec<&str>) =
        names.partition(|name| supply.label_of(name, key).is_some());
    let Some(first) = without.first() else {
        let count = counted(labelled.len(), "node");
        return Ok(Finding::ok(format!("{count} with shares, all with {key}")));
    };
    let value = match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => first,
        BoundaryPlacement::NodeLabel => "BOUNDARY",
    };
    let message = format!(
        "{} with shares ({}) without the label {key}: {means}",
        counted(without.len(), "node"),
        some(&without)
    );
    let command = format!("kubectl label node {first} {key}={value}");
    Ok(Finding::warn(message, Fix::by(fix, command)))
}

pub(super) fn schedulers(assessment: &Assessment<'_>) -> Observation<Finding> {
    let placement = &assessment.policy()?.placement;
    let all = &placement.schedulers;
    if all.len() > 1 && placement.boundary == BoundaryPlacement::PodAntiAffinity {
        return Ok(Finding::warn(
            format!(
                "the policy lets {} place shared pods: at the same moment each may put another boundary \
                 on one node",
                all.join(" and ")
            ),
            "list one in placement.schedulers, or give each nodes of its own",
        ));
    }
    let message = format!("shared pods are placed by {}", all.join(", "));
    Ok(Finding::ok(message))
}
