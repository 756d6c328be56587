//! Why a resource of a node is unknown: texts that name the label, and the fix for an administrator.

use crate::engine::vocabulary::names::labels_of;

/// A GPU resource whose labels do not say what it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownResource {
    /// The resource.
    pub resource: String,
    /// How many of it a node has, or may have by its labels.
    pub count: u64,
    /// Why.
    pub why: UnknownReason,
}

impl UnknownResource {
    /// The reason, with the resource's own labels in it.
    pub fn message(&self) -> String {
        self.why.text().replace("{}", labels_of(&self.resource))
    }
}

/// Why a resource is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownReason {
    /// The policy does not declare vGPUs.
    Vgpu,
    /// A vGPU that is a part of a GPU, shared again by MPS.
    MpsOnVgpu,
    /// GFD's labels without a resource.
    HandsOutNone,
    /// A resource name that the device plugin does not use.
    OwnName,
    /// More devices than the labels describe.
    MoreThanLabelled,
    /// `-MIG-INVALID`.
    MigInvalid,
    /// Other labels of GFD, without a product label.
    NoProduct,
    /// A slice without labels.
    SliceUnlabelled,
    /// No `sharing-strategy`.
    NoSharing,
    /// A value that is none of GFD's three.
    UnknownSharing,
    /// No `replicas`, or no number.
    NoReplicas,
    /// MPS without `memory`.
    NoMemory,
    /// Replicas 0 of a GPU in MIG mode that is advertised whole.
    MigSoldWhole,
    /// Shared by its name, unshared by its labels.
    SaidUnshared,
    /// Shared by its labels, with one replica.
    SharedByOne,
    /// `-SHARED` and `.shared` at once, or neither.
    Renaming,
    /// MPS on MIG slices, which the device plugin refuses.
    MpsOnSlices,
    /// More MPS replicas than the driver serves clients.
    MpsClients,
    /// `.shared` without labels.
    SharedUnlabelled,
    /// No labels.
    Unlabelled,
    /// GKE labels the node as shared.
    GkeShares,
    /// GKE's G4 machines, which may have parts of a GPU.
    GkeParts,
    /// More devices than the EKS instance type has.
    EksShares,
    /// No memory label of EKS.
    EksNoMemory,
    /// Less memory than a whole GPU.
    EksPart,
}

impl UnknownReason {
    /// What to do about it.
    pub const fn fix(self) -> &'static str {
        self.words().1
    }

    /// The reason; `{}` stands for the beginning of the resource's label keys.
    const fn text(self) -> &'static str {
        self.words().0
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Vgpu => (
                "it is a virtual machine's vGPU, whose card others may use, and the policy's supply.vgpu is unknown",
                "set supply.vgpu in the policy to what all vGPUs here are: time-slicing, mig or exclusive",
            ),
            Self::MpsOnVgpu => (
                "MPS on a vGPU that is a part of a card by the policy's supply.vgpu",
                "do not share the vGPU once more, or, if it is a whole card, set supply.vgpu: exclusive in the policy",
            ),
            Self::HandsOutNone => (
                "its labels describe GPUs, and it hands out none",
                "see that the device plugin runs there; if NVIDIA's DRA driver hands them out, or for nodes to come, \
                 declare what is there under supply.pools in the policy",
            ),
            Self::OwnName => (
                "the name is none that NVIDIA's device plugin gives, and no labels describe it",
                "hand it out under the device plugin's own name, with GPU feature discovery beside it",
            ),
            Self::MoreThanLabelled => (
                "it hands out more than its labels describe (nvidia.com/gpu.count, {}.replicas): two models on one node, \
                 or GPU feature discovery runs without the device plugin's sharing configuration",
                "give each node GPUs of one model, and GPU feature discovery the same configuration as the device plugin",
            ),
            Self::MigInvalid => (
                "its label nvidia.com/gpu.product says that its MIG configuration is invalid",
                "have the MIG manager configure the node anew: kubectl label node NODE nvidia.com/mig.config=CONFIG --overwrite",
            ),
            Self::NoProduct => (
                "its label nvidia.com/gpu.product is missing beside others of GPU feature discovery, so it may be a MIG slice",
                LABELS,
            ),
            Self::SliceUnlabelled => (
                "a MIG slice, and the node has no label nvidia.com/gpu.product",
                "run GPU feature discovery beside the device plugin, with the same configuration",
            ),
            Self::NoSharing => ("its label {}.sharing-strategy is missing", LABELS),
            Self::UnknownSharing => (
                "its label {}.sharing-strategy has a value that GPU feature discovery does not write",
                LABELS,
            ),
            Self::NoReplicas => ("its label {}.replicas is missing or no number", LABELS),
            Self::NoMemory => (
                "MPS, and its label {}.memory is missing or no number, so no limit could be set",
                LABELS,
            ),
            Self::MigSoldWhole => (
                "its label {}.replicas is 0: GPUs in MIG mode that are sold whole",
                "use MIG strategy mixed or single in the device plugin and in GPU feature discovery",
            ),
            Self::SaidUnshared => (
                "it is a share by its name, and its label {}.sharing-strategy says none: GPU feature discovery runs \
                 without the device plugin's sharing configuration",
                CONFIGURATION,
            ),
            Self::SharedByOne => (
                "its label {}.sharing-strategy says that it is shared, and {}.replicas is below 2",
                CONFIGURATION,
            ),
            Self::Renaming => (
                "its product label and its resource disagree on whether a share was renamed (-SHARED, .shared)",
                CONFIGURATION,
            ),
            Self::MpsOnSlices => (
                "MPS on MIG slices, which the device plugin does not support",
                "share slices by time-slicing: the device plugin does not run MPS on them",
            ),
            Self::MpsClients => (
                "its label {}.replicas says more MPS replicas than the driver serves clients",
                "set replicas to at most 48 in the device plugin's configuration (16 before compute capability 7.5)",
            ),
            Self::SharedUnlabelled => (
                "a share, and no labels say how it is shared",
                "run GPU feature discovery beside the device plugin, with the same configuration",
            ),
            Self::Unlabelled => (
                "no GFD labels, and the policy's supply.unlabelled is unknown",
                "run GPU feature discovery there (gfd.enabled in the device plugin's chart), or, if they are whole \
                 devices, set supply.unlabelled: exclusive in the policy",
            ),
            Self::GkeShares => (
                "GKE shares or partitions its GPUs, or another device plugin serves them",
                POOL,
            ),
            Self::GkeParts => (
                "GKE's small G4 machines are parts of a GPU, and no label says which these are",
                POOL,
            ),
            Self::EksShares => (
                "it hands out more than its label eks.amazonaws.com/instance-gpu-count says: they are shared or partitioned",
                POOL,
            ),
            Self::EksNoMemory => (
                "its label eks.amazonaws.com/instance-gpu-memory is missing, so it may be a part of a GPU",
                POOL,
            ),
            Self::EksPart => (
                "its label eks.amazonaws.com/instance-gpu-memory says less than a whole GPU has",
                POOL,
            ),
        }
    }
}

const LABELS: &str =
    "see that GPU feature discovery runs there and its labels are as it wrote them";
const CONFIGURATION: &str =
    "restart GPU feature discovery and the device plugin with the same configuration";
const POOL: &str =
    "use nodes of whole GPUs, or declare what these are as one of the policy's supply.pools";
