//! Why a resource of a node is unknown: texts that name the label, and the fix for an administrator.

use thiserror::Error;

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
        self.why
            .to_string()
            .replace("PREFIX", labels_of(&self.resource))
    }
}

/// Why a resource is unknown; `PREFIX` stands for the beginning of the resource's label keys.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the messages say what the variants mean")]
pub enum UnknownReason {
    #[error(
        "it is a virtual machine's vGPU, whose card others may use, and the policy's supply.vgpu is unknown"
    )]
    Vgpu,
    #[error("MPS on a vGPU that is a part of a card by the policy's supply.vgpu")]
    MpsOnVgpu,
    #[error("its labels describe GPUs, and it advertises none")]
    NoneAdvertised,
    #[error("the name is none that NVIDIA's device plugin gives, and no labels describe it")]
    OwnName,
    #[error(
        "it advertises more than its labels describe (nvidia.com/gpu.count, PREFIX.replicas): two models on one \
         node, or GPU feature discovery runs without the device plugin's sharing configuration"
    )]
    MoreThanLabelled,
    #[error("its label nvidia.com/gpu.product says that its MIG configuration is invalid")]
    MigInvalid,
    #[error(
        "its label nvidia.com/gpu.product is missing beside others of GPU feature discovery, so it may be a MIG \
         slice"
    )]
    NoProduct,
    #[error("a MIG slice, and the node has no label nvidia.com/gpu.product")]
    SliceUnlabelled,
    #[error("its label PREFIX.sharing-strategy is missing")]
    NoSharing,
    #[error(
        "its label PREFIX.sharing-strategy has a value that GPU feature discovery does not write"
    )]
    UnknownSharing,
    #[error("its label PREFIX.replicas is missing or no number")]
    NoReplicas,
    #[error("MPS, and its label PREFIX.memory is missing or no number, so no limit could be set")]
    NoMemory,
    #[error("its label PREFIX.replicas is 0: GPUs in MIG mode that are advertised whole")]
    MigAdvertisedWhole,
    #[error(
        "it is a share by its name, and its label PREFIX.sharing-strategy says none: GPU feature discovery runs \
         without the device plugin's sharing configuration"
    )]
    LabelledUnshared,
    #[error(
        "its label PREFIX.sharing-strategy says that it is shared, and PREFIX.replicas is below 2"
    )]
    SharedByOne,
    #[error(
        "its product label and its resource disagree on whether a share was renamed (-SHARED, .shared)"
    )]
    Renaming,
    #[error("MPS on MIG slices, which the device plugin does not support")]
    MpsOnSlices,
    #[error("its label PREFIX.replicas says more MPS replicas than the driver serves clients")]
    MpsClients,
    #[error("a share, and no labels say how it is shared")]
    SharedUnlabelled,
    #[error("no GFD labels, and the policy's supply.unlabelled is unknown")]
    Unlabelled,
    #[error("GKE shares or partitions its GPUs, or another device plugin serves them")]
    GkeShares,
    #[error("GKE's small G4 machines are parts of a GPU, and no label says which these are")]
    GkeParts,
    #[error(
        "it advertises more than its label eks.amazonaws.com/instance-gpu-count says: they are shared or \
         partitioned"
    )]
    EksShares,
    #[error(
        "its label eks.amazonaws.com/instance-gpu-memory is missing, so it may be a part of a GPU"
    )]
    EksNoMemory,
    #[error("its label eks.amazonaws.com/instance-gpu-memory says less than a whole GPU has")]
    EksPart,
}

impl UnknownReason {
    /// What an administrator has to do.
    pub const fn fix(self) -> &'static str {
        match self {
            Self::Vgpu => {
                "set supply.vgpu in the policy to what all vGPUs here are: time-slicing, mig or exclusive"
            }
            Self::MpsOnVgpu => {
                "do not share the vGPU once more, or, if it is a whole card, set supply.vgpu: exclusive in the policy"
            }
            Self::NoneAdvertised => {
                "see that the device plugin runs there; if NVIDIA's DRA driver advertises them, or for nodes to come, \
                 declare what is there under supply.pools in the policy"
            }
            Self::OwnName => {
                "advertise it under the device plugin's own name, with GPU feature discovery beside it"
            }
            Self::MoreThanLabelled => {
                "give each node GPUs of one model, and GPU feature discovery the same configuration as the device plugin"
            }
            Self::MigInvalid => {
                "have the MIG manager configure the node anew: \
                 kubectl label node NODE nvidia.com/mig.config=CONFIG --overwrite"
            }
            Self::NoProduct
            | Self::NoSharing
            | Self::UnknownSharing
            | Self::NoReplicas
            | Self::NoMemory => {
                "see that GPU feature discovery runs there and its labels are as it wrote them"
            }
            Self::SliceUnlabelled | Self::SharedUnlabelled => {
                "run GPU feature discovery beside the device plugin, with the same configuration"
            }
            Self::MigAdvertisedWhole => {
                "use MIG strategy mixed or single in the device plugin and in GPU feature discovery"
            }
            Self::LabelledUnshared | Self::SharedByOne | Self::Renaming => {
                "restart GPU feature discovery and the device plugin with the same configuration"
            }
            Self::MpsOnSlices => {
                "share slices by time-slicing: the device plugin does not run MPS on them"
            }
            Self::MpsClients => {
                "set replicas to at most 48 in the device plugin's configuration (16 before compute capability 7.5)"
            }
            Self::Unlabelled => {
                "run GPU feature discovery there (gfd.enabled in the device plugin's chart), or, if they are whole \
                 devices, set supply.unlabelled: exclusive in the policy"
            }
            Self::GkeShares
            | Self::GkeParts
            | Self::EksShares
            | Self::EksNoMemory
            | Self::EksPart => {
                "use nodes of whole GPUs, or declare what these are as one of the policy's supply.pools"
            }
        }
    }
}
