//! Nodes that were there not long ago: an autoscaler takes the last node of a shape away and brings it back when a
//! pod waits for it, so a pod that wants one merely waits, and is not refused.

use std::collections::HashMap;
use std::time::Duration;

use crate::engine::supply::{NodeView, Presence};
use crate::engine::vocabulary::names::is_gpu_resource;

/// How many nodes of one shape are remembered, the last ones: fleets that come and go by the hour have thousands.
const OF_ONE_SHAPE: usize = 8;
/// What tells one node of a shape from the next, and what GPU feature discovery says of itself.
const OF_A_NODE: [&str; 2] = ["nvidia.com/gfd.timestamp", "nvidia.com/gpu.machine"];

/// Nodes that are gone, and since when.
#[derive(Debug, Default)]
pub(in crate::server) struct Remembered {
    gone: HashMap<String, Gone>,
}

/// A node that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) struct Gone {
    /// As it was last.
    pub(in crate::server) node: NodeView,
    /// Since when, in seconds since 1970.
    pub(in crate::server) since: u64,
}

impl Remembered {
    /// Remembers a node, unless it never had a GPU.
    pub(in crate::server) fn gone(&mut self, node: NodeView, now: u64) {
        if !has_gpu(&node) {
            return;
        }
        let kept = self.gone.values();
        let alike = kept.filter(|g| g.node.name != node.name && shape(&g.node) == shape(&node));
        if alike.clone().count() >= OF_ONE_SHAPE {
            let oldest = alike.min_by_key(|g| (g.since, &g.node.name));
            let oldest = oldest.map(|g| g.node.name.clone());
            oldest.map(|name| self.gone.remove(&name));
        }
        let gone = Gone { node, since: now };
        self.gone.insert(gone.node.name.clone(), gone);
    }

    /// A node is there (again).
    pub(in crate::server) fn is_back(&mut self, name: &str) -> bool {
        self.gone.remove(name).is_some()
    }

    /// Forgets who has been gone for longer than the policy says; whether there was anybody.
    pub(in crate::server) fn forget(&mut self, remember: Duration, now: u64) -> bool {
        let before = self.gone.len();
        let remember = remember.as_secs();
        self.gone
            .retain(|_, gone| now.saturating_sub(gone.since) < remember);
        self.gone.len() != before
    }

    /// As supply that cannot be used now, and so ranks last.
    pub(in crate::server) fn nodes(&self) -> impl Iterator<Item = NodeView> {
        self.gone.values().map(|gone| NodeView {
            available: false,
            presence: Presence::Gone,
            ..gone.node.clone()
        })
    }

    /// Everything, in a fixed order.
    pub(in crate::server) fn all(&self) -> Vec<Gone> {
        let mut all: Vec<Gone> = self.gone.values().cloned().collect();
        all.sort_by(|a, b| a.node.name.cmp(&b.node.name));
        all
    }
}

fn has_gpu(node: &NodeView) -> bool {
    let mut names = node.allocatable.iter();
    names.any(|(name, quantity)| is_gpu_resource(name) && quantity != "0")
}

/// What a node sells and what its GPUs are, by which two of them are alike.
fn shape(node: &NodeView) -> Vec<(&str, &str)> {
    let is_told = |key: &str| key.starts_with("nvidia.com/") && !OF_A_NODE.contains(&key);
    let labels = node.labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let sold = node.allocatable.iter();
    let sold = sold.map(|(k, v)| (k.as_str(), v.as_str()));
    labels
        .filter(|(key, _)| is_told(key))
        .chain(sold.filter(|(name, _)| is_gpu_resource(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{OF_ONE_SHAPE, Remembered};
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

    fn names(remembered: &Remembered) -> Vec<String> {
        assert!(remembered.nodes().all(|n| !n.available));
        remembered.all().into_iter().map(|g| g.node.name).collect()
    }

    #[test]
    fn who_goes_is_remembered_for_so_long_and_who_comes_back_is_there_again() {
        let mut remembered = Remembered::default();
        let (hour, day) = (3600, 86400);
        let whole_day = Duration::from_secs(day);
        for name in ["a", "b"] {
            remembered.gone(node(name, "L4"), 0);
        }
        remembered.gone(NodeView::default(), 0);
        assert_eq!(
            names(&remembered),
            ["a", "b"],
            "a node without GPU is nobody's supply"
        );
        remembered.gone(node("c", "L4"), hour);
        assert!(remembered.is_back("b") && !remembered.is_back("b"));
        assert_eq!(names(&remembered), ["a", "c"]);
        assert!(!remembered.forget(whole_day, hour));
        assert!(remembered.forget(whole_day, day));
        assert_eq!(names(&remembered), ["c"]);
        assert!(remembered.forget(Duration::ZERO, day));
        assert_eq!(names(&remembered), [""; 0]);
    }

    #[test]
    fn of_many_alike_the_last_are_remembered_and_one_of_another_shape_stays() {
        let mut remembered = Remembered::default();
        remembered.gone(node("rare", "H100"), 0);
        for second in 1..100 {
            remembered.gone(node(&format!("spot-{second}"), "L4"), second);
        }
        let kept = names(&remembered);
        assert_eq!(kept.len(), 1 + OF_ONE_SHAPE, "{kept:?}");
        assert!(kept.contains(&"rare".to_owned()) && kept.contains(&"spot-99".to_owned()));
    }
}
