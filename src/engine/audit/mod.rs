//! Whether the boundary holds among the pods that are there now: which boundaries each node runs, and which pods the
//! guarantee does not cover.
//!
//! What counts is what a node really sells, and a pod's stamp as far as its namespace may have what it says. What nobody
//! can tell is nowhere taken for good.

mod adopt;
mod closing;
mod cover;
mod markers;
mod neighbours;
#[cfg(test)]
mod tests;

use crate::engine::line::taking::taken;
use crate::engine::line::taking::takes_gpu;
use crate::engine::request::tenancy::own_boundary;
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::namespaces::Namespaces;
use super::supply::fleet::Doubted;
use super::supply::{Group, Offer, Supply, Unknown};
use crate::engine::line::input::{DecisionInput, Workload};
use crate::engine::placement::usage;
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::policy::{Mode, Policy};
use crate::engine::vocabulary::runtime_classes::RuntimeClasses;
use crate::engine::vocabulary::strategy::Strategy;
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
    /// What it sells.
    pub advertises: Vec<Sells<'a>>,
    /// GPU resources nothing can be said about, and why.
    pub unknown: &'a [Unknown],
    /// Memory labels that cannot be right.
    pub doubted: &'a [Doubted],
    /// Whether new pods may come: it is there, neither cordoned nor being changed, and ready.
    pub takes_new_pods: bool,
    /// Whether it has the hostname label that anti-affinity counts by.
    pub has_hostname: bool,
    /// By boundary label, none for pods without: how many pods take a stock resource, and how many of them share.
    pub boundaries: BTreeMap<Option<&'a str>, Count>,
    /// Pods of two boundaries that share its devices, or may, if it runs such.
    pub breach: Option<Breach<'a>>,
}

/// One resource of a node.
#[derive(Clone, Copy, Debug)]
pub struct Sells<'a> {
    /// What it is.
    pub offer: &'a Offer,
    /// How many it has.
    pub count: u64,
    /// How many of them no pod holds.
    pub free: u64,
}

/// How many pods of a boundary are on a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that take a stock resource.
    pub pods: usize,
    /// Those of them that share a device.
    pub sharing: usize,
    /// Those of them that share a device, or may.
    pub may_share: usize,
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
    /// The boundary it is of: what its stamp says, where its namespace may have that, else what it is due.
    pub boundary: Option<Cow<'a, str>>,
    /// The boundary label that it would be given by what its namespace and it say now; none where its namespace may
    /// have none.
    pub due: Option<Cow<'a, str>>,
    /// Whether the label is the one that counts.
    pub is_borne: bool,
    /// What it holds.
    pub holds: Holding<'a>,
    /// Why the guarantee does not cover it; empty where it does.
    pub gaps: Vec<Gap>,
}

impl NodeAudit<'_> {
    fn take(&mut self, held: &BTreeMap<&str, u64>) {
        for advertises in &mut self.advertises {
            let taken = held.get(advertises.offer.resource.as_str());
            advertises.free = advertises.free.saturating_sub(taken.copied().unwrap_or(0));
        }
    }
}

impl PodAudit<'_> {
    /// Whether what it or its namespace says by now would give a new pod another boundary than its stamp gave it.
    pub fn has_drifted(&self) -> bool {
        self.is_borne && self.due.as_deref() != self.label
    }
}

/// What a pod holds on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding<'a> {
    /// Whole devices.
    Whole,
    /// MIG slices nobody else is on.
    Slice,
    /// A share of a device, which may have other users.
    Share(Strategy),
    /// What the node no longer sells, or not in the way it was given: its device plugin may hand the device to others.
    Gone {
        /// Whether the node shares devices now.
        shares_now: bool,
    },
    /// Nothing can be said about what the node sells, or not even that it is there and sells something.
    Unknown(Option<&'a Unknown>),
}

impl Holding<'_> {
    /// Whether other pods of the node may be on the same device, as far as anybody can say.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Share(_) | Self::Gone { shares_now: true })
    }

    /// Whether they may be, because nobody can say that they are not.
    pub fn may_be_shared(self) -> bool {
        self.is_shared() || matches!(self, Self::Gone { .. } | Self::Unknown(_))
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
    let takes = placed.iter().filter(|p| takes_gpu(p.pod));
    let pods: Vec<PodAudit<'a>> = takes.map(|p| self::pod(judge, *p)).collect();
    let mut nodes = nodes(judge.supply);
    let mut sharing: BTreeMap<&str, Vec<&PodAudit<'a>>> = BTreeMap::new();
    for pod in &pods {
        let name = pod.placed.node;
        let node = nodes.entry(name).or_insert_with(|| missing(name));
        node.take(&usage::held(pod.placed.pod));
        let count = node.boundaries.entry(pod.label).or_default();
        count.pods += 1;
        if pod.holds.is_shared() {
            count.sharing += 1;
        }
        if pod.holds.may_be_shared() {
            count.may_share += 1;
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

/// Whether a pod's label counts, and what it or its namespace says by now would give a new one another.
pub fn has_drifted<'a>(judge: &Judge<'a>, namespace: &'a str, pod: &'a Pod<'a>) -> bool {
    markers::borne(judge, namespace, pod)
        .is_some_and(|label| own_boundary(&input(judge, namespace, pod)).as_deref() != Some(label))
}

/// The question a decision about a pod that is there would answer.
fn input<'a>(judge: &Judge<'a>, namespace: &'a str, pod: &'a Pod<'a>) -> DecisionInput<'a> {
    DecisionInput {
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
    let borne = markers::borne(judge, placed.namespace, placed.pod);
    let due = own_boundary(&input(judge, placed.namespace, placed.pod));
    let mut pod = PodAudit {
        placed,
        mode,
        label: placed.pod.label(names::TRUST_BOUNDARY),
        boundary: borne.map(Cow::Borrowed).or_else(|| due.clone()),
        due,
        is_borne: borne.is_some(),
        holds: holds(judge.supply, &placed),
        gaps: Vec::new(),
    };
    pod.gaps = cover::gaps(judge, &pod);
    pod
}

fn holds<'a>(supply: &'a Supply, placed: &Placed<'_>) -> Holding<'a> {
    let Some(group) = supply.group_of(placed.node) else {
        return Holding::Unknown(None);
    };
    let taken = taken(placed.pod).map(|resource| held(supply, group, resource));
    let holds = taken.max_by_key(|h| h.rank()).unwrap_or(Holding::Whole);
    // Shares and whole devices may be sold under one name.
    let given = placed.pod.label(names::STRATEGY);
    let given = given.and_then(Strategy::from_word);
    match holds {
        Holding::Whole | Holding::Slice if given.is_some_and(Strategy::is_shared) => {
            Holding::Gone {
                shares_now: shares_now(supply, group),
            }
        }
        holds => holds,
    }
}

fn shares_now(supply: &Supply, group: &Group) -> bool {
    let mut offers = group
        .advertised
        .iter()
        .filter_map(|s| supply.offers.get(s.offer));
    offers.any(|offer| offer.strategy.is_shared())
}

fn held<'a>(supply: &'a Supply, group: &'a Group, resource: &str) -> Holding<'a> {
    let mut unknown = group.unknown.iter();
    if let Some(unknown) = unknown.find(|unknown| unknown.resource == resource) {
        return Holding::Unknown(Some(unknown));
    }
    let mut offers = group
        .advertised
        .iter()
        .filter_map(|s| supply.offers.get(s.offer));
    match offers.find(|o| o.resource == resource).map(|o| o.strategy) {
        Some(Strategy::Exclusive) => Holding::Whole,
        Some(Strategy::Mig) => Holding::Slice,
        Some(shared) => Holding::Share(shared),
        None => Holding::Gone {
            shares_now: shares_now(supply, group),
        },
    }
}

fn nodes(supply: &Supply) -> BTreeMap<&str, NodeAudit<'_>> {
    let mut nodes = BTreeMap::new();
    for group in &supply.groups {
        let advertised = group.advertised.iter();
        let advertises: Vec<Sells<'_>> = advertised
            .filter_map(|s| {
                Some(Sells {
                    offer: supply.offers.get(s.offer)?,
                    count: s.count,
                    free: s.count,
                })
            })
            .collect();
        // Pools are nodes that are not there yet; no node has a slash in its name.
        for name in supply.node_names(group).filter(|n| !n.contains('/')) {
            let node = NodeAudit {
                name,
                advertises: advertises.clone(),
                unknown: &group.unknown,
                doubted: &group.doubted,
                takes_new_pods: group.available,
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
        advertises: Vec::new(),
        unknown: &[],
        doubted: &[],
        takes_new_pods: false,
        has_hostname: false,
        boundaries: BTreeMap::new(),
        breach: None,
    }
}
