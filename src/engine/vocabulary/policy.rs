//! The sharing policy as the decision uses it. It is valid once it is constructed.
//!
//! Only [`crate::config::policy`] constructs it, from YAML or JSON.

use std::collections::BTreeMap;

use crate::engine::vocabulary::{CoTenancy, Fraction, Isolation, Rule, Severity, Strategy};

/// One SharingPolicy, section 3 of the contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// `metadata.name`.
    pub name: String,
    /// A short hash of the contents, for receipts and metrics.
    pub hash: String,
    /// The strongest mode of any namespace.
    pub mode: Mode,
    /// The mode of a namespace without the annotation.
    pub namespace_default: Mode,
    /// The tier of pods and namespaces that name none; one of `tiers`.
    pub default_tier: Option<String>,
    /// Whether a pod's `mode: off` is honoured.
    pub pod_opt_out: bool,
    /// What slicegate does with unmanaged GPU pods.
    pub outsiders: Outsiders,
    /// Whether namespaces may claim a boundary name that is neither a namespace nor reserved.
    pub boundary_names: BoundaryNames,
    /// Boundary names that only some namespaces may use.
    pub boundaries: Vec<NamedBoundary>,
    /// Sharing systems whose pods slicegate leaves alone in enforced namespaces.
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

    /// Whether it lists one of these sharing systems, to which it leaves their pods.
    pub fn leaves_alone(&self, systems: &[ForeignSystem]) -> bool {
        systems.iter().any(|s| self.foreign_sharing.contains(s))
    }

    /// The effect of a finding of this rule.
    pub fn severity(&self, rule: &Rule) -> Severity {
        self.rules.get(rule.id).copied().unwrap_or(rule.default)
    }
}

/// The mode of a namespace, weakest first.
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

    /// Reads the word, ignoring case. YAML 1.1 turns an unquoted `off` into `false`.
    pub fn from_word(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("false") {
            return Some(Self::Off);
        }
        [Self::Off, Self::DryRun, Self::Enforce]
            .into_iter()
            .find(|m| m.word().eq_ignore_ascii_case(word))
    }
}

/// What slicegate does with GPU pods outside of enforced namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outsiders {
    /// Nothing.
    None,
    /// Adds the boundary label, so that no unlabelled pod runs next to a boundary.
    Label,
}

/// Which boundary names namespaces may claim besides their own and reserved ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundaryNames {
    /// None.
    Listed,
    /// Any name that is neither a namespace nor reserved. All namespaces that claim it share it.
    Open,
}

/// A boundary name, and the namespaces that may use it.
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
    /// Which pods may be neighbours below hardware isolation; never `any` if `mps` is listed.
    pub co_tenancy: CoTenancy,
    /// The request of a pod that states none.
    pub share: Share,
    /// The user id for MPS pods that set none.
    pub run_as_user: Option<u32>,
}

impl Tier {
    /// Its strategies, with commas between them.
    pub fn strategy_words(&self) -> String {
        let words: Vec<&str> = self.strategies.iter().map(|s| s.word()).collect();
        words.join(", ")
    }
}

/// The default size of pods that state none. If both parts are set, both have to be met.
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
    /// Whether GPUs are hidden from containers without a request.
    pub hide_gpus: bool,
    /// Added to every rewritten pod.
    pub tolerations: Vec<PolicyToleration>,
    /// Prefixes of runtime classes, or of their handlers, that isolate a pod from the kernel of its node.
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
    /// How to read nodes whose labels do not describe what they advertise.
    pub declared: Declared,
    /// How long a removed node still counts as supply, in seconds.
    pub remember_seconds: u64,
    /// Future nodes.
    pub pools: Vec<Pool>,
}

/// The administrator's declaration about nodes whose labels do not describe what they advertise.
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

/// Which part of the card one vGPU of a virtual machine is. Other machines may use the rest.
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

/// Nodes that an autoscaler could add. They are read like a Node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// For messages.
    pub name: String,
    /// The labels of a node of the pool.
    pub labels: Vec<(String, String)>,
    /// The allocatable resources of a node of the pool.
    pub allocatable: Vec<(String, String)>,
    /// key, value, effect.
    pub taints: Vec<(String, String, String)>,
}
