//! The fields of a Pod that a decision may read. Their names and meanings are those of core/v1.

mod place;
mod reading;

use serde::Deserialize;

use super::text::{Pairs, Text};
use crate::json::{Cut, Kept, Raw};

pub use place::{ArgumentList, ContainerKind, Place};

/// A Pod, or the template of a workload: both have `metadata` and `spec`.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct Pod<'a> {
    /// Absent in a template that has none; a patch then has to make it.
    pub metadata: Option<Metadata<'a>>,
    /// Absent only in an object the API server refuses.
    pub spec: Option<Spec<'a>>,
    /// What was left out when it was read, because it is more than any real pod has.
    #[serde(skip)]
    pub cut: Cut,
}

/// `metadata` of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct Metadata<'a> {
    /// Empty when the API server is still to make it from `generate_name`.
    pub name: Option<Text<'a>>,
    /// The prefix controllers use.
    pub generate_name: Option<Text<'a>>,
    /// May be absent at admission. The namespace of the request counts.
    pub namespace: Option<Text<'a>>,
    /// Written by users, and by slicegate in a first pass.
    pub labels: Option<Pairs<'a>>,
    /// They hold the request for a share.
    pub annotations: Option<Pairs<'a>>,
    /// Anyone who may create a pod may write these.
    pub owner_references: Option<Vec<OwnerReference<'a>>>,
}

/// An owner that the pod names.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct OwnerReference<'a> {
    /// Group and version, `apps/v1`.
    pub api_version: Option<Text<'a>>,
    /// `DaemonSet`, `MPIJob`, ...
    pub kind: Option<Text<'a>>,
    /// Its name.
    pub name: Option<Text<'a>>,
    /// Different for a later object of the same name.
    pub uid: Option<Text<'a>>,
    /// Whether this owner is the managing controller.
    pub controller: Option<bool>,
}

/// `spec` of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct Spec<'a> {
    /// Run together, after the init containers.
    pub containers: Option<Vec<Container<'a>>>,
    /// Run one after the other; with `restartPolicy: Always` they are sidecars.
    pub init_containers: Option<Vec<Container<'a>>>,
    /// Debug containers; they cannot request resources, but have their own environment.
    pub ephemeral_containers: Option<Vec<Container<'a>>>,
    /// All must match.
    pub node_selector: Option<Pairs<'a>>,
    /// Node affinity is read, pod affinity only kept.
    pub affinity: Option<Affinity<'a>>,
    /// The union is what the pod tolerates.
    pub tolerations: Option<Vec<Toleration<'a>>>,
    /// If it is set, the scheduler is skipped.
    pub node_name: Option<Text<'a>>,
    /// Absent means `default-scheduler`.
    pub scheduler_name: Option<Text<'a>>,
    /// Reasons why the scheduler does not consider the pod yet.
    pub scheduling_gates: Option<Vec<SchedulingGate<'a>>>,
    /// Which container runtime handler runs the pod.
    pub runtime_class_name: Option<Text<'a>>,
    /// Quotas may count pods by it.
    pub priority_class_name: Option<Text<'a>>,
    /// Resources of the pod as a whole. If they are set, they alone decide the QoS class.
    pub resources: Option<Resources<'a>>,
    /// Quotas may count pods that end by themselves apart.
    pub active_deadline_seconds: Option<i64>,
    /// Shares the node's process ids.
    #[serde(rename = "hostPID")]
    pub host_pid: Option<bool>,
    /// Shares the node's shared memory and semaphores.
    #[serde(rename = "hostIPC")]
    pub host_ipc: Option<bool>,
    /// Shares the node's network.
    pub host_network: Option<bool>,
    /// If `false`, the node maps the user ids of the pod to others.
    pub host_users: Option<bool>,
    /// Defaults for all containers.
    pub security_context: Option<SecurityContext<'a>>,
    /// Only host paths and claims are read.
    pub volumes: Option<Vec<Volume<'a>>>,
    /// Devices that Dynamic Resource Allocation assigns.
    pub resource_claims: Option<Vec<ResourceClaim<'a>>>,
}

/// One scheduling gate.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct SchedulingGate<'a> {
    /// Its name, unique in the pod.
    pub name: Option<Text<'a>>,
}

/// A container of any of the three lists.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct Container<'a> {
    /// Unique in the pod.
    pub name: Option<Text<'a>>,
    /// Raw text, because few rules need it.
    pub command: Option<Raw<'a>>,
    /// As `command`.
    pub args: Option<Raw<'a>>,
    /// In order. Of a repeated name the last one counts.
    pub env: Option<Vec<EnvVar<'a>>>,
    /// Whole config maps and secrets as environment; their content is not seen at admission.
    pub env_from: Option<Vec<EnvFrom<'a>>>,
    /// Limits, requests and claims.
    pub resources: Option<Resources<'a>>,
    /// Where volumes appear.
    pub volume_mounts: Option<Vec<VolumeMount<'a>>>,
    /// Beats the pod's.
    pub security_context: Option<SecurityContext<'a>>,
    /// `Always` on an init container makes it a sidecar.
    pub restart_policy: Option<Text<'a>>,
}

/// One environment variable.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct EnvVar<'a> {
    /// The variable's name.
    pub name: Option<Text<'a>>,
    /// Absent with `value_from`, and may be absent for the empty string.
    pub value: Option<Text<'a>>,
    /// Any source. Its value is not known at admission.
    pub value_from: Option<Raw<'a>>,
}

/// One `envFrom` entry.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct EnvFrom<'a> {
    /// Put before every key of the source.
    pub prefix: Option<Text<'a>>,
}

/// `resources` of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct Resources<'a> {
    /// The most that a container may use. Of extended resources it gets exactly this.
    pub limits: Option<Pairs<'a>>,
    /// For extended resources equal to the limits.
    pub requests: Option<Pairs<'a>>,
}

/// One volume mount.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct VolumeMount<'a> {
    /// The volume's name.
    pub name: Option<Text<'a>>,
    /// Where in the container.
    pub mount_path: Option<Text<'a>>,
    /// The part of the volume that is mounted. Absent means all of it.
    pub sub_path: Option<Text<'a>>,
    /// The same with `$(NAME)` for variables of the container. Only one of the two may be set.
    pub sub_path_expr: Option<Text<'a>>,
}

/// The parts of a security context that matter beside a GPU.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct SecurityContext<'a> {
    /// Every device of the node.
    pub privileged: Option<bool>,
    /// The user id; absent means the image decides.
    pub run_as_user: Option<i64>,
    /// Added capabilities.
    pub capabilities: Option<Capabilities<'a>>,
}

/// Linux capabilities a container adds.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct Capabilities<'a> {
    /// Names with or without `CAP_`.
    pub add: Option<Vec<Text<'a>>>,
}

/// One volume.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct Volume<'a> {
    /// The name that mounts refer to.
    pub name: Option<Text<'a>>,
    /// A path of the node.
    pub host_path: Option<HostPath<'a>>,
    /// A claim that outlives the pod and may be bound to a node.
    pub persistent_volume_claim: Option<Raw<'a>>,
}

/// A path of the node.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct HostPath<'a> {
    /// As written, not cleaned.
    pub path: Option<Text<'a>>,
}

/// One entry of `spec.resourceClaims`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct ResourceClaim<'a> {
    /// The name containers refer to it by.
    pub name: Option<Text<'a>>,
    /// A claim that exists.
    pub resource_claim_name: Option<Text<'a>>,
    /// A template from which the pod gets its own claim.
    pub resource_claim_template_name: Option<Text<'a>>,
}

/// One toleration.
#[derive(Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct Toleration<'a> {
    /// Empty with `Exists` tolerates everything.
    pub key: Option<Text<'a>>,
    /// `Equal` when absent.
    pub operator: Option<Text<'a>>,
    /// Compared with `Equal`.
    pub value: Option<Text<'a>>,
    /// Absent matches every effect.
    pub effect: Option<Text<'a>>,
}

/// `spec.affinity`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct Affinity<'a> {
    /// Which nodes.
    pub node_affinity: Option<NodeAffinity<'a>>,
    /// Beside which pods.
    pub pod_affinity: Option<PodAffinity<'a>>,
    /// Not beside which pods.
    pub pod_anti_affinity: Option<PodAffinity<'a>>,
}

/// `spec.affinity.nodeAffinity`. Preferences do not restrict, so they stay raw text.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct NodeAffinity<'a> {
    /// The requirement, if there is one.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector<'a>>,
    /// Soft terms, as raw text.
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    pub preferred: Option<Raw<'a>>,
}

/// A disjunction of terms.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct NodeSelector<'a> {
    /// Any one of these.
    pub node_selector_terms: Option<Vec<NodeTerm<'a>>>,
}

/// A term with its text, because a rewrite may have to repeat its unknown fields.
pub type NodeTerm<'a> = Kept<'a, NodeSelectorTerm<'a>>;

/// A conjunction of requirements; an empty one matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct NodeSelectorTerm<'a> {
    /// On labels.
    pub match_expressions: Option<Vec<Requirement<'a>>>,
    /// On `metadata.name` only.
    pub match_fields: Option<Vec<Requirement<'a>>>,
}

/// One requirement on a label or field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct Requirement<'a> {
    /// Label key, or `metadata.name`.
    pub key: Text<'a>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
    pub operator: Text<'a>,
    /// None for `Exists` and `DoesNotExist`, one for `Gt` and `Lt`.
    pub values: Option<Vec<Text<'a>>>,
}

/// Pod affinity or anti-affinity. Its terms are parsed on use.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct PodAffinity<'a> {
    /// Hard terms.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<Vec<Raw<'a>>>,
    /// Soft terms.
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    pub preferred: Option<Vec<Raw<'a>>>,
}
