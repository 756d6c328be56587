//! The sharing policy as the decision uses it: valid once constructed, nothing re-checks it.
//!
//! [`crate::config::policy`] reads it from YAML or JSON and is the only place that makes one.

use std::collections::BTreeMap;

use crate::engine::vocabulary::fraction::Fraction;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::{CoTenancy, Isolation, Strategy};

/// One SharingPolicy, section 3 of the contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// `metadata.name`.
    pub name: String,
    /// Short hash of the document's meaning, written into receipts and metrics.
    pub hash: String,
    /// The most any namespace gets.
    pub mode: Mode,
    /// What a namespace without the mode annotation gets.
    pub namespace_default: Mode,
    /// The tier of pods and namespaces that name none; always the name of one of `tiers`.
    pub default_tier: Option<String>,
    /// Whether a pod's `mode: off` is honoured.
    pub pod_opt_out: bool,
    /// What GPU pods of namespaces that are off or in dry-run get.
    pub outsiders: Outsiders,
    /// Whether a name that no namespace bears may be claimed without being reserved.
    pub boundary_names: BoundaryNames,
    /// Boundary names only some namespaces may use.
    pub boundaries: Vec<NamedBoundary>,
    /// Sharing systems that are left alone in enforced namespaces.
    pub foreign_sharing: Vec<ForeignSystem>,
    /// In the order of the document; names are unique.
    pub tiers: Vec<Tier>,
    /// How pods are placed.
    pub placement: PlacementPolicy,
    /// How nodes are read.
    pub supply: SupplyPolicy,
    /// Severities that differ from the default.
    pub rules: BTreeMap<&'static str, Severity>,
}

impl Policy {
    /// The tier of that name.
    pub fn tier(&self, name: &str) -> Option<&Tier> {
        self.tiers.iter().find(|t| t.name == name)
    }

    /// What a finding of this rule does under this policy.
    pub fn severity(&self, rule: &Rule) -> Severity {
        self.rules.get(rule.id).copied().unwrap_or(rule.default)
    }
}

/// What slicegate does in a namespace, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Nothing.
    Off,
    /// Decide, report, change nothing.
    DryRun,
    /// Decide and act.
    Enforce,
}

impl Mode {
    /// The word users write and reports carry.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::DryRun => "dry-run",
            Self::Enforce => "enforce",
        }
    }

    /// Reads the word in any case of letters; `false` is what YAML 1.1 makes of an unquoted `off`.
    pub fn from_word(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("false") {
            return Some(Self::Off);
        }
        [Self::Off, Self::DryRun, Self::Enforce]
            .into_iter()
            .find(|m| m.word().eq_ignore_ascii_case(word))
    }
}

/// What GPU pods outside of enforced namespaces get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outsiders {
    /// Nothing.
    None,
    /// The boundary label, so that no pod without a label runs beside a boundary.
    Label,
}

/// Which boundary names namespaces may claim, besides those they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundaryNames {
    /// None.
    Listed,
    /// Any name that no namespace has and no list reserves: all namespaces that claim it share it.
    Open,
}

/// A boundary name with the only namespaces that may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBoundary {
    /// A DNS label.
    pub name: String,
    /// Not empty.
    pub namespaces: Vec<String>,
}

/// Another system that shares GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForeignSystem {
    /// Project-HAMi/HAMi.
    Hami,
    /// kai-scheduler/KAI-Scheduler.
    Kai,
    /// NVIDIA Run:ai.
    RunAi,
    /// volcano-sh/volcano's vGPU.
    Volcano,
    /// NexusGPU/tensor-fusion.
    TensorFusion,
}

impl ForeignSystem {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Hami,
        Self::Kai,
        Self::RunAi,
        Self::Volcano,
        Self::TensorFusion,
    ];

    /// The word the policy uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hami => "hami",
            Self::Kai => "kai",
            Self::RunAi => "runai",
            Self::Volcano => "volcano",
            Self::TensorFusion => "tensor-fusion",
        }
    }
}

/// A tier: the guarantees of a class of pods.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// Unique in the policy.
    pub name: String,
    /// The least a pod of this tier accepts.
    pub isolation: Isolation,
    /// In order of preference; each at least as strong as `isolation`, none twice, never empty.
    pub strategies: Vec<Strategy>,
    /// Who may be a neighbour below hardware isolation; never `any` where `mps` is listed.
    pub co_tenancy: CoTenancy,
    /// The request of a pod that states none.
    pub share: Share,
    /// Written into MPS pods that set no user.
    pub run_as_user: Option<u32>,
}

/// A size for a pod that states none, such as a tier's; both are met where both are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Bytes on the device.
    pub memory: Option<u64>,
    /// Part of a device.
    pub fraction: Option<Fraction>,
}

/// `spec.placement`.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacementPolicy {
    /// What keeps boundaries apart.
    pub boundary: BoundaryPlacement,
    /// Whether to prefer nodes that already run this boundary's shares.
    pub packing: bool,
    /// Schedulers shared pods may use; not empty.
    pub schedulers: Vec<String>,
    /// Whether containers without a GPU are told to see none.
    pub hide_gpus: bool,
    /// Added to every rewritten pod.
    pub tolerations: Vec<PolicyToleration>,
    /// What the names or handlers of runtime classes begin with that run a pod apart from its node's kernel.
    pub sandboxes: Vec<String>,
}

/// What keeps boundaries apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundaryPlacement {
    /// Required anti-affinity by hostname.
    PodAntiAffinity,
    /// A node label that the administrator sets.
    NodeLabel,
}

/// A toleration of the policy; the same fields as a pod's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyToleration {
    /// Empty with `Exists` tolerates every key.
    pub key: Option<String>,
    /// `Exists` or `Equal`.
    pub operator: Option<String>,
    /// Compared with `Equal`.
    pub value: Option<String>,
    /// Absent matches every effect.
    pub effect: Option<String>,
    /// Only with effect `NoExecute`.
    pub toleration_seconds: Option<i64>,
}

/// `spec.supply`.
#[derive(Clone, Debug, PartialEq)]
pub struct SupplyPolicy {
    /// How nodes count whose labels do not say what they advertise.
    pub declared: Declared,
    /// How long a vanished node's shape still counts, in seconds.
    pub remember_seconds: u64,
    /// Future nodes.
    pub pools: Vec<Pool>,
}

/// What the administrator declares about nodes whose labels do not say what they advertise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// What a GPU node without labels is.
    pub unlabelled: Unlabelled,
    /// What a virtual machine's vGPU is.
    pub vgpu: Vgpu,
}

/// What a GPU node without GFD labels is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unlabelled {
    /// It serves no tier.
    #[default]
    Unknown,
    /// Its `nvidia.com/gpu` are whole devices.
    Exclusive,
}

/// What one vGPU of a virtual machine is of the card behind it, which other machines may use too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vgpu {
    /// It serves no tier.
    #[default]
    Unknown,
    /// A time-sliced share.
    TimeSlicing,
    /// A MIG slice.
    Mig,
    /// The whole card.
    Exclusive,
}

/// Nodes an autoscaler could make, read exactly like a Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// For messages.
    pub name: String,
    /// As a node of the pool would carry them.
    pub labels: Vec<(String, String)>,
    /// As a node of the pool would offer them.
    pub allocatable: Vec<(String, String)>,
    /// key, value, effect.
    pub taints: Vec<(String, String, String)>,
}
