//! Reads a Node object, or a pool of the policy, into a [`NodeView`].

use std::collections::BTreeMap;

use super::node::{NodeView, Presence, Taint};
use crate::engine::vocabulary::Pool;
use crate::engine::vocabulary::names::HOSTNAME;
use crate::facts::Node;

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
        let pairs = |p: &crate::facts::Pairs<'_>| -> Vec<(String, String)> {
            p.iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect()
        };
        let labels: BTreeMap<String, String> =
            node.metadata.labels.iter().flat_map(&pairs).collect();
        let spec = node.spec.as_ref();
        let taints = spec.and_then(|s| s.taints.as_deref()).unwrap_or_default();
        let (passing, lasting): (Vec<Taint>, Vec<Taint>) = taints
            .iter()
            .filter(|t| keeps_off(&t.effect))
            .map(|t| Taint {
                key: t.key.to_string(),
                value: t.value.as_deref().unwrap_or_default().to_owned(),
                effect: t.effect.to_string(),
            })
            .partition(|t| PASSING.iter().any(|p| t.key.starts_with(p)));
        let cordoned = spec.and_then(|s| s.unschedulable) == Some(true);
        let available = passing.is_empty() && !cordoned && is_ready(node) && is_settled(&labels);
        let status = node.status.as_ref();
        Self {
            name: node.metadata.name.to_string(),
            allocatable: status
                .and_then(|s| s.allocatable.as_ref())
                .map(pairs)
                .unwrap_or_default(),
            labels,
            taints: lasting,
            available,
            presence: Presence::There,
        }
    }

    /// A pool of future nodes.
    pub fn of_pool(pool: &Pool) -> Self {
        let taint = |(key, value, effect): &(String, String, String)| Taint {
            key: key.clone(),
            value: value.clone(),
            effect: effect.clone(),
        };
        Self {
            name: format!("pool/{}", pool.name),
            labels: with_hostname(pool),
            allocatable: pool.allocatable.clone(),
            taints: pool
                .taints
                .iter()
                .map(taint)
                .filter(|t| keeps_off(&t.effect))
                .collect(),
            available: true,
            presence: Presence::Pool,
        }
    }
}

/// A pool's nodes will have hostnames, still unknown; the slash makes this one no valid label value.
fn with_hostname(pool: &Pool) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = pool.labels.iter().cloned().collect();
    let unknown = || format!("pool/{}", pool.name);
    labels.entry(HOSTNAME.to_owned()).or_insert_with(unknown);
    labels
}

fn keeps_off(effect: &str) -> bool {
    matches!(effect, "NoSchedule" | "NoExecute")
}

fn is_ready(node: &Node<'_>) -> bool {
    let conditions = node.status.as_ref().and_then(|s| s.conditions.as_deref());
    let mut ready = conditions.unwrap_or_default().iter();
    ready
        .find(|c| &*c.kind == "Ready")
        .is_none_or(|c| &*c.status == "True")
}

/// While the MIG manager works, labels and resources may be outdated.
fn is_settled(labels: &BTreeMap<String, String>) -> bool {
    labels
        .get("nvidia.com/mig.config.state")
        .is_none_or(|state| state == "success")
}
