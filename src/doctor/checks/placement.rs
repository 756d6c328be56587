//! Whether what keeps boundaries apart works on the nodes: labels to count by, and one scheduler.

use super::super::alike::{counted, some};
use super::super::finding::Finding;
use super::super::scene::{Scene, seen};
use super::Findings;
use crate::engine::supply::Group;
use crate::engine::vocabulary::names::{HOSTNAME, NODE_BOUNDARY};
use crate::engine::vocabulary::policy::BoundaryPlacement;

pub(super) fn node_labels(scene: &Scene<'_>) -> Findings {
    let (policy, supply) = (scene.policy()?, seen(&scene.supply)?);
    let shares = |group: &&Group| {
        let mut offers = group.sold.iter().filter_map(|s| supply.offers.get(s.offer));
        offers.any(|offer| offer.strategy.is_shared())
    };
    let key = match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => HOSTNAME,
        BoundaryPlacement::NodeLabel => NODE_BOUNDARY,
    };
    let groups = supply.groups.iter().filter(shares);
    let names = groups
        .flat_map(|g| supply.node_names(g))
        .filter(|n| !n.contains('/'));
    let (labelled, without): (Vec<&str>, Vec<&str>) =
        names.partition(|name| supply.label_of(name, key).is_some());
    let Some(first) = without.first() else {
        let count = counted(labelled.len(), "node");
        return Ok(vec![Finding::ok(format!(
            "{count} with shares, all with {key}"
        ))]);
    };
    let (means, fix, value) = match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => (
            "anti-affinity does not count there, so they take no shared pods",
            "give them their label back: kubelets write it",
            *first,
        ),
        BoundaryPlacement::NodeLabel => (
            "they belong to no boundary, so they take no shared pods",
            "label each with the boundary it is for",
            "BOUNDARY",
        ),
    };
    let message = format!(
        "{} with shares ({}) without the label {key}: {means}",
        counted(without.len(), "node"),
        some(&without)
    );
    let command = format!("kubectl label node {first} {key}={value}");
    Ok(vec![Finding::warn(message, fix).run(command)])
}

pub(super) fn schedulers(scene: &Scene<'_>) -> Findings {
    let policy = scene.policy()?;
    let all = &policy.placement.schedulers;
    let races = all.len() > 1 && policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
    let finding = match races {
        false => Finding::ok(format!("shared pods are placed by {}", all.join(", "))),
        true => Finding::warn(
            format!(
                "the policy lets {} place shared pods: at the same moment each may put another boundary \
                 on one node",
                all.join(" and ")
            ),
            "list one in placement.schedulers, or give each nodes of its own",
        ),
    };
    Ok(vec![finding])
}
