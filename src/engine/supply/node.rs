//! A node as plain values.

use std::collections::BTreeMap;

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
    /// Whether a pod can be put on it now.
    pub presence: Presence,
}

/// Whether a node is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It is in the cluster, cordoned or not.
    #[default]
    There,
    /// It was in the cluster not long ago; a node of that name may come back as something else.
    Gone,
    /// It stands for nodes that are not there yet, and have no names.
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
