//! The nodes of a cluster as far as a fleet is built of them, kept small: thousands of nodes carry the same labels.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::engine::supply::Taint;
use crate::engine::supply::{NodeView, Presence};

/// A key with its value; every node that carries both refers to the one pair.
type Pair = Arc<(String, String)>;

/// The nodes, by name.
#[derive(Debug, Default)]
pub(in crate::server) struct Nodes {
    kept: HashMap<String, Kept>,
    pairs: HashSet<Pair>,
    taints: HashSet<Arc<[Taint]>>,
    /// How many pairs there may be before those are looked for that no node carries any more.
    tidy_at: usize,
}

/// A [`NodeView`] whose parts are shared.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    labels: Box<[Pair]>,
    allocatable: Box<[Pair]>,
    taints: Arc<[Taint]>,
    available: bool,
}

impl Nodes {
    /// Keeps a node as it is now; whether that is news.
    pub(in crate::server) fn put(&mut self, node: NodeView) -> bool {
        let NodeView {
            name,
            labels,
            allocatable,
            taints,
            available,
            presence: _,
        } = node;
        let kept = Kept {
            labels: labels.into_iter().map(|pair| self.pair(pair)).collect(),
            allocatable: allocatable
                .into_iter()
                .map(|pair| self.pair(pair))
                .collect(),
            taints: self.taints(taints),
            available,
        };
        if self.kept.get(&name) == Some(&kept) {
            return false;
        }
        self.kept.insert(name, kept);
        self.tidy();
        true
    }

    /// Forgets a node; what it was, if it was there.
    pub(in crate::server) fn remove(&mut self, name: &str) -> Option<NodeView> {
        let kept = self.kept.remove(name)?;
        Some(kept.view(name))
    }

    /// Names of all nodes.
    pub(in crate::server) fn names(&self) -> impl Iterator<Item = &String> {
        self.kept.keys()
    }

    /// All nodes, one after another, so that only one is ever there at full size.
    pub(in crate::server) fn views(&self) -> impl Iterator<Item = NodeView> {
        self.kept.iter().map(|(name, kept)| kept.view(name))
    }

    fn pair(&mut self, pair: (String, String)) -> Pair {
        match self.pairs.get(&pair) {
            Some(known) => Arc::clone(known),
            None => {
                let new = Arc::new(pair);
                self.pairs.insert(Arc::clone(&new));
                new
            }
        }
    }

    fn taints(&mut self, taints: Vec<Taint>) -> Arc<[Taint]> {
        match self.taints.get(taints.as_slice()) {
            Some(known) => Arc::clone(known),
            None => {
                let new: Arc<[Taint]> = taints.into();
                self.taints.insert(Arc::clone(&new));
                new
            }
        }
    }

    /// Lets go of what no node carries any more: the hostnames of nodes that have gone, old timestamps.
    fn tidy(&mut self) {
        if self.pairs.len() <= self.tidy_at {
            return;
        }
        self.pairs.retain(|pair| Arc::strong_count(pair) > 1);
        self.taints.retain(|taints| Arc::strong_count(taints) > 1);
        self.tidy_at = 1024 + 2 * self.pairs.len();
    }
}

impl Kept {
    fn view(&self, name: &str) -> NodeView {
        NodeView {
            name: name.to_owned(),
            labels: self.labels.iter().map(|pair| (**pair).clone()).collect(),
            allocatable: self.allocatable.iter().map(|p| (**p).clone()).collect(),
            taints: self.taints.to_vec(),
            available: self.available,
            presence: Presence::There,
        }
    }
}
