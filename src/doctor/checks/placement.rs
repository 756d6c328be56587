//! Whether what keeps boundaries apart works on the nodes: labels to count by, and one scheduler.

use crate::doctor::alike::{counted, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::seen;
use crate::engine::supply::Group;
use crate::engine::vocabulary::BoundaryPlacement;
use crate::engine::vocabulary::names::{HOSTNAME, NODE_BOUNDARY};

pub(super) fn node_labels(assessment: &Assessment<'_>) -> Findings {
    let (policy, supply) = (assessment.policy()?, seen(&assessment.supply)?);
    let shares = |group: &&Group| {
        let mut offers = group
            .advertised
            .iter()
            .filter_map(|s| supply.offers.get(s.offer));
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

pub(super) fn schedulers(assessment: &Assessment<'_>) -> Findings {
    let policy = assessment.policy()?;
    let all = &policy.placement.schedulers;
    let races = all.len() > 1 && policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
    let finding = if races {
        Finding::warn(
            format!(
                "the policy lets {} place shared pods: at the same moment each may put another boundary \
                 on one node",
                all.join(" and ")
            ),
            "list one in placement.schedulers, or give each nodes of its own",
        )
    } else {
        Finding::ok(format!("shared pods are placed by {}", all.join(", ")))
    };
    Ok(vec![finding])
}
