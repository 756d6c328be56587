//! The type of a SharingPolicy. Reader, schema and CustomResourceDefinition come from it.
//!
//! `kubectl explain` shows a field's comment. A message about a missing field shows it too.

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cel_rules::{
    is_a_toleration, keeps_its_promise, knows_the_rules, names_a_tier, only_once,
};
use super::enums::{Enum, HideGpus, Packing};
use super::formats::{
    Amount, Bytes, DnsLabel, Filled, Key, KeyOrNothing, LabelText, LabelValue, Name, Part, Seconds,
    Text,
};
use crate::engine::rules;
use crate::engine::vocabulary::{
    BoundaryNames, BoundaryPlacement, CoTenancy, ForeignSystem, Isolation, Mode, Outsiders,
    Severity, Strategy, Unlabelled, Vgpu,
};

/// The group of slicegate's own kinds.
pub const GROUP: &str = "slicegate.dev";
/// Their version.
pub const VERSION: &str = "v1alpha1";
/// Group and version as in an object.
pub(super) const API_VERSION: &str = "slicegate.dev/v1alpha1";
/// The policy's kind.
pub const KIND: &str = "SharingPolicy";
/// The policy's collection.
pub const PLURAL: &str = "sharingpolicies";

/// The name of the only policy that counts in a cluster, and of a file that gives no name.
pub(super) const DEFAULT_NAME: &str = "default";
/// The most characters of a condition's message, as for every condition in Kubernetes.
pub(super) const LONGEST_MESSAGE: usize = 32_768;

/// What it says; absent fields have the built-in policy's values.
#[derive(CustomResource, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "slicegate.dev",
    version = "v1alpha1",
    kind = "SharingPolicy",
    plural = "sharingpolicies",
    doc = "How GPUs may be shared. Only the object named default counts.",
    status = "SharingPolicyStatus",
    label("app.kubernetes.io/name", "slicegate"),
    printcolumn = r#"{"name": "Mode", "type": "string", "description": "The most any namespace gets", "jsonPath": ".spec.mode"}"#,
    printcolumn = r#"{"name": "Accepted", "type": "string", "description": "Whether it is in force", "jsonPath": ".status.conditions[?(@.type==\"Accepted\")].status"}"#,
    printcolumn = r#"{"name": "Reason", "type": "string", "description": "Why, or why not", "jsonPath": ".status.conditions[?(@.type==\"Accepted\")].reason"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#,
    // Only with -o wide: most policies have none.
    printcolumn = r#"{"name": "Default-Tier", "type": "string", "description": "The tier of pods that name none", "jsonPath": ".spec.defaultTier", "priority": 1}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [names_a_tier()]))]
pub(super) struct SharingPolicySpec {
    /// The most any namespace gets; enforce by default.
    pub mode: Enum<Mode>,
    /// What a namespace gets that does not say slicegate.dev/mode; "off" by default.
    pub namespace_default: Enum<Mode>,
    /// The tier of pods and namespaces that name none; without one they keep their whole GPU.
    pub default_tier: Option<Text<DnsLabel>>,
    /// Whether a pod may leave with slicegate.dev/mode: "off"; false by default.
    pub pod_opt_out: bool,
    /// What GPU pods get whose namespace is off or in dry-run: nothing (the default), or the boundary label.
    pub outsiders: Enum<Outsiders>,
    /// Whether namespaces may share a name that no namespace bears without being listed: no (listed, the default), or
    /// open.
    pub boundary_names: Enum<BoundaryNames>,
    /// Names of boundaries that only the listed namespaces may use.
    #[schemars(extend("x-kubernetes-validations" = [only_once("name")]))]
    pub boundaries: Vec<Boundary>,
    /// Other sharing systems that are left alone in enforced namespaces.
    #[schemars(extend("x-kubernetes-validations" = [only_once("")]))]
    pub foreign_sharing: Vec<Enum<ForeignSystem>>,
    /// The tiers pods may name. Absent means those of the built-in policy, empty means none.
    #[schemars(extend("x-kubernetes-validations" = [only_once("name")]))]
    pub tiers: Vec<Tier>,
    /// How pods are placed.
    pub placement: PlacementPolicy,
    /// How nodes are read.
    pub supply: Supply,
    /// What findings do, by the id of their rule; slicegate rules lists the ids and the defaults.
    #[schemars(extend("maxProperties" = rules::ALL.len(), "x-kubernetes-validations" = knows_the_rules()))]
    pub rules: BTreeMap<String, Enum<Severity>>,
}

/// A reserved name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Boundary {
    /// The boundary's name.
    pub name: Text<DnsLabel>,
    /// The namespaces that may use it.
    #[schemars(length(min = 1))]
    pub namespaces: Vec<Text<DnsLabel>>,
}

/// A promise to a class of pods.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = keeps_its_promise()))]
pub(super) struct Tier {
    /// The name pods will use.
    pub name: Text<DnsLabel>,
    /// The least the tier accepts.
    pub isolation: Enum<Isolation>,
    /// A list of strategies in order of preference; none weaker than isolation.
    #[schemars(length(min = 1), extend("x-kubernetes-validations" = [only_once("")]))]
    pub strategies: Vec<Enum<Strategy>>,
    /// Who may be a neighbour below hardware isolation: pods of the same boundary (the default), or any.
    #[serde(default)]
    pub co_tenancy: Enum<CoTenancy>,
    /// What is asked for pods that do not say, for each device; both are met where both are given.
    #[serde(default)]
    pub share: Share,
    /// The user id written into MPS pods that set none: an MPS server serves one at a time.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub run_as_user: Option<u32>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub(super) struct Share {
    /// Memory on the device, such as 18Gi.
    pub memory: Option<Text<Bytes>>,
    /// A part of a device, such as "0.25".
    pub fraction: Option<Text<Part>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlacementPolicy {
    /// What keeps boundaries on different nodes: a pod's anti-affinity (the default), or a label of the node that you set.
    pub boundary: Enum<BoundaryPlacement>,
    /// Whether nodes that already run shares of the same boundary are preferred; they are by default.
    pub packing: Enum<Packing>,
    /// Shared pods use one of these; default-scheduler alone by default.
    #[schemars(length(min = 1))]
    pub schedulers: Vec<Text<Filled>>,
    /// Whether containers without a GPU in rewritten pods are told to see none; they are by default.
    pub hide_gpus: Enum<HideGpus>,
    /// Added to every rewritten pod, besides one for the GPU nodes' own taint.
    pub tolerations: Vec<Toleration>,
    /// What the names or handlers of runtime classes begin with whose pods cannot reach their node's MPS daemon; kata,
    /// gvisor and runsc by default.
    pub sandboxes: Vec<Text<Filled>>,
}

/// A toleration, as in a pod.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = is_a_toleration()))]
pub(super) struct Toleration {
    /// The key of a taint; none with operator Exists means every taint.
    pub key: Option<Text<KeyOrNothing>>,
    /// Equal (the default) compares the value.
    #[schemars(extend("enum" = ["Exists", "Equal", ""]))]
    pub operator: Option<String>,
    /// What Equal compares with.
    pub value: Option<Text<LabelText>>,
    /// Which effect; none means every one.
    #[schemars(extend("enum" = ["NoSchedule", "PreferNoSchedule", "NoExecute", ""]))]
    pub effect: Option<String>,
    /// How long NoExecute is put up with; for ever without it.
    pub toleration_seconds: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Supply {
    /// What a GPU node is taken for that carries no labels of GPU feature discovery; unknown by default.
    pub unlabelled: Enum<Unlabelled>,
    /// What a virtual machine's vGPU is taken for, whose card other machines may use too; unknown by default.
    pub vgpu: Enum<Vgpu>,
    /// How long the shape of a node that has gone still counts, such as 24h, the default.
    pub remember: Text<Seconds>,
    /// Nodes that are not there yet, such as a pool scaled to zero.
    #[schemars(extend("x-kubernetes-validations" = [only_once("name")]))]
    pub pools: Vec<Pool>,
}

/// Nodes of one shape, read like a Node.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Pool {
    /// A name for messages.
    pub name: Text<Name>,
    /// The labels a node will carry.
    #[serde(default)]
    pub labels: BTreeMap<String, Text<LabelValue>>,
    /// What a node offers, such as {nvidia.com/gpu: 8}.
    #[schemars(extend("minProperties" = 1))]
    pub allocatable: BTreeMap<String, Text<Amount>>,
    /// The taints a node will carry.
    #[serde(default)]
    pub taints: Vec<Taint>,
}

/// A taint.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Taint {
    /// The taint's key.
    pub key: Text<Key>,
    /// Its value; none by default.
    pub value: Option<Text<LabelText>>,
    /// What the taint does.
    #[schemars(extend("enum" = ["NoSchedule", "PreferNoSchedule", "NoExecute"]))]
    pub effect: String,
}

/// Written by slicegate.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct SharingPolicyStatus {
    /// Accepted says whether the policy is in force, and if not why.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    conditions: Vec<Condition>,
}

// With the limits that Kubernetes gives every condition.
/// One thing that is so or not.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Condition {
    /// What is so or not: Accepted.
    #[schemars(length(max = 316))]
    r#type: String,
    /// Whether it is.
    #[schemars(extend("enum" = ["True", "False", "Unknown"]))]
    status: String,
    /// The metadata.generation this is about.
    #[schemars(range(min = 0))]
    observed_generation: Option<i64>,
    /// Since when status is what it is.
    #[schemars(extend("format" = "date-time"))]
    last_transition_time: String,
    /// InForce, Invalid or NotDefault.
    #[schemars(
        length(min = 1, max = 1024),
        regex(pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    )]
    reason: String,
    /// Everything that is wrong, a line each.
    #[schemars(length(max = LONGEST_MESSAGE))]
    message: String,
}
