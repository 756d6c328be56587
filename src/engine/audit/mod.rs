//! Whether the boundary holds among the pods that are there now: which boundaries each node runs, and which pods the
//! guarantee does not cover.
//!
//! What counts is what a node really sells and what a pod's namespace may have, not what a label says: a label is
//! compared, as everywhere.

mod adopt;
mod closing;
mod cover;
mod neighbours;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::namespaces::Namespaces;
use super::outsider;
use super::policy::{Mode, Policy};
use super::question::{Question, Workload};
use super::runtime_classes::RuntimeClasses;
use super::strategy::Strategy;
use super::supply::{Group, Offer, Supply};
use super::words;
use crate::facts::Pod;

pub use adopt::{Adoption, adoption};
pub use closing::closes_nodes;
pub use cover::{Gap, Why};
pub use neighbours::{Breach, Neighbour};

/// What pods that are there are judged against.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The nodes.
    pub supply: &'a Supply,
    /// What namespaces' administrators said.
    pub namespaces: &'a Namespaces,
}

/// A pod on a node.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The node.
    pub node: &'a str,
    /// Its author named the node, so that no scheduler was asked.
    pub names_its_node: bool,
    /// The pod.
    pub pod: &'a Pod<'a>,
}

/// What is on the nodes.
#[derive(Debug)]
pub struct Audit<'a> {
    /// Every node with GPUs or with a GPU pod, by name.
    pub nodes: Vec<NodeAudit<'a>>,
    /// Every pod that takes a stock resource, in the order given.
    pub pods: Vec<PodAudit<'a>>,
}

/// One node.
#[derive(Debug)]
pub struct NodeAudit<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it sells, and how many of each.
    pub sells: Vec<(&'a Offer, u64)>,
    /// GPU resources nothing can be said about, and why.
    pub unknown: &'a [(String, &'static str)],
    /// Whether it has the hostname label that anti-affinity counts by.
    pub has_hostname: bool,
    /// By boundary label, none for pods without: how many pods take a stock resource, and how many of them share.
    pub boundaries: BTreeMap<Option<&'a str>, Count>,
    /// Shared pods of two boundaries, if it runs such.
    pub breach: Option<Breach<'a>>,
}

/// How many pods of a boundary are on a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that take a stock resource.
    pub pods: usize,
    /// Those of them that share a device.
    pub sharing: usize,
}

/// One pod that takes a stock resource.
#[derive(Debug)]
pub struct PodAudit<'a> {
    /// The pod and its node.
    pub placed: Placed<'a>,
    /// What applies in its namespace.
    pub mode: Mode,
    /// The boundary label it carries.
    pub label: Option<&'a str>,
    /// The boundary label its namespace and its own words give it; none where its namespace may have none.
    pub due: Option<Cow<'a, str>>,
    /// What it holds.
    pub holds: Holding,
    /// Why the guarantee does not cover it; empty where it does.
    pub gaps: Vec<Gap>,
}

/// What a pod holds on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Whole devices.
    Whole,
    /// MIG slices nobody else is on.
    Slice,
    /// A share of a device, which may have other users.
    Share(Strategy),
    /// What the node sold once and sells no more: its device plugin may hand the device to others.
    Gone {
        /// Whether the node shares devices now.
        shares_now: bool,
    },
    /// Nothing can be said about what the node sells.
    Unknown(&'static str),
}

impl Holding {
    /// Whether other pods of the node may be on the same device, as far as anybody can say.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Share(_) | Self::Gone { shares_now: true })
    }

    /// The word reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Slice => "slice",
            Self::Share(_) => "share",
            Self::Gone { .. } => "gone",
            Self::Unknown(_) => "unknown",
        }
    }

    /// A pod with several counts as the one of them that others are most on.
    fn rank(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Slice => 1,
            Self::Unknown(_) => 2,
            Self::Gone { .. } => 3,
            Self::Share(_) => 4,
        }
    }
}

/// Judges the pods that are on nodes. Those that take no stock resource are left out.
pub fn boundaries<'a>(judge: &Judge<'a>, placed: &[Placed<'a>]) -> Audit<'a> {
    let takes = placed.iter().filter(|p| outsider::takes_gpu(p.pod));
    let pods: Vec<PodAudit<'a>> = takes.map(|p| self::pod(judge, *p)).collect();
    let mut nodes = nodes(judge.supply);
    let mut sharing: BTreeMap<&str, Vec<&PodAudit<'a>>> = BTreeMap::new();
    for pod in &pods {
        let name = pod.placed.node;
        let node = nodes.entry(name).or_insert_with(|| missing(name));
        let count = node.boundaries.entry(pod.label).or_default();
        count.pods += 1;
        if pod.holds.is_shared() {
            count.sharing += 1;
            sharing.entry(name).or_default().push(pod);
        }
    }
    for (name, together) in sharing {
        if let Some(node) = nodes.get_mut(name) {
            node.breach = neighbours::breach(&together);
        }
    }
    Audit {
        nodes: nodes.into_values().collect(),
        pods,
    }
}

/// The question a decision about a pod that is there would answer.
fn question<'a>(judge: &Judge<'a>, namespace: &'a str, pod: &'a Pod<'a>) -> Question<'a> {
    Question {
        policy: judge.policy,
        supply: judge.supply,
        namespaces: judge.namespaces,
        // Nothing that is asked here depends on them.
        runtime_classes: RuntimeClasses::unknown(),
        namespace,
        pod,
        workload: Workload::Pod,
        user: None,
    }
}

fn pod<'a>(judge: &Judge<'a>, placed: Placed<'a>) -> PodAudit<'a> {
    let (mode, _) = judge.namespaces.mode(placed.namespace, judge.policy);
    let mut pod = PodAudit {
        placed,
        mode,
        label: placed.pod.label(words::TRUST_BOUNDARY),
        due: outsider::own_boundary(&question(judge, placed.namespace, placed.pod)),
        holds: holds(judge.supply, &placed),
        gaps: Vec::new(),
    };
    pod.gaps = cover::gaps(judge, &pod);
    pod
}

fn holds(supply: &Supply, placed: &Placed<'_>) -> Holding {
    let Some(group) = supply.group_of(placed.node) else {
        return Holding::Unknown("the node is not known, or sells no GPU");
    };
    let taken = outsider::taken(placed.pod).map(|resource| held(supply, group, resource));
    taken.max_by_key(|h| h.rank()).unwrap_or(Holding::Whole)
}

fn held(supply: &Supply, group: &Group, resource: &str) -> Holding {
    if let Some((_, why)) = group.unknown.iter().find(|(name, _)| name == resource) {
        return Holding::Unknown(why);
    }
    let mut offers = group.sold.iter().filter_map(|s| supply.offers.get(s.offer));
    let shares_now = offers.clone().any(|o| o.strategy.is_shared());
    match offers.find(|o| o.resource == resource).map(|o| o.strategy) {
        Some(Strategy::Exclusive) => Holding::Whole,
        Some(Strategy::Mig) => Holding::Slice,
        Some(shared) => Holding::Share(shared),
        None => Holding::Gone { shares_now },
    }
}

fn nodes(supply: &Supply) -> BTreeMap<&str, NodeAudit<'_>> {
    let mut nodes = BTreeMap::new();
    for group in &supply.groups {
        let sold = group.sold.iter();
        let sells: Vec<(&Offer, u64)> = sold
            .filter_map(|s| Some((supply.offers.get(s.offer)?, s.count)))
            .collect();
        // Pools are nodes that are not there yet; no node has a slash in its name.
        for name in supply.node_names(group).filter(|n| !n.contains('/')) {
            let node = NodeAudit {
                name,
                sells: sells.clone(),
                unknown: &group.unknown,
                has_hostname: group.has_hostname,
                boundaries: BTreeMap::new(),
                breach: None,
            };
            nodes.insert(name, node);
        }
    }
    nodes
}

/// A node that pods are on and that sells no GPU, or is not known.
fn missing(name: &str) -> NodeAudit<'_> {
    NodeAudit {
        name,
        sells: Vec::new(),
        unknown: &[],
        has_hostname: false,
        boundaries: BTreeMap::new(),
        breach: None,
    }
}
