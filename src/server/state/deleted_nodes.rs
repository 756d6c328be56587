//! Nodes that were deleted not long ago. An autoscaler deletes the last node of a shape, and creates one again when a
//! pod waits for it. So a pod that needs such a node is not refused, and waits.

use std::collections::HashMap;
use std::time::Duration;

use crate::engine::supply::{NodeView, Presence};
use crate::engine::vocabulary::names::is_gpu_resource;

/// How many deleted nodes of one shape are remembered. Fleets that come and go by the hour have thousands.
const OF_ONE_SHAPE: usize = 8;
/// Labels of GPU feature discovery that differ between nodes of one shape.
const OF_A_NODE: [&str; 2] = ["nvidia.com/gfd.timestamp", "nvidia.com/gpu.machine"];

/// The deleted nodes by name.
#[derive(Debug, Default)]
pub struct DeletedNodes(HashMap<String, DeletedNode>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedNode {
    /// Its last state.
    pub node: NodeView,
    /// When it was deleted, in seconds since 1970.
    pub since: u64,
}

impl DeletedNodes {
    /// Adds a node, unless it has no GPU. Of one shape, the nodes that were deleted last are kept.
    pub fn add(&mut self, deleted: DeletedNode) {
        let node = &deleted.node;
        if !gpus(node).any(|(_, quantity)| quantity != "0") {
            return;
        }
        let others = self.0.values().filter(|other| other.node.name != node.name);
        let alike = others.filter(|other| shape(&other.node) == shape(node));
        if alike.clone().count() >= OF_ONE_SHAPE
            && let Some(oldest) = alike.min_by_key(|other| (other.since, &other.node.name))
        {
            let oldest = oldest.node.name.clone();
            self.0.remove(&oldest);
        }
        self.0.insert(node.name.clone(), deleted);
    }

    /// Removes a node that exists again. Returns whether it was remembered.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// Forgets nodes that were deleted longer ago than `remember`. Returns whether there were any.
    pub fn forget(&mut self, remember: Duration, now: u64) -> bool {
        let before = self.0.len();
        let is_recent = |node: &DeletedNode| now.saturating_sub(node.since) < remember.as_secs();
        self.0.retain(|_, node| is_recent(node));
        self.0.len() != before
    }

    /// The nodes as supply that is not available, and so ranks last.
    pub fn views(&self) -> impl Iterator<Item = NodeView> {
        self.0.values().map(|deleted| NodeView {
            available: false,
            presence: Presence::Gone,
            ..deleted.node.clone()
        })
    }

    /// All nodes, sorted by name.
    pub fn all(&self) -> Vec<DeletedNode> {
        let mut all: Vec<DeletedNode> = self.0.values().cloned().collect();
        all.sort_by(|a, b| a.node.name.cmp(&b.node.name));
        all
    }
}

fn gpus(node: &NodeView) -> impl Iterator<Item = (&str, &str)> {
    let resources = node.allocatable.iter();
    let resources = resources.map(|(name, quantity)| (name.as_str(), quantity.as_str()));
    resources.filter(|(name, _)| is_gpu_resource(name))
}

/// The GPUs that a node advertises, and their labels.
fn shape(node: &NodeView) -> Vec<(&str, &str)> {
    let labels = node.labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    labels
        .filter(|(key, _)| key.starts_with("nvidia.com/") && !OF_A_NODE.contains(key))
        .chain(gpus(node))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{DeletedNode, DeletedNodes, OF_ONE_SHAPE};
    use crate::engine::supply::NodeView;

    fn node(name: &str, product: &str) -> NodeView {
        let product = ("nvidia.com/gpu.product".to_owned(), product.to_owned());
        NodeView {
            name: name.to_owned(),
            labels: [product].into(),
            allocatable: vec![("nvidia.com/gpu".to_owned(), "1".to_owned())],
            available: true,
            ..NodeView::default()
        }
    }

    fn names(deleted: &DeletedNodes) -> Vec<String> {
        assert!(deleted.views().all(|n| !n.available));
        deleted.all().into_iter().map(|d| d.node.name).collect()
    }

    fn deleted(name: &str, product: &str, since: u64) -> DeletedNode {
        DeletedNode {
            node: node(name, product),
            since,
        }
    }

    #[test]
    fn a_deleted_node_is_remembered_for_a_while_unless_it_exists_again() {
        let mut remembered = DeletedNodes::default();
        let (hour, day) = (3600, 86400);
        let whole_day = Duration::from_secs(day);
        for name in ["a", "b"] {
            remembered.add(deleted(name, "L4", 0));
        }
        remembered.add(DeletedNode {
            node: NodeView::default(),
            since: 0,
        });
        assert_eq!(
            names(&remembered),
            ["a", "b"],
            "a node without GPU is nobody's supply"
        );
        remembered.add(deleted("c", "L4", hour));
        assert!(remembered.remove("b") && !remembered.remove("b"));
        assert_eq!(names(&remembered), ["a", "c"]);
        assert!(!remembered.forget(whole_day, hour));
        assert!(remembered.forget(whole_day, day));
        assert_eq!(names(&remembered), ["c"]);
        assert!(remembered.forget(Duration::ZERO, day));
        assert_eq!(names(&remembered), [""; 0]);
    }

    #[test]
    fn of_one_shape_the_last_deleted_nodes_are_remembered() {
        let mut remembered = DeletedNodes::default();
        remembered.add(deleted("rare", "H100", 0));
        for second in 1..100 {
            remembered.add(deleted(&format!("spot-{second}"), "L4", second));
        }
        let kept = names(&remembered);
        assert_eq!(kept.len(), 1 + OF_ONE_SHAPE, "{kept:?}");
        assert!(kept.contains(&"rare".to_owned()) && kept.contains(&"spot-99".to_owned()));
    }
}
