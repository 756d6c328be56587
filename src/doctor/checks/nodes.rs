//! The GPUs of the nodes: what is handed out, where labels do not describe it, which tiers it serves, and whether nodes
//! and schedulers can keep boundaries apart.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::Observation;
use crate::doctor::objects::{name, namespace};
use crate::doctor::plain;
use crate::doctor::text::{counted, counted_names, some};
use crate::engine::Supply;
use crate::engine::supply::{Group, Identity, Offer, UnknownReason};
use crate::engine::vocabulary::names::{GPU, HOSTNAME, NODE_BOUNDARY, is_gpu_resource};
use crate::engine::vocabulary::{BoundaryPlacement, Strategy, Tier};

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
    let nodes = counted_names(&silent, "node");
    let message = format!("{nodes} labelled as having GPUs and handing out none");
    let fix = "see whether the driver and the device plugin run there; where NVIDIA's DRA driver hands them out, keep \
        pods of enforced namespaces off, or declare such nodes as the policy's supply.pools";
    let command = "kubectl get pods -A -o wide | grep -i nvidia";
    Ok(Finding::warn(message, Fix::by(fix, command)))
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
        let nodes = counted_names(&nodes, "node");
        let message =
            format!("{MIG_STATE} is {state} on {nodes}: labels and resources may be of the past");
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
    let nodes = nodes_of(supply, groups);
    let message = format!(
        "shares or slices are advertised as {GPU} by {nodes}: where slicegate is off, who asks for a GPU may get a part of \
         one"
    );
    let fix = "set renameByDefault: true in the device plugin's configuration, and MIG strategy mixed; drain a node \
        before changing how it shares";
    Ok(Finding::warn(message, fix))
}

/// Why no node serves a tier, in short: the decision names every candidate.
fn not_served(
    Tier {
        name, strategies, ..
    }: &Tier,
    offers: &[Offer],
) -> String {
    let words: Vec<&str> = strategies.iter().map(|s| s.word()).collect();
    let words = words.join(" or ");
    if offers.iter().any(|o| strategies.contains(&o.strategy)) {
        format!("{name}: none of what is handed out as {words} has its default share")
    } else {
        format!("{name}: nothing is handed out as {words}")
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
    if problems.is_empty() {
        let count = counted(count, "tier");
        let message = format!("{count} of the policy, each served by some node");
        return Ok(Finding::ok(message));
    }
    let (failed, problems) = (problems.len(), problems.join("; "));
    let message = format!("{failed} of {count} cannot be served ({problems})");
    let fix = "have nodes hand out MPS shares or MIG slices of that size (docs/nodes.md), declare those to come as the \
        policy's supply.pools, or change the tiers; namespaces of such a tier are closed once enforced";
    Ok(Finding::warn(message, fix))
}

pub(super) fn node_labels(assessment: &Assessment<'_>) -> Observation<Finding> {
    let (policy, supply) = (assessment.policy()?, assessment.supply.as_ref()?);
    let (key, value, means, fix) = match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => (
            HOSTNAME,
            None,
            "anti-affinity does not count there, so they take no shared pods",
            "give them their label back: kubelets write it",
        ),
        BoundaryPlacement::NodeLabel => (
            NODE_BOUNDARY,
            Some("BOUNDARY"),
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
    let value = value.unwrap_or(first);
    let (count, names) = (counted(without.len(), "node"), some(&without));
    let message = format!("{count} with shares ({names}) without the label {key}: {means}");
    let command = format!("kubectl label node {first} {key}={value}");
    Ok(Finding::warn(message, Fix::by(fix, command)))
}

pub(super) fn schedulers(assessment: &Assessment<'_>) -> Observation<Finding> {
    let placement = &assessment.policy()?.placement;
    let all = &placement.schedulers;
    if all.len() > 1 && placement.boundary == BoundaryPlacement::PodAntiAffinity {
        let all = all.join(" and ");
        let message = format!(
            "the policy lets {all} place shared pods: at the same moment each may put another boundary on one node"
        );
        let fix = "list one in placement.schedulers, or give each nodes of its own";
        return Ok(Finding::warn(message, fix));
    }
    let message = format!("shared pods are placed by {}", all.join(", "));
    Ok(Finding::ok(message))
}
