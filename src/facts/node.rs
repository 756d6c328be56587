//! The fields of a Node that say what it advertises and which pods it takes.

use serde::Deserialize;

use super::text::{Pairs, Text};

/// A Node as `kubectl get nodes -o json` prints it, or a pool of the policy.
#[derive(Debug, Default, Deserialize)]
pub struct Node<'a> {
    /// Name and labels.
    #[serde(borrow, default)]
    pub metadata: NodeMetadata<'a>,
    /// Taints and cordon.
    #[serde(borrow, default)]
    pub spec: Option<NodeSpec<'a>>,
    /// Allocatable resources and conditions.
    #[serde(borrow, default)]
    pub status: Option<NodeStatus<'a>>,
}

/// `metadata` of a node.
#[derive(Debug, Default, Deserialize)]
pub struct NodeMetadata<'a> {
    /// The node's name.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// GPU Feature Discovery, the operator and the provider write here.
    #[serde(borrow, default)]
    pub labels: Option<Pairs<'a>>,
}

/// `spec` of a node.
#[derive(Debug, Default, Deserialize)]
pub struct NodeSpec<'a> {
    /// Taints that keep pods off.
    #[serde(borrow, default)]
    pub taints: Option<Vec<Taint<'a>>>,
    /// Cordoned.
    #[serde(default)]
    pub unschedulable: Option<bool>,
}

/// One taint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Taint<'a> {
    /// The taint's key.
    #[serde(borrow, default)]
    pub key: Text<'a>,
    /// Compared by `Equal` tolerations.
    #[serde(borrow, default)]
    pub value: Option<Text<'a>>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(borrow, default)]
    pub effect: Text<'a>,
}

/// `status` of a node.
#[derive(Debug, Default, Deserialize)]
pub struct NodeStatus<'a> {
    /// Resources that pods can request; only quantities above 0 are supply.
    #[serde(borrow, default)]
    pub allocatable: Option<Pairs<'a>>,
    /// Ready and others.
    #[serde(borrow, default)]
    pub conditions: Option<Vec<Condition<'a>>>,
}

/// One condition.
#[derive(Debug, Default, Deserialize)]
pub struct Condition<'a> {
    /// `Ready`, `DiskPressure`, ...
    #[serde(borrow, default, rename = "type")]
    pub kind: Text<'a>,
    /// `True`, `False` or `Unknown`.
    #[serde(borrow, default)]
    pub status: Text<'a>,
}
