//! Reads a Node object, or a pool of the policy, into a [`NodeView`].

use std::collections::BTreeMap;

use super::node::{NodeView, Presence, Taint};
use crate::engine::vocabulary::Pool;
use crate::engine::vocabulary::names::HOSTNAME;
use crate::facts::{Node, Pairs};

/// Taints of temporary conditions: a node with one is unavailable, and its offers rank last.
const PASSING: [&str; 7] = [
    "node.kubernetes.io/",
    "node.cloudprovider.kubernetes.io/",
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
    "karpenter.sh/disrupted",
    "karpenter.sh/disruption",
    "karpenter.sh/unregistered",
];

impl NodeView {
    /// A node of the cluster.
    pub fn of_node(node: &Node<'_>) -> Self {
        let labels: BTreeMap<String, String> =
            node.metadata.labels.iter().flat_map(pairs).collect();
        let spec = node.spec.as_ref();
        let taints = spec.and_then(|s| s.taints.as_deref()).unwrap_or_default();
        let taints = taints.iter().map(|t| Taint {
            key: t.key.to_string(),
            value: t.value.as_deref().unwrap_or_default().to_owned(),
            effect: t.effect.to_string(),
        });
        let (passing, lasting): (Vec<Taint>, Vec<Taint>) = taints
            .filter(keeps_pods_off)
            .partition(|t| PASSING.iter().any(|p| t.key.starts_with(p)));
        let cordoned = spec.and_then(|s| s.unschedulable) == Some(true);
        let allocatable = node.status.iter().filter_map(|s| s.allocatable.as_ref());
        Self {
            name: node.metadata.name.to_string(),
            allocatable: allocatable.flat_map(pairs).collect(),
            available: passing.is_empty() && !cordoned && is_ready(node) && is_settled(&labels),
            labels,
            taints: lasting,
            presence: Presence::There,
        }
    }

    /// A pool of future nodes.
    pub fn of_pool(pool: &Pool) -> Self {
        let name = format!("pool/{}", pool.name);
        let mut labels: BTreeMap<String, String> = pool.labels.iter().cloned().collect();
        // Its nodes will have hostnames, still unknown; the slash makes this one no valid label value.
        labels
            .entry(HOSTNAME.to_owned())
            .or_insert_with(|| name.clone());
        let taints = pool.taints.iter().cloned();
        let taints = taints.map(|(key, value, effect)| Taint { key, value, effect });
        Self {
            name,
            labels,
            allocatable: pool.allocatable.clone(),
            taints: taints.filter(keeps_pods_off).collect(),
            available: true,
            presence: Presence::Pool,
        }
    }
}

fn pairs(pairs: &Pairs<'_>) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn keeps_pods_off(taint: &Taint) -> bool {
    matches!(&*taint.effect, "NoSchedule" | "NoExecute")
}

fn is_ready(node: &Node<'_>) -> bool {
    let conditions = node.status.iter().filter_map(|s| s.conditions.as_deref());
    let mut ready = conditions.flatten().filter(|c| &*c.kind == "Ready");
    ready.next().is_none_or(|c| &*c.status == "True")
}

/// While the MIG manager works, labels and resources may be outdated.
fn is_settled(labels: &BTreeMap<String, String>) -> bool {
    let state = labels.get("nvidia.com/mig.config.state");
    state.is_none_or(|state| state == "success")
}
