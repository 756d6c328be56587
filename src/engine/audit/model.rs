//! What an audit finds about nodes and their pods.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::gap::CoverageGap;
use crate::engine::supply::fleet::ImplausibleMemory;
use crate::engine::supply::{Offer, UnknownResource};
use crate::engine::vocabulary::policy::Mode;
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::Pod;

/// A pod on a node.
#[derive(Clone, Copy, Debug)]
pub struct PlacedPod<'a> {
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
    pub advertises: Vec<AdvertisedResource<'a>>,
    /// GPU resources nothing can be said about, and why.
    pub unknown: &'a [UnknownResource],
    /// Memory labels that cannot be right.
    pub implausible_memory: &'a [ImplausibleMemory],
    /// Whether new pods may come: it is there, neither cordoned nor being changed, and ready.
    pub takes_new_pods: bool,
    /// Whether it has the hostname label that anti-affinity counts by.
    pub has_hostname: bool,
    /// By boundary label, none for pods without: how many pods take a stock resource, and how many of them share.
    pub boundaries: BTreeMap<Option<&'a str>, PodCount>,
    /// Pods of two boundaries that share its devices, or may, if it runs such.
    pub breach: Option<Breach<'a>>,
}

/// One resource of a node.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisedResource<'a> {
    /// What it is.
    pub offer: &'a Offer,
    /// How many it has.
    pub count: u64,
    /// How many of them no pod holds.
    pub free: u64,
}

/// How many pods of a boundary are on a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodCount {
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
    pub placed: PlacedPod<'a>,
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
    pub has_valid_label: bool,
    /// What it holds.
    pub holds: Holding<'a>,
    /// Why the guarantee does not cover it; empty where it does.
    pub gaps: Vec<CoverageGap>,
}

impl NodeAudit<'_> {
    pub(super) fn take(&mut self, held: &BTreeMap<&str, u64>) {
        for advertises in &mut self.advertises {
            let taken = held.get(advertises.offer.resource.as_str());
            advertises.free = advertises.free.saturating_sub(taken.copied().unwrap_or(0));
        }
    }
}

impl PodAudit<'_> {
    /// Whether what it or its namespace says by now would give a new pod another boundary than its stamp gave it.
    pub fn has_drifted(&self) -> bool {
        self.has_valid_label && self.due.as_deref() != self.label
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
    Unknown(Option<&'a UnknownResource>),
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
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Slice => 1,
            Self::Unknown(_) => 2,
            Self::Gone { .. } => 3,
            Self::Share(_) => 4,
        }
    }
}

/// Pods of two boundaries that share the devices of one node, or may.
#[derive(Debug)]
pub struct Breach<'a> {
    /// Whether it is known that all of them share devices; else nobody can say it of some.
    pub is_certain: bool,
    /// All such pods of the node, each with the boundary it is of.
    pub pods: Vec<Neighbour<'a>>,
}

/// One of the pods that share a node's devices, or may.
#[derive(Debug)]
pub struct Neighbour<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The label it carries.
    pub label: Option<&'a str>,
    /// The boundary it is of, whatever its label says.
    pub boundary: String,
}

impl Breach<'_> {
    /// The boundaries, each once.
    pub fn boundaries(&self) -> BTreeSet<&str> {
        self.pods.iter().map(|p| p.boundary.as_str()).collect()
    }
}
