//! A node as plain values.

use std::collections::BTreeMap;

/// A node, or a pool of future nodes.
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
    /// False for nodes that are cordoned, not ready, being reconfigured or gone; their offers rank last.
    pub available: bool,
    /// Whether it exists now.
    pub presence: Presence,
}

/// Whether a node exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It is in the cluster, cordoned or not.
    #[default]
    There,
    /// It was in the cluster recently; a node of that name may come back with other GPUs.
    Gone,
    /// It stands for future nodes, which have no names yet.
    Pool,
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
