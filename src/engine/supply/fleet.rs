//! The fleet in groups of nodes alike, so that a decision costs as much as there are kinds of nodes, not nodes.
//!
//! Labels whose values are nearly one per node (hostname, timestamps) would make every node its own group; such
//! wide keys are kept beside the groups and looked at only for pods that select by them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::columns::Column;
use super::impostors::{Liar, impostors};
use super::offer::Offer;
use super::read::{self, Labels};
use crate::engine::policy::Unlabelled;
use crate::engine::quantity::Quantity;
use crate::engine::words::{HOSTNAME, is_gpu_resource};

/// A key with more distinct values than this is kept out of the groups.
const WIDE: usize = 16;

/// A node, or a pool of nodes that are not there yet, as plain values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeView {
    /// Its name; pools have one too, for messages.
    pub name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Quantities as written.
    pub allocatable: Vec<(String, String)>,
    /// Only `NoSchedule` and `NoExecute` matter.
    pub taints: Vec<Taint>,
    /// False for nodes that are cordoned, not ready, being reconfigured or gone: supply, ranked last.
    pub available: bool,
    /// Its nodes are not there yet, and have no names.
    pub is_pool: bool,
}

/// A taint that keeps pods off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Taint {
    /// The key.
    pub key: String,
    /// The value, often empty.
    pub value: String,
    /// `NoSchedule` or `NoExecute`.
    pub effect: String,
}

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
    pub sold: Vec<Sold>,
    /// GPU resources nothing can be said about.
    pub unknown: Vec<(String, &'static str)>,
    /// Its nodes, as rows of the columns of nodes.
    pub(super) nodes: Range<usize>,
}

/// One resource a node sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sold {
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
    pub impostors: Vec<Vec<String>>,
    /// Nodes that have GPUs, in groups.
    pub groups: Vec<Group>,
    /// Whether the fleet is real.
    pub knowledge: Knowledge,
    pub(super) keys: HashSet<String>,
    /// Every resource that a node sells or claims to sell.
    resources: HashSet<String>,
    /// Labels of groups.
    pub(super) narrow: HashMap<String, Column>,
    /// Labels of nodes.
    pub(super) wide: HashMap<String, Column>,
    /// The nodes' names.
    pub(super) names: Column,
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

    /// The group a node is in, if it has GPUs.
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

    /// Names of the nodes of a group.
    pub fn node_names<'s>(&'s self, group: &Group) -> impl Iterator<Item = &'s str> {
        let rows = group.nodes.clone();
        rows.filter_map(|row| self.names.value(row))
    }

    fn row_of(&self, node: &str) -> Option<usize> {
        let rows = self.names.rows_of(node);
        rows.first().map(|row| *row as usize)
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

/// Collects nodes into a [`Supply`].
#[derive(Debug)]
pub struct FleetBuilder {
    unlabelled: Unlabelled,
    assumed: bool,
    nodes: Vec<NodeView>,
}

impl FleetBuilder {
    /// An empty fleet.
    pub fn new(unlabelled: Unlabelled) -> Self {
        Self {
            unlabelled,
            assumed: false,
            nodes: Vec::new(),
        }
    }

    /// Marks the fleet as one nobody has seen.
    pub fn assumed(mut self) -> Self {
        self.assumed = true;
        self
    }

    /// Adds a node or pool.
    pub fn add(&mut self, node: NodeView) {
        self.nodes.push(node);
    }

    /// Groups what was added.
    pub fn build(self) -> Supply {
        let keys = self
            .nodes
            .iter()
            .flat_map(|n| n.labels.keys().cloned())
            .collect();
        let wide_keys = wide_keys(&self.nodes);
        let mut supply = Supply {
            offers: Vec::new(),
            impostors: Vec::new(),
            groups: Vec::new(),
            knowledge: Knowledge::Known,
            keys,
            resources: HashSet::new(),
            narrow: HashMap::new(),
            wide: HashMap::new(),
            names: Column::default(),
        };
        let mut offers = HashMap::new();
        let mut groups: HashMap<GroupKey, usize> = HashMap::new();
        let mut rows: Vec<Row> = Vec::new();
        let mut liars: Vec<Liar> = Vec::new();
        for node in self.nodes {
            let Some((key, unknown, wide)) = read_node(
                &node,
                self.unlabelled,
                &wide_keys,
                &mut supply.offers,
                &mut offers,
            ) else {
                continue;
            };
            // A pool's nodes have no names yet by which a pod could be kept off them.
            if !unknown.is_empty() && !node.is_pool {
                let resources = unknown.iter().map(|(r, _)| r.clone()).collect();
                liars.push(Liar {
                    name: node.name.clone(),
                    labels: node.labels.clone(),
                    resources,
                });
            }
            let group = *groups.entry(key).or_insert_with_key(|key| {
                supply.groups.push(key.to_group(unknown));
                supply.groups.len() - 1
            });
            let name = node.name;
            rows.push(Row { group, name, wide });
        }
        supply.fill(&groups, rows);
        let sold = supply.offers.iter().map(|offer| offer.resource.clone());
        let unknown = supply.groups.iter().flat_map(|group| &group.unknown);
        let unknown = unknown.map(|(resource, _)| resource.clone());
        supply.resources = sold.chain(unknown).collect();
        supply.impostors = supply
            .offers
            .iter()
            .map(|offer| impostors(offer, &liars))
            .collect();
        supply.knowledge = supply.judge(self.assumed);
        supply
    }
}

impl Supply {
    /// Fills the columns, once all groups and nodes are known.
    fn fill(&mut self, groups: &HashMap<GroupKey, usize>, mut rows: Vec<Row>) {
        for (key, group) in groups {
            for (label, value) in &key.labels {
                let column = self.narrow.entry(label.clone());
                let column = column.or_insert_with(|| Column::new(groups.len()));
                column.set(*group, &Arc::from(value.as_str()));
            }
        }
        rows.sort_by_key(|row| row.group);
        self.names = Column::new(rows.len());
        let count = rows.len();
        for (at, row) in rows.into_iter().enumerate() {
            if let Some(group) = self.groups.get_mut(row.group) {
                group.nodes = match group.nodes.is_empty() {
                    true => at..at + 1,
                    false => group.nodes.start..at + 1,
                };
            }
            let name: Arc<str> = row.name.into();
            for (label, value) in row.wide {
                // A hostname is the node's name as a rule, and is kept once: there are thousands of nodes.
                let value = match *value == *name {
                    true => Arc::clone(&name),
                    false => value.into(),
                };
                let column = self.wide.entry(label);
                column.or_insert_with(|| Column::new(count)).set(at, &value);
            }
            self.names.set(at, &name);
        }
        self.names.order();
        self.wide.values_mut().for_each(Column::order);
    }

    fn judge(&self, assumed: bool) -> Knowledge {
        if assumed {
            Knowledge::Assumed
        } else if self.groups.is_empty() {
            Knowledge::NoGpuNodes
        } else if self.offers.is_empty() {
            Knowledge::AllUnknown
        } else {
            Knowledge::Known
        }
    }
}

/// A node, before its place among the others is known.
struct Row {
    group: usize,
    name: String,
    wide: Vec<(String, String)>,
}

#[derive(PartialEq, Eq, Hash)]
struct GroupKey {
    labels: Vec<(String, String)>,
    taints: Vec<Taint>,
    has_hostname: bool,
    available: bool,
    sold: Vec<Sold>,
    unknown: Vec<String>,
}

impl GroupKey {
    fn to_group(&self, unknown: Vec<(String, &'static str)>) -> Group {
        Group {
            taints: self.taints.clone(),
            has_hostname: self.has_hostname,
            available: self.available,
            sold: self.sold.clone(),
            unknown,
            nodes: 0..0,
        }
    }
}

type NodeReading = (GroupKey, Vec<(String, &'static str)>, Vec<(String, String)>);

fn read_node(
    node: &NodeView,
    unlabelled: Unlabelled,
    wide_keys: &HashSet<String>,
    offers: &mut Vec<Offer>,
    index: &mut HashMap<Offer, usize>,
) -> Option<NodeReading> {
    let (mut sold, mut unknown) = (Vec::new(), Vec::new());
    for (resource, quantity) in &node.allocatable {
        let count = Quantity::parse(quantity).map_or(0, |q| q.as_whole().unwrap_or(0));
        // A renamed resource leaves its old name behind with quantity 0.
        if count == 0 || !is_gpu_resource(resource) {
            continue;
        }
        match read::resource(&node.labels, resource, count, unlabelled) {
            Err(why) => unknown.push((resource.clone(), why)),
            Ok(offer) => {
                let offer = *index.entry(offer).or_insert_with_key(|offer| {
                    offers.push(offer.clone());
                    offers.len() - 1
                });
                sold.push(Sold { offer, count });
            }
        }
    }
    if sold.is_empty() && unknown.is_empty() {
        return None;
    }
    sold.sort_by_key(|s| s.offer);
    unknown.sort();
    let (wide, labels) = node
        .labels
        .iter()
        .map(|(k, v)| (k.clone(), v.clone()))
        .partition(|(k, _)| wide_keys.contains(k));
    let mut taints = node.taints.clone();
    taints.sort();
    let key = GroupKey {
        labels,
        taints,
        has_hostname: node.labels.contains_key(HOSTNAME),
        available: node.available,
        sold,
        unknown: unknown.iter().map(|(r, _)| r.clone()).collect(),
    };
    Some((key, unknown, wide))
}

fn wide_keys(nodes: &[NodeView]) -> HashSet<String> {
    let mut values: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for node in nodes {
        for (key, value) in &node.labels {
            let seen = values.entry(key).or_default();
            if seen.len() <= WIDE {
                seen.insert(value);
            }
        }
    }
    let always = [HOSTNAME, "nvidia.com/gfd.timestamp"].map(str::to_owned);
    values
        .into_iter()
        .filter(|(_, seen)| seen.len() > WIDE)
        .map(|(key, _)| key.to_owned())
        .chain(always)
        .collect()
}

impl Labels for BTreeMap<String, String> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}
