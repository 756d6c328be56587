//! The nodes of a cluster as supply needs them, kept small: thousands of nodes carry the same labels.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use crate::engine::supply::{NodeView, Presence, Taint};

/// A key with its value. Every node with both refers to the one pair.
type Pair = Arc<(String, String)>;

#[derive(Debug, Default)]
pub struct Nodes {
    nodes: HashMap<String, StoredNode>,
    pairs: HashSet<Pair>,
    taints: HashSet<Arc<[Taint]>>,
    /// With more pairs than this, unused ones are dropped.
    tidy_at: usize,
}

/// A [`NodeView`] with shared parts.
#[derive(Debug, PartialEq, Eq)]
struct StoredNode {
    labels: Box<[Pair]>,
    allocatable: Box<[Pair]>,
    taints: Arc<[Taint]>,
    available: bool,
}

impl Nodes {
    /// Stores the present state of a node. Returns whether it changed.
    pub fn put(&mut self, node: NodeView) -> bool {
        let pairs = &mut self.pairs;
        let stored = StoredNode {
            labels: node.labels.into_iter().map(|p| shared(pairs, p)).collect(),
            allocatable: node
                .allocatable
                .into_iter()
                .map(|p| shared(pairs, p))
                .collect(),
            taints: shared(&mut self.taints, node.taints),
            available: node.available,
        };
        if self.nodes.get(&node.name) == Some(&stored) {
            return false;
        }
        self.nodes.insert(node.name, stored);
        self.tidy();
        true
    }

    /// Removes a node. Returns its last state, if there was one.
    pub fn remove(&mut self, name: &str) -> Option<NodeView> {
        let node = self.nodes.remove(name)?;
        Some(node.view(name))
    }

    pub fn contains(&self, name: &str) -> bool {
        self.nodes.contains_key(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.nodes.keys()
    }

    /// All nodes, one after another, so that only one exists at full size.
    pub fn views(&self) -> impl Iterator<Item = NodeView> {
        self.nodes.iter().map(|(name, node)| node.view(name))
    }

    /// Drops what no node carries any more: the hostnames of deleted nodes, old timestamps.
    fn tidy(&mut self) {
        if self.pairs.len() <= self.tidy_at {
            return;
        }
        self.pairs.retain(|pair| Arc::strong_count(pair) > 1);
        self.taints.retain(|taints| Arc::strong_count(taints) > 1);
        self.tidy_at = 1024 + 2 * self.pairs.len();
    }
}

fn shared<T, O>(known: &mut HashSet<Arc<T>>, value: O) -> Arc<T>
where
    T: Eq + Hash + ?Sized,
    O: Borrow<T> + Into<Arc<T>>,
{
    if let Some(known) = known.get(value.borrow()) {
        return Arc::clone(known);
    }
    let new = value.into();
    known.insert(Arc::clone(&new));
    new
}

impl StoredNode {
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
