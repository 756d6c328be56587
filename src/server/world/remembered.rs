//! Nodes that were there not long ago: an autoscaler takes the last node of a shape away and brings it back when a
//! pod waits for it, so a pod that wants one merely waits, and is not refused.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::engine::supply::NodeView;

/// Nodes that are gone, and since when.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    gone: HashMap<String, (NodeView, Instant)>,
}

impl Remembered {
    /// Compares the nodes that were there with those that are there now.
    pub(super) fn note(&mut self, before: &[NodeView], after: &[NodeView], now: Instant) {
        for node in before {
            let gone = || (node.clone(), now);
            self.gone.entry(node.name.clone()).or_insert_with(gone);
        }
        for node in after {
            self.gone.remove(&node.name);
        }
    }

    /// Forgets who has been gone for longer than the policy says; whether there was anybody.
    pub(super) fn forget(&mut self, remember: Duration, now: Instant) -> bool {
        let before = self.gone.len();
        self.gone
            .retain(|_, (_, since)| now.duration_since(*since) < remember);
        self.gone.len() != before
    }

    /// As supply that cannot be used now, and so ranks last.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeView> {
        self.gone.values().map(|(node, _)| NodeView {
            available: false,
            ..node.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Remembered;
    use crate::engine::supply::NodeView;

    fn nodes(names: &[&str]) -> Vec<NodeView> {
        let node = |name: &&str| NodeView {
            name: (*name).to_owned(),
            available: true,
            ..NodeView::default()
        };
        names.iter().map(node).collect()
    }

    fn names(remembered: &Remembered) -> Vec<String> {
        let mut names: Vec<String> = remembered.nodes().map(|n| n.name).collect();
        names.sort();
        assert!(remembered.nodes().all(|n| !n.available));
        names
    }

    #[test]
    fn who_goes_is_remembered_for_so_long_and_who_comes_back_is_there_again() {
        let (mut remembered, start) = (Remembered::default(), Instant::now());
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86400));
        remembered.note(&nodes(&["a", "b", "c"]), &nodes(&["c"]), start);
        assert_eq!(names(&remembered), ["a", "b"]);
        remembered.note(&nodes(&["c"]), &nodes(&["b"]), start + hour);
        assert_eq!(names(&remembered), ["a", "c"]);
        assert!(!remembered.forget(day, start + hour));
        assert!(remembered.forget(day, start + day));
        assert_eq!(names(&remembered), ["c"]);
        assert!(remembered.forget(Duration::ZERO, start + day));
        assert_eq!(names(&remembered), [""; 0]);
    }
}
