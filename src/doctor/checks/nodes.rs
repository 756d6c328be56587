//! What the nodes hand out, and where their labels do not say it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::doctor::alike::{counted, name, namespace, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::seen;
use crate::engine::Supply;
use crate::engine::supply::{Group, Identity, Offer, UnknownReason};
use crate::engine::vocabulary::Strategy;
use crate::engine::vocabulary::names::{GPU, is_gpu_resource};

/// Written by the operator and by node feature discovery on nodes that have NVIDIA's GPUs.
const HAS_GPU: [&str; 4] = [
    "nvidia.com/gpu.present",
    "feature.node.kubernetes.io/pci-10de.present",
    "feature.node.kubernetes.io/pci-0302_10de.present",
    "feature.node.kubernetes.io/pci-0300_10de.present",
];
const MIG_STATE: &str = "nvidia.com/mig.config.state";

/// How many nodes, and some of their names; pools are nodes, too.
fn named<'a>(supply: &Supply, groups: impl Iterator<Item = &'a Group>) -> (usize, String) {
    let mut names: Vec<&str> = groups.flat_map(|g| supply.node_names(g)).collect();
    names.sort_unstable();
    (names.len(), some(&names))
}

pub(super) fn known(assessment: &Assessment<'_>) -> Findings {
    let supply = seen(&assessment.supply)?;
    if supply.groups.is_empty() {
        return Ok(vec![Finding::warn(
            "no node hands out GPUs, and the policy declares no pools: no ask can be met",
            "install NVIDIA's device plugin or GPU operator; declare nodes that come later as the \
             policy's supply.pools",
        )]);
    }
    let mut findings = unknown(supply);
    findings.extend(doubted(supply));
    let mut advertised: BTreeMap<&str, u64> = BTreeMap::new();
    for group in &supply.groups {
        for entry in &group.advertised {
            if let Some(offer) = supply.offers.get(entry.offer) {
                let nodes = u64::try_from(supply.nodes_in(group)).unwrap_or(u64::MAX);
                *advertised.entry(offer.strategy.word()).or_default() +=
                    nodes.saturating_mul(entry.count);
            }
        }
    }
    let advertised: Vec<String> = advertised
        .iter()
        .map(|(word, n)| format!("{n} {word}"))
        .collect();
    if !advertised.is_empty() {
        let nodes = match supply.gpu_nodes() {
            1 => "1 node hands out".to_owned(),
            some => format!("{some} nodes hand out"),
        };
        findings.push(Finding::ok(format!("{nodes} {}", advertised.join(", "))));
    }
    Ok(findings)
}

/// Nodes with resources that nothing can be said about, by reason. Who hands out none is another check's business.
fn unknown(supply: &Supply) -> Vec<Finding> {
    let mut reasons: BTreeMap<(String, &str), Vec<&Group>> = BTreeMap::new();
    for group in &supply.groups {
        let unknown = group.unknown.iter();
        for unknown in unknown.filter(|u| u.why != UnknownReason::NoneAdvertised) {
            let reason = (unknown.message(), unknown.why.fix());
            reasons.entry(reason).or_default().push(group);
        }
    }
    let finding = |((said, fix), mut groups): ((String, &str), Vec<&Group>)| {
        groups.dedup_by(|a, b| std::ptr::eq(*a, *b));
        let (count, names) = named(supply, groups.into_iter());
        Finding::warn(
            format!(
                "{} ({names}) cannot be used: {said}",
                counted(count, "node")
            ),
            fix,
        )
    };
    reasons.into_iter().map(finding).collect()
}

/// Nodes whose memory nobody knows, because its label cannot be right.
fn doubted(supply: &Supply) -> Vec<Finding> {
    let mut labels: BTreeMap<String, Vec<&Group>> = BTreeMap::new();
    for group in &supply.groups {
        for doubted in &group.implausible_memory {
            labels.entry(doubted.message()).or_default().push(group);
        }
    }
    let finding = |(said, groups): (String, Vec<&Group>)| {
        let (count, names) = named(supply, groups.into_iter());
        Finding::warn(
            format!(
                "{} ({names}): {said}; no ask for memory is met there",
                counted(count, "node")
            ),
            "have GPU feature discovery write the label anew, in a version that counts MiB",
        )
    };
    labels.into_iter().map(finding).collect()
}

pub(super) fn silent(assessment: &Assessment<'_>) -> Findings {
    let hands_out = |node: &&Value| {
        let allocatable = node["status"]["allocatable"].as_object();
        let mut all = allocatable.into_iter().flatten();
        all.any(|(name, count)| is_gpu_resource(name) && count != "0")
    };
    let has_gpu = |node: &&Value| {
        let labels = &node["metadata"]["labels"];
        let is_described = labels["nvidia.com/gpu.product"].is_string();
        is_described || HAS_GPU.iter().any(|key| labels[*key] == "true")
    };
    let all = seen(&assessment.gathered.nodes)?.iter();
    let silent: Vec<&str> = all
        .filter(has_gpu)
        .filter(|n| !hands_out(n))
        .map(name)
        .collect();
    let finding = match silent.first() {
        None => Finding::ok("every node that is labelled as having GPUs hands some out"),
        Some(_) => Finding::warn(
            format!(
                "{} ({}) labelled as having GPUs and handing out none",
                counted(silent.len(), "node"),
                some(&silent)
            ),
            "see whether the driver and the device plugin run there; where NVIDIA's DRA driver hands them out, keep pods of \
             enforced namespaces off, or declare such nodes as the policy's supply.pools",
        )
        .run("kubectl get pods -A -o wide | grep -i nvidia"),
    };
    Ok(vec![finding])
}

pub(super) fn mig_state(assessment: &Assessment<'_>) -> Findings {
    let mut states: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in seen(&assessment.gathered.nodes)? {
        match node["metadata"]["labels"][MIG_STATE].as_str() {
            None | Some("success") => {}
            Some(state) => states.entry(state).or_default().push(name(node)),
        }
    }
    let manager = mig_manager(assessment);
    let finding = |(state, nodes): (&str, Vec<&str>)| {
        Finding::warn(
            format!(
                "{MIG_STATE} is {state} on {} ({}): labels and resources may be of the past",
                counted(nodes.len(), "node"),
                some(&nodes)
            ),
            "wait until it says success; where it failed, see what the MIG manager says",
        )
        .run(format!(
            "kubectl -n {manager} logs -l app=nvidia-mig-manager --tail=50 --prefix"
        ))
    };
    let mut findings: Vec<Finding> = states.into_iter().map(finding).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("no node is being reconfigured"));
    }
    Ok(findings)
}

/// Where the MIG manager runs, and else where the GPU operator puts it.
fn mig_manager<'s>(assessment: &'s Assessment<'_>) -> &'s str {
    let mut pods = assessment.gathered.pods.iter().flatten();
    let manager = pods.find(|pod| pod["metadata"]["labels"]["app"] == "nvidia-mig-manager");
    manager.map_or("gpu-operator", namespace)
}

pub(super) fn renamed(assessment: &Assessment<'_>) -> Findings {
    let supply = seen(&assessment.supply)?;
    // A vGPU has no other name, whatever its card is shared by.
    let is_made_here = |o: &Offer| match &o.identity {
        Identity::Gfd(gfd) => gfd.replicas > 1 || gfd.product_value.contains("-MIG-"),
        Identity::Listed(_) => false,
    };
    let shares_as_whole = |group: &&Group| {
        let mut offers = group
            .advertised
            .iter()
            .filter_map(|s| supply.offers.get(s.offer));
        offers.any(|o| o.resource == GPU && o.strategy != Strategy::Exclusive && is_made_here(o))
    };
    let (count, names) = named(supply, supply.groups.iter().filter(shares_as_whole));
    let finding = match count {
        0 => Finding::ok("shares and slices have names of their own"),
        _ => Finding::warn(
            format!(
                "shares or slices are sold as {GPU} by {} ({names}): where slicegate is off, who asks for a GPU \
                 may get a part of one",
                counted(count, "node")
            ),
            "set renameByDefault: true in the device plugin's configuration, and MIG strategy mixed; \
             drain a node before changing how it shares",
        ),
    };
    Ok(vec![finding])
}
