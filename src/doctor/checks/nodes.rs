//! What the nodes hand out, and where their labels do not say it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::alike::{counted, name, namespace, some};
use super::super::finding::Finding;
use super::super::scene::{Scene, seen};
use super::Findings;
use crate::engine::Supply;
use crate::engine::strategy::Strategy;
use crate::engine::supply::Group;
use crate::engine::words::{GPU, is_gpu_resource};

/// Written by the operator and by node feature discovery on nodes that have NVIDIA's GPUs.
const HAS_GPU: [&str; 4] = [
    "nvidia.com/gpu.present",
    "feature.node.kubernetes.io/pci-10de.present",
    "feature.node.kubernetes.io/pci-0302_10de.present",
    "feature.node.kubernetes.io/pci-0300_10de.present",
];
const MIG_STATE: &str = "nvidia.com/mig.config.state";

/// What to do about a resource nothing can be said about, by a part of the reason.
const FIXES: &[(&str, &str)] = &[
    (
        "two models on one node",
        "give each node GPUs of one model: labels describe only one",
    ),
    (
        "MPS replicas than the driver",
        "set replicas to at most 48 in the device plugin's configuration (16 before compute capability 7.5)",
    ),
    (
        "policy's supply.unlabelled",
        "run GPU feature discovery there (gfd.enabled in the device plugin's chart), or, if they are whole devices, set supply.unlabelled: exclusive in the policy",
    ),
    (
        "without labels that say how",
        "run GPU feature discovery beside the device plugin, with the same configuration",
    ),
    (
        "MIG configuration invalid",
        "have the MIG manager configure the node anew: kubectl label node NODE nvidia.com/mig.config=CONFIG --overwrite",
    ),
    (
        "MIG mode that are sold whole",
        "use MIG strategy mixed or single in the device plugin and in GPU feature discovery",
    ),
    (
        "disagree",
        "restart GPU feature discovery and the device plugin with the same configuration",
    ),
    (
        "says shared",
        "restart GPU feature discovery and the device plugin with the same configuration",
    ),
    (
        "MPS on MIG slices",
        "share slices by time-slicing: the device plugin does not run MPS on them",
    ),
    (
        "GKE",
        "use a pool without sharing, or declare what it is as one of the policy's supply.pools",
    ),
];

const OTHERWISE: &str =
    "see that GPU feature discovery runs there and its labels are as it wrote them";

fn fix(why: &str) -> &'static str {
    let known = FIXES.iter().find(|(part, _)| why.contains(part));
    known.map_or(OTHERWISE, |(_, fix)| fix)
}

/// How many nodes, and some of their names; pools are nodes, too.
fn named<'a>(supply: &Supply, groups: impl Iterator<Item = &'a Group>) -> (usize, String) {
    let mut names: Vec<&str> = groups.flat_map(|g| supply.node_names(g)).collect();
    names.sort_unstable();
    (names.len(), some(&names))
}

pub(super) fn known(scene: &Scene<'_>) -> Findings {
    let supply = seen(&scene.supply)?;
    if supply.groups.is_empty() {
        return Ok(vec![Finding::warn(
            "no node hands out GPUs, and the policy declares no pools: no ask can be met",
            "install NVIDIA's device plugin or GPU operator; declare nodes that come later as the \
             policy's supply.pools",
        )]);
    }
    let mut reasons: BTreeMap<&str, Vec<&Group>> = BTreeMap::new();
    for group in &supply.groups {
        for (_, why) in &group.unknown {
            reasons.entry(why).or_default().push(group);
        }
    }
    let mut findings = Vec::new();
    for (why, groups) in reasons {
        let (count, names) = named(supply, groups.into_iter());
        findings.push(Finding::warn(
            format!("{} ({names}) cannot be used: {why}", counted(count, "node")),
            fix(why),
        ));
    }
    let mut sold: BTreeMap<&str, u64> = BTreeMap::new();
    for group in &supply.groups {
        for entry in &group.sold {
            if let Some(offer) = supply.offers.get(entry.offer) {
                let nodes = u64::try_from(supply.nodes_in(group)).unwrap_or(u64::MAX);
                *sold.entry(offer.strategy.word()).or_default() +=
                    nodes.saturating_mul(entry.count);
            }
        }
    }
    let sold: Vec<String> = sold.iter().map(|(word, n)| format!("{n} {word}")).collect();
    if !sold.is_empty() {
        let nodes = match supply.gpu_nodes() {
            1 => "1 node hands out".to_owned(),
            some => format!("{some} nodes hand out"),
        };
        findings.push(Finding::ok(format!("{nodes} {}", sold.join(", "))));
    }
    Ok(findings)
}

pub(super) fn silent(scene: &Scene<'_>) -> Findings {
    let hands_out = |node: &&Value| {
        let allocatable = node["status"]["allocatable"].as_object();
        let mut all = allocatable.into_iter().flatten();
        all.any(|(name, count)| is_gpu_resource(name) && count != "0")
    };
    let has_gpu = |node: &&Value| {
        let labels = &node["metadata"]["labels"];
        HAS_GPU.iter().any(|key| labels[*key] == "true")
    };
    let all = seen(&scene.gathered.nodes)?.iter();
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
            "see whether the driver and the device plugin run there",
        )
        .run("kubectl get pods -A -o wide | grep -i nvidia"),
    };
    Ok(vec![finding])
}

pub(super) fn mig_state(scene: &Scene<'_>) -> Findings {
    let mut states: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in seen(&scene.gathered.nodes)? {
        match node["metadata"]["labels"][MIG_STATE].as_str() {
            None | Some("success") => {}
            Some(state) => states.entry(state).or_default().push(name(node)),
        }
    }
    let manager = mig_manager(scene);
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
fn mig_manager<'s>(scene: &'s Scene<'_>) -> &'s str {
    let mut pods = scene.gathered.pods.iter().flatten();
    let manager = pods.find(|pod| pod["metadata"]["labels"]["app"] == "nvidia-mig-manager");
    manager.map_or("gpu-operator", namespace)
}

pub(super) fn renamed(scene: &Scene<'_>) -> Findings {
    let supply = seen(&scene.supply)?;
    let shares_as_whole = |group: &&Group| {
        let mut offers = group.sold.iter().filter_map(|s| supply.offers.get(s.offer));
        offers.any(|o| o.resource == GPU && (o.strategy.is_shared() || o.strategy == Strategy::Mig))
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

#[cfg(test)]
mod tests {
    use super::{FIXES, OTHERWISE, fix};
    use crate::engine::policy::Unlabelled;
    use crate::engine::supply::{FleetBuilder, NodeView};

    /// For each fix the labels of a node that needs it, without their prefix where that is `nvidia.com/`, and what it
    /// sells two of.
    const NODES: [(&str, &str, &str); 10] = [
        (
            "two models on one node",
            "gpu.product=A gpu.count=1 gpu.replicas=1 gpu.sharing-strategy=none",
            "gpu",
        ),
        (
            "MPS replicas than the driver",
            "gpu.product=A gpu.count=1 gpu.replicas=49 gpu.sharing-strategy=mps gpu.memory=9 gpu.compute.major=8",
            "gpu.shared",
        ),
        ("policy's supply.unlabelled", "", "gpu"),
        ("without labels that say how", "", "gpu.shared"),
        (
            "MIG configuration invalid",
            "gpu.product=A-MIG-INVALID",
            "gpu",
        ),
        (
            "MIG mode that are sold whole",
            "gpu.product=A gpu.count=2 gpu.replicas=0 gpu.sharing-strategy=none",
            "gpu",
        ),
        (
            "disagree",
            "gpu.product=A-SHARED gpu.count=1 gpu.replicas=4 gpu.sharing-strategy=mps",
            "gpu.shared",
        ),
        (
            "says shared",
            "gpu.product=A-SHARED gpu.count=2 gpu.replicas=1 gpu.sharing-strategy=none",
            "gpu",
        ),
        (
            "MPS on MIG slices",
            "gpu.product=A mig-1g.10gb.product=A-MIG-1g.10gb-SHARED mig-1g.10gb.replicas=2 mig-1g.10gb.sharing-strategy=mps",
            "mig-1g.10gb",
        ),
        (
            "GKE",
            "cloud.google.com/gke-accelerator=nvidia-l4 cloud.google.com/gke-gpu-partition-size=1g.5gb",
            "gpu",
        ),
    ];

    /// What the reader says of the only node of a fleet.
    fn reasons(labels: &str, sold: &str) -> Vec<&'static str> {
        let whole = |name: &str| match name.contains('/') {
            true => name.to_owned(),
            false => format!("nvidia.com/{name}"),
        };
        let labels = labels.split_whitespace().filter_map(|l| l.split_once('='));
        let mut fleet = FleetBuilder::new(Unlabelled::Unknown);
        fleet.add(NodeView {
            labels: labels.map(|(k, v)| (whole(k), v.to_owned())).collect(),
            allocatable: vec![(whole(sold), "2".to_owned())],
            ..NodeView::default()
        });
        let supply = fleet.build();
        let unknown = supply.groups.iter().flat_map(|g| &g.unknown);
        unknown.map(|(_, why)| *why).collect()
    }

    #[test]
    fn every_fix_is_for_a_reason_that_the_reader_gives() {
        for ((part, its), (of, labels, sold)) in FIXES.iter().zip(NODES) {
            assert_eq!(*part, of);
            let [why] = reasons(labels, sold)[..] else {
                panic!("{labels} is read as {:?}", reasons(labels, sold));
            };
            assert_eq!(fix(why), *its, "{labels}: {why}");
        }
        assert_eq!(FIXES.len(), NODES.len());
        let other = reasons("gpu.product=A", "gpu");
        assert_eq!(fix(other[0]), OTHERWISE, "{other:?}");
    }
}
