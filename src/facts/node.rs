//! The fields of a Node that say what it advertises and which pods it takes.

use serde::Deserialize;

use super::objects::ObjectMeta;
use super::text::{Pairs, Text};

/// A Node as `kubectl get nodes -o json` prints it, or a pool of the policy.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct Node<'a> {
    /// Name and labels.
    pub metadata: ObjectMeta<'a>,
    /// Taints and cordon.
    pub spec: Option<NodeSpec<'a>>,
    /// Allocatable resources and conditions.
    pub status: Option<NodeStatus<'a>>,
}

/// `spec` of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct NodeSpec<'a> {
    /// Taints that keep pods off.
    pub taints: Option<Vec<Taint<'a>>>,
    /// Cordoned.
    pub unschedulable: Option<bool>,
}

/// One taint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct Taint<'a> {
    /// The taint's key.
    pub key: Text<'a>,
    /// Compared by `Equal` tolerations.
    pub value: Option<Text<'a>>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Text<'a>,
}

/// `status` of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct NodeStatus<'a> {
    /// Resources that pods can request; only quantities above 0 are supply.
    pub allocatable: Option<Pairs<'a>>,
    /// Ready and others.
    pub conditions: Option<Vec<Condition<'a>>>,
}

/// One condition.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct Condition<'a> {
    /// `Ready`, `DiskPressure`, ...
    #[serde(rename = "type")]
    pub kind: Text<'a>,
    /// `True`, `False` or `Unknown`.
    pub status: Text<'a>,
}
