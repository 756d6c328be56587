//! The fields of a Pod that a decision may read; field names and meanings are core/v1's.

mod place;
mod reading;

use serde::Deserialize;

use super::text::{Pairs, Text};
use crate::json::{Cut, Kept, Raw};

pub use place::{ArgumentList, ContainerKind, Place};

/// A Pod, or the template of a workload: both have `metadata` and `spec`.
#[derive(Debug, Default, Deserialize)]
pub struct Pod<'a> {
    /// Absent in a template that has none; a patch then has to make it.
    #[serde(borrow, default)]
    pub metadata: Option<Metadata<'a>>,
    /// Absent only in an object the API server refuses.
    #[serde(borrow, default)]
    pub spec: Option<Spec<'a>>,
    /// What was left out when it was read, because it is more than any pod says.
    #[serde(skip)]
    pub cut: Cut,
}

/// `metadata` of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// Empty when the API server is still to make it from `generate_name`.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// The prefix controllers use.
    #[serde(borrow, default)]
    pub generate_name: Option<Text<'a>>,
    /// May be absent at admission; the request's own namespace counts.
    #[serde(borrow, default)]
    pub namespace: Option<Text<'a>>,
    /// User-written, and ours after a first pass.
    #[serde(borrow, default)]
    pub labels: Option<Pairs<'a>>,
    /// Annotations hold the request.
    #[serde(borrow, default)]
    pub annotations: Option<Pairs<'a>>,
    /// Anyone who may create a pod may write these.
    #[serde(borrow, default)]
    pub owner_references: Option<Vec<OwnerReference<'a>>>,
}

/// An owner that the pod names.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference<'a> {
    /// Group and version, `apps/v1`.
    #[serde(borrow, default)]
    pub api_version: Option<Text<'a>>,
    /// `DaemonSet`, `MPIJob`, ...
    #[serde(borrow, default)]
    pub kind: Option<Text<'a>>,
    /// Its name.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Tells it from another one of that name.
    #[serde(borrow, default)]
    pub uid: Option<Text<'a>>,
    /// Whether this owner is the managing controller.
    #[serde(default)]
    pub controller: Option<bool>,
}

/// `spec` of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec<'a> {
    /// Run together, after the init containers.
    #[serde(borrow, default)]
    pub containers: Option<Vec<Container<'a>>>,
    /// Run one after the other; with `restartPolicy: Always` they are sidecars.
    #[serde(borrow, default)]
    pub init_containers: Option<Vec<Container<'a>>>,
    /// Debug containers; they cannot request resources, but have their own environment.
    #[serde(borrow, default)]
    pub ephemeral_containers: Option<Vec<Container<'a>>>,
    /// All must match.
    #[serde(borrow, default)]
    pub node_selector: Option<Pairs<'a>>,
    /// Node affinity is read, pod affinity only kept.
    #[serde(borrow, default)]
    pub affinity: Option<Affinity<'a>>,
    /// The union is what the pod tolerates.
    #[serde(borrow, default)]
    pub tolerations: Option<Vec<Toleration<'a>>>,
    /// Set: the scheduler is skipped.
    #[serde(borrow, default)]
    pub node_name: Option<Text<'a>>,
    /// Absent means `default-scheduler`.
    #[serde(borrow, default)]
    pub scheduler_name: Option<Text<'a>>,
    /// Reasons that hold the pod back from the scheduler.
    #[serde(borrow, default)]
    pub scheduling_gates: Option<Vec<SchedulingGate<'a>>>,
    /// Which container runtime handler runs the pod.
    #[serde(borrow, default)]
    pub runtime_class_name: Option<Text<'a>>,
    /// What quotas may tell apart by.
    #[serde(borrow, default)]
    pub priority_class_name: Option<Text<'a>>,
    /// Of the pod as a whole; where it is there, it alone makes the pod's class of service.
    #[serde(borrow, default)]
    pub resources: Option<Resources<'a>>,
    /// Ends by itself, which quotas tell apart.
    #[serde(default)]
    pub active_deadline_seconds: Option<i64>,
    /// Shares the node's process ids.
    #[serde(rename = "hostPID", default)]
    pub host_pid: Option<bool>,
    /// Shares the node's shared memory and semaphores.
    #[serde(rename = "hostIPC", default)]
    pub host_ipc: Option<bool>,
    /// Shares the node's network.
    #[serde(default)]
    pub host_network: Option<bool>,
    /// `false`: user ids in the pod are others on the node.
    #[serde(default)]
    pub host_users: Option<bool>,
    /// Defaults for all containers.
    #[serde(borrow, default)]
    pub security_context: Option<SecurityContext<'a>>,
    /// Only host paths and claims are read.
    #[serde(borrow, default)]
    pub volumes: Option<Vec<Volume<'a>>>,
    /// Devices by DRA.
    #[serde(borrow, default)]
    pub resource_claims: Option<Vec<ResourceClaim<'a>>>,
}

/// One reason why the scheduler does not consider the pod yet.
#[derive(Debug, Default, Deserialize)]
pub struct SchedulingGate<'a> {
    /// Its name, unique in the pod.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
}

/// A container of any of the three lists.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container<'a> {
    /// Unique in the pod.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Read only by rules that need it, so it stays raw text until then.
    #[serde(borrow, default)]
    pub command: Option<Raw<'a>>,
    /// As `command`.
    #[serde(borrow, default)]
    pub args: Option<Raw<'a>>,
    /// In order; of a repeated name the last one counts.
    #[serde(borrow, default)]
    pub env: Option<Vec<EnvVar<'a>>>,
    /// Whole config maps and secrets as environment; their content is not seen at admission.
    #[serde(borrow, default)]
    pub env_from: Option<Vec<EnvFrom<'a>>>,
    /// Limits, requests and claims.
    #[serde(borrow, default)]
    pub resources: Option<Resources<'a>>,
    /// Where volumes appear.
    #[serde(borrow, default)]
    pub volume_mounts: Option<Vec<VolumeMount<'a>>>,
    /// Beats the pod's.
    #[serde(borrow, default)]
    pub security_context: Option<SecurityContext<'a>>,
    /// `Always` on an init container makes it a sidecar.
    #[serde(borrow, default)]
    pub restart_policy: Option<Text<'a>>,
}

/// One environment variable.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvVar<'a> {
    /// The variable's name.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Absent with `value_from`, or for the empty string.
    #[serde(borrow, default)]
    pub value: Option<Text<'a>>,
    /// Any source; what it yields is not known at admission.
    #[serde(borrow, default)]
    pub value_from: Option<Raw<'a>>,
}

/// One `envFrom` entry.
#[derive(Debug, Default, Deserialize)]
pub struct EnvFrom<'a> {
    /// Put before every key of the source.
    #[serde(borrow, default)]
    pub prefix: Option<Text<'a>>,
}

/// `resources` of a container.
#[derive(Debug, Default, Deserialize)]
pub struct Resources<'a> {
    /// What a container may use at most; for extended resources, what it gets.
    #[serde(borrow, default)]
    pub limits: Option<Pairs<'a>>,
    /// For extended resources equal to the limits.
    #[serde(borrow, default)]
    pub requests: Option<Pairs<'a>>,
}

/// One volume mount.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeMount<'a> {
    /// The volume's name.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Where in the container.
    #[serde(borrow, default)]
    pub mount_path: Option<Text<'a>>,
    /// What of the volume is mounted; all of it where this is absent.
    #[serde(borrow, default)]
    pub sub_path: Option<Text<'a>>,
    /// The same with `$(NAME)` for variables of the container; only one of the two may be there.
    #[serde(borrow, default)]
    pub sub_path_expr: Option<Text<'a>>,
}

/// The parts of a security context that matter beside a GPU.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext<'a> {
    /// Every device of the node.
    #[serde(default)]
    pub privileged: Option<bool>,
    /// The user id; absent means the image decides.
    #[serde(default)]
    pub run_as_user: Option<i64>,
    /// Added capabilities.
    #[serde(borrow, default)]
    pub capabilities: Option<Capabilities<'a>>,
}

/// Linux capabilities a container adds.
#[derive(Debug, Default, Deserialize)]
pub struct Capabilities<'a> {
    /// Names with or without `CAP_`.
    #[serde(borrow, default)]
    pub add: Option<Vec<Text<'a>>>,
}

/// One volume.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume<'a> {
    /// The name that mounts refer to.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// A path of the node.
    #[serde(borrow, default)]
    pub host_path: Option<HostPath<'a>>,
    /// A claim of its own life, which may be bound to a place.
    #[serde(borrow, default)]
    pub persistent_volume_claim: Option<Raw<'a>>,
}

/// A path of the node.
#[derive(Debug, Default, Deserialize)]
pub struct HostPath<'a> {
    /// As written, not cleaned.
    #[serde(borrow, default)]
    pub path: Option<Text<'a>>,
}

/// One entry of `spec.resourceClaims`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceClaim<'a> {
    /// The name containers refer to it by.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// A claim that exists.
    #[serde(borrow, default)]
    pub resource_claim_name: Option<Text<'a>>,
    /// A template from which the pod gets its own claim.
    #[serde(borrow, default)]
    pub resource_claim_template_name: Option<Text<'a>>,
}

/// One toleration.
#[derive(Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Toleration<'a> {
    /// Empty with `Exists` tolerates everything.
    #[serde(borrow, default)]
    pub key: Option<Text<'a>>,
    /// `Equal` when absent.
    #[serde(borrow, default)]
    pub operator: Option<Text<'a>>,
    /// Compared with `Equal`.
    #[serde(borrow, default)]
    pub value: Option<Text<'a>>,
    /// Absent matches every effect.
    #[serde(borrow, default)]
    pub effect: Option<Text<'a>>,
}

/// `spec.affinity`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Affinity<'a> {
    /// Which nodes.
    #[serde(borrow, default)]
    pub node_affinity: Option<NodeAffinity<'a>>,
    /// Beside which pods.
    #[serde(borrow, default)]
    pub pod_affinity: Option<PodAffinity<'a>>,
    /// Not beside which pods.
    #[serde(borrow, default)]
    pub pod_anti_affinity: Option<PodAffinity<'a>>,
}

/// `spec.affinity.nodeAffinity`; preferences do not restrict and are only known to be there.
#[derive(Debug, Default, Deserialize)]
pub struct NodeAffinity<'a> {
    /// The requirement, if there is one.
    #[serde(
        borrow,
        default,
        rename = "requiredDuringSchedulingIgnoredDuringExecution"
    )]
    pub required: Option<NodeSelector<'a>>,
    /// Soft terms, as they stand.
    #[serde(
        borrow,
        default,
        rename = "preferredDuringSchedulingIgnoredDuringExecution"
    )]
    pub preferred: Option<Raw<'a>>,
}

/// A disjunction of terms.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSelector<'a> {
    /// Any one of these.
    #[serde(borrow, default)]
    pub node_selector_terms: Option<Vec<NodeTerm<'a>>>,
}

/// A term, and its text, because a rewrite may have to repeat it unread fields and all.
pub type NodeTerm<'a> = Kept<'a, NodeSelectorTerm<'a>>;

/// A conjunction of requirements; an empty one matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeSelectorTerm<'a> {
    /// On labels.
    #[serde(borrow, default)]
    pub match_expressions: Option<Vec<Requirement<'a>>>,
    /// On `metadata.name` only.
    #[serde(borrow, default)]
    pub match_fields: Option<Vec<Requirement<'a>>>,
}

/// One requirement on a label or field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub struct Requirement<'a> {
    /// Label key, or `metadata.name`.
    #[serde(borrow, default)]
    pub key: Text<'a>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
    #[serde(borrow, default)]
    pub operator: Text<'a>,
    /// None for `Exists` and `DoesNotExist`, one for `Gt` and `Lt`.
    #[serde(borrow, default)]
    pub values: Option<Vec<Text<'a>>>,
}

/// Pod affinity or anti-affinity; terms stay text, they are only searched for our own.
#[derive(Debug, Default, Deserialize)]
pub struct PodAffinity<'a> {
    /// Hard terms.
    #[serde(
        borrow,
        default,
        rename = "requiredDuringSchedulingIgnoredDuringExecution"
    )]
    pub required: Option<Vec<Raw<'a>>>,
    /// Soft terms.
    #[serde(
        borrow,
        default,
        rename = "preferredDuringSchedulingIgnoredDuringExecution"
    )]
    pub preferred: Option<Vec<Raw<'a>>>,
}
