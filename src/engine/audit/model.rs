//! What an audit finds about nodes and their pods.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::gap::CoverageGap;
use crate::engine::supply::{Group, Offer, UnknownResource};
use crate::engine::vocabulary::{Mode, Strategy};
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
    /// Its author set `nodeName`, so no scheduler placed it.
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
    /// What is known of it; none if it is unknown, or has no GPU.
    pub group: Option<&'a Group>,
    /// What it advertises.
    pub advertises: Vec<AdvertisedResource<'a>>,
    /// By boundary label, none for pods without one: how many pods take a stock resource, and how many share.
    pub boundaries: BTreeMap<Option<&'a str>, PodCount>,
    /// Pods of two boundaries that share its devices, or may share them.
    pub breach: Option<Breach<'a>>,
}

/// One resource of a node.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisedResource<'a> {
    /// What it is.
    pub offer: &'a Offer,
    /// How many it has.
    pub count: u64,
    /// How many are free.
    pub free: u64,
}

/// How many pods of a boundary are on a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodCount {
    /// Pods that take a stock resource.
    pub pods: usize,
    /// Pods that share a device.
    pub sharing: usize,
    /// Pods that share a device, or may share one.
    pub may_share: usize,
}

/// One pod that takes a stock resource.
#[derive(Debug)]
pub struct PodAudit<'a> {
    /// The pod and its node.
    pub placed: PlacedPod<'a>,
    /// What applies in its namespace.
    pub mode: Mode,
    /// Its boundary label.
    pub label: Option<&'a str>,
    /// The label that a new pod like it would get now; none where its namespace may use no boundary.
    pub due: Option<Cow<'a, str>>,
    /// Whether its label is valid.
    pub has_valid_label: bool,
    /// What it holds.
    pub holding: Holding<'a>,
    /// Why the guarantee does not cover it; empty if it does.
    pub gaps: Vec<CoverageGap>,
}

impl PodAudit<'_> {
    /// Its boundary: the valid label, else the one that is due.
    pub fn boundary(&self) -> Option<&str> {
        let valid = self.label.filter(|_| self.has_valid_label);
        valid.or(self.due.as_deref())
    }

    /// Whether a new pod like it would get another boundary now.
    pub fn has_drifted(&self) -> bool {
        self.has_valid_label && self.due.as_deref() != self.label
    }
}

/// What a pod holds on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding<'a> {
    /// Whole devices.
    Whole,
    /// MIG slices that are not shared.
    Slice,
    /// A share of a device, which may have other users.
    Share(Strategy),
    /// The node no longer advertises it, or not as it was allocated: the device plugin may allocate the device to
    /// others.
    Gone {
        /// Whether the node shares devices now.
        shares_now: bool,
    },
    /// What the node advertises is unknown; none if the node itself is unknown or advertises nothing.
    Unknown(Option<&'a UnknownResource>),
}

impl Holding<'_> {
    /// Whether other pods of the node may be on the same device, as far as is known.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Share(_) | Self::Gone { shares_now: true })
    }

    /// Whether they may be, also because it is unknown.
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

    /// A pod with several devices counts as the one with the most sharing.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Slice => 1,
            Self::Unknown(_) => 2,
            Self::Gone { .. } => 3,
            Self::Share(_) => 4,
        }
    }
}

/// Pods of two boundaries that share the devices of one node, or may share them.
#[derive(Debug)]
pub struct Breach<'a> {
    /// Whether all of them certainly share devices.
    pub is_certain: bool,
    /// All such pods of the node.
    pub pods: Vec<Neighbour<'a>>,
}

/// One of these pods.
#[derive(Debug)]
pub struct Neighbour<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its boundary label.
    pub label: Option<&'a str>,
    /// Its boundary, which may differ from the label.
    pub boundary: String,
}

impl Breach<'_> {
    /// The distinct boundaries.
    pub fn boundaries(&self) -> BTreeSet<&str> {
        self.pods.iter().map(|p| p.boundary.as_str()).collect()
    }
}
