//! The fleet in groups of nodes alike, so that a decision costs as much as there are kinds of nodes, not nodes.
//!
//! Labels whose values are nearly one per node (hostname, timestamps) would make every node its own group; such
//! wide keys are kept beside the groups and looked at only for pods that select by them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::columns::Column;
use super::node::Taint;
use super::offer::Offer;
use super::places::{ByKind, Places};
use super::why::UnknownResource;

/// Nodes alike in everything a decision looks at.
#[derive(Debug)]
pub struct Group {
    /// Taints that keep pods off, those of passing conditions left out.
    pub taints: Vec<Taint>,
    /// Whether anti-affinity by hostname works there.
    pub has_hostname: bool,
    /// Whether pods can land there now.
    pub available: bool,
    /// What each node sells.
    pub advertised: Vec<Advertised>,
    /// GPU resources nothing can be said about.
    pub unknown: Vec<UnknownResource>,
    /// Memory labels of what it sells that cannot be right.
    pub implausible_memory: Vec<ImplausibleMemory>,
    /// Where its nodes are.
    pub places: ByKind<Places>,
    /// Its nodes, as rows of the columns of nodes.
    pub(super) nodes: Range<usize>,
}

/// A memory label that is no number of MiB, or more than the GPU can have: nobody knows the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImplausibleMemory {
    /// Its key.
    pub label: String,
    /// Its value.
    pub value: String,
}

impl ImplausibleMemory {
    /// What is said of it.
    pub fn message(&self) -> String {
        format!(
            "label {}={} is not the memory of one such GPU in MiB, so nobody knows its memory",
            self.label, self.value
        )
    }
}

/// One resource a node sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Advertised {
    /// Which of [`Supply::offers`].
    pub offer: usize,
    /// How many one node has.
    pub count: u64,
}

/// What the fleet as a whole lets one say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// There are nodes with offers.
    Known,
    /// The fleet is only assumed: nobody said what the cluster has.
    Assumed,
    /// No node has a GPU.
    NoGpuNodes,
    /// Nodes have GPUs, and nothing can be said about any of them.
    AllUnknown,
}

/// Everything the known, remembered and declared nodes hand out.
#[derive(Debug)]
pub struct Supply {
    /// Distinct offers.
    pub offers: Vec<Offer>,
    /// For each offer, nodes whose labels promise it and whose resources say otherwise.
    pub mislabelled: Vec<Vec<String>>,
    /// For each offer, nodes whose labels promise it with at least its memory, which cannot be right.
    pub inflated: Vec<Vec<String>>,
    /// Nodes that have GPUs, in groups.
    pub groups: Vec<Group>,
    /// Whether the fleet is real.
    pub knowledge: Knowledge,
    pub(super) keys: HashSet<String>,
    /// Every resource that a node sells or claims to sell.
    pub(super) resources: HashSet<String>,
    /// Labels of groups.
    pub(super) narrow: HashMap<String, Column>,
    /// Labels of nodes.
    pub(super) wide: HashMap<String, Column>,
    /// The nodes' names.
    pub(super) names: Column,
    /// For each of them, whether it is in the cluster now.
    pub(super) is_present: Vec<bool>,
    /// The places there are of each kind, by name.
    pub(super) places: ByKind<Vec<String>>,
}

impl Supply {
    /// Nodes with GPUs.
    pub fn gpu_nodes(&self) -> usize {
        self.groups.iter().map(|g| g.nodes.len()).sum()
    }

    /// How many nodes a group stands for.
    pub fn nodes_in(&self, group: &Group) -> usize {
        group.nodes.len()
    }

    /// The group a node is in, if it is there now and has GPUs.
    pub fn group_of(&self, node: &str) -> Option<&Group> {
        self.groups.get(self.group_at(self.row_of(node)?))
    }

    /// The value of a label of a node with GPUs.
    pub fn label_of(&self, node: &str, key: &str) -> Option<&str> {
        let row = self.row_of(node)?;
        match self.narrow.get(key) {
            Some(column) => column.value(self.group_at(row)),
            None => self.wide.get(key)?.value(row),
        }
    }

    /// The value of a label of the first node of a group.
    pub fn label_in(&self, group: &Group, key: &str) -> Option<&str> {
        let row = group.nodes.start;
        match self.narrow.get(key) {
            Some(column) => column.value(self.group_at(row)),
            None => self.wide.get(key)?.value(row),
        }
    }

    /// Whether any known node has a label of that key.
    pub fn carries(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Names of the nodes of a group.
    pub fn node_names<'s>(&'s self, group: &Group) -> impl Iterator<Item = &'s str> {
        let rows = group.nodes.clone();
        rows.filter_map(|row| self.names.value(row))
    }

    fn row_of(&self, node: &str) -> Option<usize> {
        let rows = self.rows_there(node);
        rows.first().map(|row| *row as usize)
    }

    /// The node of that name, if it is there now.
    pub(super) fn rows_there(&self, node: &str) -> &[u32] {
        let rows = self.names.rows_of(node);
        let is_there = |row: &u32| self.is_present.get(*row as usize) == Some(&true);
        match rows.iter().all(is_there) {
            true => rows,
            false => &[],
        }
    }

    /// Which group a row's node is in.
    pub(super) fn group_at(&self, row: usize) -> usize {
        let before = self.groups.partition_point(|g| g.nodes.start <= row);
        before.saturating_sub(1)
    }

    /// Whether any node sells or claims to sell a resource.
    pub fn names_resource(&self, resource: &str) -> bool {
        self.resources.contains(resource)
    }
}
