//! The fleet in groups of equal nodes: a decision's cost grows with the kinds of nodes, not with their number.
//!
//! Labels with a value for nearly every node (hostname, timestamps) would make each node a group of its own. Such wide
//! keys have columns of their own, read only for pods that select by them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::columns::Column;
use super::node::Taint;
use super::offer::Offer;
use super::places::{ByKind, Places};
use super::why::UnknownResource;

/// Nodes equal in everything a decision reads.
#[derive(Debug, Default)]
pub struct Group {
    /// Taints that keep pods off, without those of temporary conditions.
    pub taints: Vec<Taint>,
    /// Whether the nodes have the hostname label that anti-affinity needs.
    pub has_hostname: bool,
    /// Whether pods can be scheduled there now.
    pub available: bool,
    /// What each node advertises.
    pub advertised: Vec<Advertised>,
    /// GPU resources whose labels do not say what they are.
    pub unknown: Vec<UnknownResource>,
    /// Impossible memory labels of advertised resources.
    pub implausible_memory: Vec<ImplausibleMemory>,
    /// Where its nodes are.
    pub places: ByKind<Places>,
    /// Its nodes, as rows of the columns of nodes.
    pub(super) nodes: Range<usize>,
}

/// A memory label that is no number of MiB or more than the GPU can have, so the memory is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImplausibleMemory {
    /// Its key.
    pub label: String,
    /// Its value.
    pub value: String,
}

impl ImplausibleMemory {
    /// The message for people.
    pub fn message(&self) -> String {
        format!(
            "label {}={} is not the memory of one such GPU in MiB, so nobody knows its memory",
            self.label, self.value
        )
    }
}

/// One resource that a node advertises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Advertised {
    /// Which of [`Supply::offers`].
    pub offer: usize,
    /// How many one node has.
    pub count: u64,
}

/// How much is known about the fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Knowledge {
    /// There are nodes with offers.
    #[default]
    Known,
    /// The fleet is assumed: neither a cluster nor files describe it.
    Assumed,
    /// No node has a GPU.
    NoGpuNodes,
    /// Nodes have GPUs, and all of them are unknown.
    AllUnknown,
}

/// Everything that known, remembered and declared nodes advertise.
#[derive(Debug, Default)]
pub struct Supply {
    /// Distinct offers.
    pub offers: Vec<Offer>,
    /// For each offer, nodes whose labels describe it while their resources are something else.
    pub mislabelled: Vec<Vec<String>>,
    /// For each offer, nodes whose labels describe it with an impossible amount of memory.
    pub inflated: Vec<Vec<String>>,
    /// Nodes that have GPUs, in groups.
    pub groups: Vec<Group>,
    /// Whether the fleet is real.
    pub knowledge: Knowledge,
    pub(super) keys: HashSet<String>,
    /// Every GPU resource of a node, known or unknown.
    pub(super) resources: HashSet<String>,
    /// Labels of groups.
    pub(super) narrow: HashMap<String, Column>,
    /// Labels of nodes.
    pub(super) wide: HashMap<String, Column>,
    /// The nodes' names.
    pub(super) names: Column,
    /// For each row, whether the node is in the cluster now.
    pub(super) is_present: Vec<bool>,
    /// The names of the places of each kind.
    pub(super) places: ByKind<Vec<String>>,
}

impl Supply {
    /// Nodes with GPUs.
    pub fn gpu_nodes(&self) -> usize {
        self.names.height()
    }

    /// How many nodes a group has.
    pub fn nodes_in(&self, group: &Group) -> usize {
        group.nodes.len()
    }

    /// What each node of a group advertises.
    pub fn advertised<'s>(
        &'s self,
        group: &Group,
    ) -> impl Iterator<Item = (&'s Offer, Advertised)> {
        let advertised = group.advertised.iter();
        advertised.filter_map(|advertised| Some((self.offers.get(advertised.offer)?, *advertised)))
    }

    /// The group of a node, if it has GPUs and is in the cluster now.
    pub fn group_of(&self, node: &str) -> Option<&Group> {
        self.groups.get(self.group_at(self.row_of(node)?))
    }

    /// The value of a label of a node with GPUs.
    pub fn label_of(&self, node: &str, key: &str) -> Option<&str> {
        self.label_at(self.row_of(node)?, key)
    }

    /// The value of a label of the first node of a group.
    pub fn label_in(&self, group: &Group, key: &str) -> Option<&str> {
        self.label_at(group.nodes.start, key)
    }

    fn label_at(&self, row: usize, key: &str) -> Option<&str> {
        match self.narrow.get(key) {
            Some(column) => column.value(self.group_at(row)),
            None => self.wide.get(key)?.value(row),
        }
    }

    /// Whether any known node has a label of that key.
    pub fn has_label_key(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Names of the nodes of a group.
    pub fn node_names<'s>(&'s self, group: &Group) -> impl Iterator<Item = &'s str> {
        group.nodes.clone().filter_map(|row| self.names.value(row))
    }

    fn row_of(&self, node: &str) -> Option<usize> {
        self.rows_there(node).first().map(|row| *row as usize)
    }

    /// The row of the node of that name, if it is in the cluster now.
    pub(super) fn rows_there(&self, node: &str) -> &[u32] {
        let rows = self.names.rows_of(node);
        let is_there = |row: &u32| self.is_present.get(*row as usize) == Some(&true);
        if rows.iter().all(is_there) { rows } else { &[] }
    }

    /// Which group a row's node is in.
    pub(super) fn group_at(&self, row: usize) -> usize {
        let before = self.groups.partition_point(|g| g.nodes.start <= row);
        before.saturating_sub(1)
    }

    /// Whether any node has a GPU resource of that name, known or unknown.
    pub fn has_resource(&self, resource: &str) -> bool {
        self.resources.contains(resource)
    }
}
