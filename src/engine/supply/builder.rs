//! Groups equal nodes, and puts their labels into columns.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::columns::Column;
use super::fleet::{Advertised, Group, ImplausibleMemory, Knowledge, Supply};
use super::labels::{self, Labels};
use super::node::{NodeView, Presence, Taint};
use super::offer::{Identity, Offer};
use super::places::ByKind;
use super::why::{UnknownReason, UnknownResource};
use crate::engine::supply::device_plugin;
use crate::engine::supply::device_plugin::mislabelled::{MislabelledNodes, mislabelled};
use crate::engine::vocabulary::names::{GPU, HOSTNAME, is_gpu_resource};
use crate::engine::vocabulary::{Declared, Quantity};

/// A label key with more distinct values than this does not tell groups apart.
const WIDE: usize = 16;

/// Collects nodes into a [`Supply`].
#[derive(Debug)]
pub struct FleetBuilder {
    declared: Declared,
    assumed: bool,
    nodes: Vec<NodeView>,
}

impl FleetBuilder {
    /// An empty fleet.
    pub fn new(declared: Declared) -> Self {
        Self {
            declared,
            assumed: false,
            nodes: Vec::new(),
        }
    }

    /// Marks the fleet as assumed: it is not read from a cluster.
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
            mislabelled: Vec::new(),
            inflated: Vec::new(),
            groups: Vec::new(),
            knowledge: Knowledge::Known,
            keys,
            resources: HashSet::new(),
            narrow: HashMap::new(),
            wide: HashMap::new(),
            names: Column::default(),
            is_present: Vec::new(),
            places: ByKind::default(),
        };
        let mut offers = HashMap::new();
        let mut groups: HashMap<GroupKey, usize> = HashMap::new();
        let mut rows: Vec<Row> = Vec::new();
        let (mut nodes, mut inflated): (Vec<MislabelledNodes>, Vec<MislabelledNodes>) =
            Default::default();
        for node in self.nodes {
            let Some((key, implausible_memory, wide)) = read_node(
                &node,
                self.declared,
                &wide_keys,
                &mut supply.offers,
                &mut offers,
            ) else {
                continue;
            };
            // A pool's nodes have no names yet, so no term can exclude them by name.
            if node.presence != Presence::Pool {
                nodes.extend(MislabelledNodes::of(
                    &node,
                    &key.advertised,
                    &key.unknown,
                    &supply.offers,
                ));
                inflated.extend(MislabelledNodes::of_memory(
                    &node,
                    &key.advertised,
                    &supply.offers,
                ));
            }
            let group = *groups.entry(key).or_insert_with_key(|key| {
                supply.groups.push(key.to_group(implausible_memory));
                supply.groups.len() - 1
            });
            let (name, presence) = (node.name, node.presence);
            rows.push(Row {
                group,
                name,
                presence,
                wide,
            });
        }
        supply.fill(&groups, rows);
        supply.locate();
        let advertised = supply.offers.iter().map(|offer| offer.resource.clone());
        let unknown = supply.groups.iter().flat_map(|group| &group.unknown);
        let unknown = unknown.map(|unknown| unknown.resource.clone());
        supply.resources = advertised.chain(unknown).collect();
        let offers = || supply.offers.iter().enumerate();
        supply.mislabelled = offers().map(|(at, o)| mislabelled(at, o, &nodes)).collect();
        supply.inflated = offers()
            .map(|(at, o)| mislabelled(at, o, &inflated))
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
                // The hostname usually equals the node's name, so both share one text: there are thousands of nodes.
                let value = match *value == *name {
                    true => Arc::clone(&name),
                    false => value.into(),
                };
                let column = self.wide.entry(label);
                column.or_insert_with(|| Column::new(count)).set(at, &value);
            }
            self.names.set(at, &name);
            self.is_present.push(row.presence == Presence::There);
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

/// A node whose row is not assigned yet.
struct Row {
    group: usize,
    name: String,
    presence: Presence,
    wide: Vec<(String, String)>,
}

#[derive(PartialEq, Eq, Hash)]
struct GroupKey {
    labels: Vec<(String, String)>,
    taints: Vec<Taint>,
    has_hostname: bool,
    available: bool,
    advertised: Vec<Advertised>,
    unknown: Vec<UnknownResource>,
}

impl GroupKey {
    fn to_group(&self, implausible_memory: Vec<ImplausibleMemory>) -> Group {
        Group {
            taints: self.taints.clone(),
            has_hostname: self.has_hostname,
            available: self.available,
            advertised: self.advertised.clone(),
            unknown: self.unknown.clone(),
            implausible_memory,
            places: ByKind::default(),
            nodes: 0..0,
        }
    }
}

type NodeReading = (GroupKey, Vec<ImplausibleMemory>, Vec<(String, String)>);

fn read_node(
    node: &NodeView,
    declared: Declared,
    wide_keys: &HashSet<String>,
    offers: &mut Vec<Offer>,
    index: &mut HashMap<Offer, usize>,
) -> Option<NodeReading> {
    let (mut advertised, mut unknown, mut implausible_memory) =
        (Vec::new(), Vec::new(), Vec::new());
    for (resource, quantity) in &node.allocatable {
        let count = Quantity::parse(quantity).map_or(0, |q| q.as_whole().unwrap_or(0));
        // A renamed resource leaves its old name behind with quantity 0.
        if count == 0 || !is_gpu_resource(resource) {
            continue;
        }
        match device_plugin::resource(&node.labels, resource, count, declared) {
            Err(why) => unknown.push(UnknownResource {
                resource: resource.clone(),
                count,
                why,
            }),
            Ok(offer) => {
                implausible_memory.extend(memory_problem(&node.labels, &offer));
                let offer = *index.entry(offer).or_insert_with_key(|offer| {
                    offers.push(offer.clone());
                    offers.len() - 1
                });
                advertised.push(Advertised { offer, count });
            }
        }
    }
    if advertised.is_empty() && unknown.is_empty() {
        if !device_plugin::is_described(&node.labels) {
            return None;
        }
        // The device plugin refuses some configurations; the labels then say why it advertises nothing.
        let refused = device_plugin::resource(&node.labels, GPU, 0, declared).err();
        let refused = refused
            .filter(|why| matches!(why, UnknownReason::MigInvalid | UnknownReason::MpsClients));
        unknown.push(UnknownResource {
            resource: GPU.to_owned(),
            count: labels::number(&node.labels, "nvidia.com/gpu.count").unwrap_or(u64::MAX),
            why: refused.unwrap_or(UnknownReason::HandsOutNone),
        });
    }
    advertised.sort_by_key(|s| s.offer);
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
        advertised,
        unknown,
    };
    Some((key, implausible_memory, wide))
}

/// The memory label of an offer, if it is set and its value is impossible.
fn memory_problem(labels: &BTreeMap<String, String>, offer: &Offer) -> Option<ImplausibleMemory> {
    let Identity::Gfd(gfd) = &offer.identity else {
        return None;
    };
    let label = format!("{}.memory", gfd.prefix);
    let value = labels.get(&label).filter(|value| *value != "0")?.clone();
    gfd.memory_label
        .is_none()
        .then_some(ImplausibleMemory { label, value })
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
