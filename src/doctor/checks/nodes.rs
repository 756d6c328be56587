//! What the nodes hand out, where their labels do not describe it, and which tiers it serves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::{name, namespace};
use crate::doctor::plain;
use crate::doctor::text::{counted, counted_names};
use crate::engine::Supply;
use crate::engine::supply::{Group, Identity, Offer, UnknownReason};
use crate::engine::vocabulary::names::{GPU, is_gpu_resource};
use crate::engine::vocabulary::{Strategy, Tier};

/// Labels of the GPU operator and of node feature discovery on nodes with NVIDIA GPUs.
const HAS_GPU: [&str; 4] = [
    "nvidia.com/gpu.present",
    "feature.node.kubernetes.io/pci-10de.present",
    "feature.node.kubernetes.io/pci-0302_10de.present",
    "feature.node.kubernetes.io/pci-0300_10de.present",
];
const MIG_STATE: &str = "nvidia.com/mig.config.state";

/// The number of nodes of these groups, and some of their names. Pools count as nodes.
fn nodes_of<'a>(supply: &Supply, groups: impl IntoIterator<Item = &'a Group>) -> String {
    let groups = groups.into_iter();
    let mut names: Vec<&str> = groups.flat_map(|g| supply.node_names(g)).collect();
    names.sort_unstable();
    counted_names(&names, "node")
}

pub(super) fn known(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let supply = assessment.supply.as_ref()?;
    if supply.groups.is_empty() {
        return Ok(vec![Finding::warn(
            "no node hands out GPUs, and the policy declares no pools: no ask can be met",
            "install NVIDIA's device plugin or GPU operator; declare nodes that come later as the \
             policy's supply.pools",
        )]);
    }
    let mut findings = unusable(supply);
    let mut advertised: BTreeMap<&str, u64> = BTreeMap::new();
    for group in &supply.groups {
        let nodes = u64::try_from(supply.nodes_in(group)).unwrap_or(u64::MAX);
        for (offer, entry) in supply.advertised(group) {
            *advertised.entry(offer.strategy.word()).or_default() +=
                nodes.saturating_mul(entry.count);
        }
    }
    let advertised = advertised.iter().map(|(word, n)| format!("{n} {word}"));
    let advertised: Vec<String> = advertised.collect();
    if !advertised.is_empty() {
        let nodes = match supply.gpu_nodes() {
            1 => "1 node hands out".to_owned(),
            some => format!("{some} nodes hand out"),
        };
        findings.push(Finding::ok(format!("{nodes} {}", advertised.join(", "))));
    }
    Ok(findings)
}

/// Nodes with resources that slicegate cannot use, then nodes with a memory label that cannot be right, by problem.
/// Another check reports nodes that hand out nothing.
fn unusable<'s>(supply: &'s Supply) -> Vec<Finding> {
    let mut problems: BTreeMap<(String, &str), Vec<&'s Group>> = BTreeMap::new();
    let mut add = |problem, fix, group: &'s Group| {
        let groups: &mut Vec<&'s Group> = problems.entry((problem, fix)).or_default();
        if !groups.last().is_some_and(|last| std::ptr::eq(*last, group)) {
            groups.push(group);
        }
    };
    for group in &supply.groups {
        for unknown in &group.unknown {
            if unknown.why != UnknownReason::NoneAdvertised {
                let problem = format!(" cannot be used: {}", unknown.message());
                add(problem, unknown.why.fix(), group);
            }
        }
        for memory in &group.implausible_memory {
            let problem = format!(": {}; no ask for memory is met there", memory.message());
            let fix =
                "have GPU feature discovery write the label anew, in a version that counts MiB";
            add(problem, fix, group);
        }
    }
    problems
        .into_iter()
        .map(|((problem, fix), groups)| {
            Finding::warn(format!("{}{problem}", nodes_of(supply, groups)), fix)
        })
        .collect()
}

pub(super) fn silent(assessment: &Assessment<'_>) -> Observation<Finding> {
    let hands_out = |node: &Value| {
        let allocatable = node["status"]["allocatable"].as_object();
        let mut all = allocatable.into_iter().flatten();
        all.any(|(name, count)| is_gpu_resource(name) && count != "0")
    };
    let has_gpu = |node: &Value| {
        let labels = &node["metadata"]["labels"];
        labels["nvidia.com/gpu.product"].is_string()
            || HAS_GPU.iter().any(|key| labels[*key] == "true")
    };
    let all = assessment.gathered.nodes.as_ref()?.iter();
    let silent = all.filter(|node| has_gpu(node) && !hands_out(node));
    let silent: Vec<&str> = silent.map(name).collect();
    if silent.is_empty() {
        let message = "every node that is labelled as having GPUs hands some out";
        return Ok(Finding::ok(message));
    }
    Ok(Finding::warn(
        format!(
            "{} labelled as having GPUs and handing out none",
            counted_names(&silent, "node")
        ),
        "see whether the driver and the device plugin run there; where NVIDIA's DRA driver hands them out, keep pods of \
         enforced namespaces off, or declare such nodes as the policy's supply.pools",
    )
    .run("kubectl get pods -A -o wide | grep -i nvidia"))
}

pub(super) fn mig_state(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let mut states: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in assessment.gathered.nodes.as_ref()? {
        match node["metadata"]["labels"][MIG_STATE].as_str() {
            None | Some("success") => {}
            Some(state) => states.entry(state).or_default().push(name(node)),
        }
    }
    // The GPU operator runs the MIG manager in its own namespace by default.
    let mut pods = assessment.gathered.pods.iter().flatten();
    let manager = pods.find(|pod| pod["metadata"]["labels"]["app"] == "nvidia-mig-manager");
    let manager = manager.map_or("gpu-operator", namespace);
    let findings = states.into_iter().map(|(state, nodes)| {
        let message = format!(
            "{MIG_STATE} is {state} on {}: labels and resources may be of the past",
            counted_names(&nodes, "node")
        );
        let fix = "wait until it says success; where it failed, see what the MIG manager says";
        let command =
            format!("kubectl -n {manager} logs -l app=nvidia-mig-manager --tail=50 --prefix");
        Finding::warn(message, Fix::by(fix, command))
    });
    Ok(or_ok(findings.collect(), "no node is being reconfigured"))
}

pub(super) fn renamed(assessment: &Assessment<'_>) -> Observation<Finding> {
    let supply = assessment.supply.as_ref()?;
    // A vGPU has no other name, however its card is shared.
    let is_made_here = |o: &Offer| match &o.identity {
        Identity::Gfd(gfd) => gfd.replicas > 1 || gfd.product_value.contains("-MIG-"),
        Identity::Listed(_) => false,
    };
    let is_share =
        |o: &Offer| o.resource == GPU && o.strategy != Strategy::Exclusive && is_made_here(o);
    let groups = supply.groups.iter();
    let groups: Vec<&Group> = groups
        .filter(|group| supply.advertised(group).any(|(offer, _)| is_share(offer)))
        .collect();
    if groups.is_empty() {
        return Ok(Finding::ok("shares and slices have names of their own"));
    }
    Ok(Finding::warn(
        format!(
            "shares or slices are sold as {GPU} by {}: where slicegate is off, who asks for a GPU may get a part of one",
            nodes_of(supply, groups)
        ),
        "set renameByDefault: true in the device plugin's configuration, and MIG strategy mixed; drain a node before \
         changing how it shares",
    ))
}

/// Why no node serves a tier, in short: the decision names every candidate.
fn not_served(tier: &Tier, offers: &[Offer]) -> String {
    let words: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    let words = words.join(" or ");
    let mut strategies = offers.iter().map(|offer| &offer.strategy);
    if strategies.any(|strategy| tier.strategies.contains(strategy)) {
        format!(
            "{}: none of what is handed out as {words} has its default share",
            tier.name
        )
    } else {
        format!("{}: nothing is handed out as {words}", tier.name)
    }
}

pub(super) fn tiers(assessment: &Assessment<'_>) -> Observation<Finding> {
    let (policy, supply) = (assessment.policy()?, assessment.supply.as_ref()?);
    let is_served = |tier: &Tier| {
        let plain = plain::of_tier(policy, supply, tier);
        plain.is_some_and(|plain| plain.refused.is_none() && !plain.is_unplaced)
    };
    let problems = policy.tiers.iter().filter(|tier| !is_served(tier));
    let problems: Vec<String> = problems
        .map(|tier| not_served(tier, &supply.offers))
        .collect();
    let count = policy.tiers.len();
    Ok(if problems.is_empty() {
        Finding::ok(format!(
            "{} of the policy, each served by some node",
            counted(count, "tier")
        ))
    } else {
        Finding::warn(
            format!(
                "{} of {count} cannot be served ({})",
                problems.len(),
                problems.join("; ")
            ),
            "have nodes hand out MPS shares or MIG slices of that size (docs/nodes.md), declare those to come as \
             the policy's supply.pools, or change the tiers; namespaces of such a tier are closed once enforced",
        )
    })
}
