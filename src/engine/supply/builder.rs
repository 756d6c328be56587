//! Groups equal nodes, and puts their labels into columns.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::columns::Column;
use super::fleet::{Advertised, Group, ImplausibleMemory, Knowledge, Supply};
use super::labels;
use super::node::{NodeView, Presence, Taint};
use super::offer::{Identity, Offer};
use super::why::{UnknownReason, UnknownResource};
use crate::engine::supply::device_plugin;
use crate::engine::supply::device_plugin::mislabelled::{MislabelledNode, names_by_offer};
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
        let keys = self.nodes.iter().flat_map(|n| n.labels.keys());
        let mut supply = Supply {
            keys: keys.cloned().collect(),
            ..Supply::default()
        };
        let wide_keys = wide_keys(&self.nodes);
        let mut offers = HashMap::new();
        let mut groups: HashMap<GroupKey, usize> = HashMap::new();
        let (mut rows, mut mislabelled, mut inflated) = (Vec::new(), Vec::new(), Vec::new());
        for node in self.nodes {
            let reading = read_node(
                &node,
                self.declared,
                &wide_keys,
                &mut supply.offers,
                &mut offers,
            );
            let Some((key, implausible_memory, wide)) = reading else {
                continue;
            };
            // A pool's nodes have no names yet, so no term can exclude them by name.
            if node.presence != Presence::Pool {
                let (advertised, offers) = (&key.advertised, &supply.offers);
                let of_resources =
                    MislabelledNode::of_resources(&node, advertised, &key.unknown, offers);
                mislabelled.extend(of_resources);
                inflated.extend(MislabelledNode::of_memory(&node, advertised, offers));
            }
            let group = *groups.entry(key).or_insert_with_key(|key| {
                supply.groups.push(key.to_group(implausible_memory));
                supply.groups.len() - 1
            });
            rows.push(Row {
                group,
                name: node.name,
                presence: node.presence,
                wide,
            });
        }
        supply.fill(&groups, rows);
        supply.locate();
        let unknown = supply.groups.iter().flat_map(|group| &group.unknown);
        let advertised = supply.offers.iter().map(|offer| &offer.resource);
        let resources = advertised.chain(unknown.map(|unknown| &unknown.resource));
        supply.resources = resources.cloned().collect();
        let by_offer = |nodes: &[MislabelledNode]| {
            let offers = supply.offers.iter().enumerate();
            offers
                .map(|(at, offer)| names_by_offer(at, offer, nodes))
                .collect()
        };
        let (mislabelled, inflated) = (by_offer(&mislabelled), by_offer(&inflated));
        (supply.mislabelled, supply.inflated) = (mislabelled, inflated);
        supply.knowledge = if self.assumed {
            Knowledge::Assumed
        } else if supply.groups.is_empty() {
            Knowledge::NoGpuNodes
        } else if supply.offers.is_empty() {
            Knowledge::AllUnknown
        } else {
            Knowledge::Known
        };
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
        let count = rows.len();
        self.names = Column::new(count);
        for (at, row) in rows.into_iter().enumerate() {
            if let Some(group) = self.groups.get_mut(row.group) {
                if group.nodes.is_empty() {
                    group.nodes.start = at;
                }
                group.nodes.end = at + 1;
            }
            let name: Arc<str> = row.name.into();
            for (label, value) in row.wide {
                // The hostname usually equals the node's name, so both share one text: there are thousands of nodes.
                let value = if *value == *name {
                    Arc::clone(&name)
                } else {
                    value.into()
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
            ..Group::default()
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
    let (mut advertised, mut unknown) = (Vec::new(), Vec::new());
    let mut implausible_memory = Vec::new();
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
        let why = match device_plugin::resource(&node.labels, GPU, 0, declared) {
            Err(why @ (UnknownReason::MigInvalid | UnknownReason::MpsClients)) => why,
            _ => UnknownReason::NoneAdvertised,
        };
        unknown.push(UnknownResource {
            resource: GPU.to_owned(),
            count: labels::number(&node.labels, "nvidia.com/gpu.count").unwrap_or(u64::MAX),
            why,
        });
    }
    advertised.sort_by_key(|s| s.offer);
    unknown.sort();
    let labels = node.labels.clone().into_iter();
    let (wide, labels) = labels.partition(|(key, _)| wide_keys.contains(key));
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
    let problem = ImplausibleMemory { label, value };
    gfd.memory_label.is_none().then_some(problem)
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
    values.retain(|_, seen| seen.len() > WIDE);
    let always = [HOSTNAME, "nvidia.com/gfd.timestamp"];
    let keys = values.into_keys().chain(always);
    keys.map(str::to_owned).collect()
}
