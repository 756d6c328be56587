//! The rules: for each one a file with its id, default and check, and a document that explains it.
//!
//! To add a rule, add its file, its document and one line to the list below. The decision, `slicegate rules`,
//! `slicegate explain`, docs/rules.md, the policy's validation and the metrics read that list.

pub mod document;
pub mod lists;
mod sub_path;

use crate::engine::line::input::Question;
use crate::engine::line::placement::Case;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;

/// Declares the module of each rule and the list of them.
macro_rules! rules {
    ($($rule:ident,)*) => {
        $(pub mod $rule;)*

        /// Every rule, in the order of the contract's table.
        pub static ALL: [&Rule; [$(stringify!($rule)),*].len()] = [$(&$rule::RULE),*];
    };
}

rules! {
    tier_unknown,
    tier_not_allowed,
    boundary_not_yours,
    reserved_selector,
    isolation_below_tier,
    ask_invalid,
    tier_missing,
    no_such_offer,
    supply_unknown,
    mig_profile_unknown,
    share_count,
    mixed_devices,
    whole_gpu_needed,
    distributed_share,
    foreign_sharing,
    visible_devices,
    runtime_class,
    limit_env,
    privileged_share,
    privileged_gpu,
    host_device,
    node_name,
    scheduler_name,
    shm_conflict,
    mps_user,
    quota_escape,
    parallelism,
    memory_fraction,
    declared_not_enforced,
    daemonset_share,
    unknown_key,
    narrowed,
    too_large,
    mode_unknown,
    opt_out_ignored,
    template_refused,
    ephemeral_gpu,
    protected_metadata,
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.into_iter().find(|rule| rule.id == id)
}

/// The limits that a rule is about, a line each, where it has some.
pub fn limits(rule: &Rule) -> Vec<String> {
    match rule.id == too_large::RULE.id {
        true => too_large::limits(),
        false => Vec::new(),
    }
}

/// Why a strategy is out of the question for a pod, before any supply is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Several GPUs in one container.
    WholeGpuNeeded,
    /// A worker of several.
    Distributed,
    /// A mount on `/dev/shm`.
    ShmConflict,
    /// `CUDA_VISIBLE_DEVICES`.
    VisibleOrdinal,
    /// `spec.nodeName`.
    NodeName,
    /// Several user ids.
    MpsUsers,
    /// `spec.hostUsers: false`.
    UserNamespace,
    /// A runtime class that runs the pod apart from its node's kernel.
    Sandbox,
}

impl Removal {
    /// The rule that says so.
    pub fn rule(self) -> &'static Rule {
        match self {
            Self::WholeGpuNeeded => &whole_gpu_needed::RULE,
            Self::Distributed => &distributed_share::RULE,
            Self::ShmConflict => &shm_conflict::RULE,
            Self::VisibleOrdinal => &limit_env::RULE,
            Self::NodeName => &node_name::RULE,
            // No share could serve the pod, whatever a policy makes of a rule.
            Self::MpsUsers | Self::UserNamespace | Self::Sandbox => &no_such_offer::RULE,
        }
    }

    /// Why, in a few words.
    pub fn verdict(self) -> String {
        match self {
            Self::MpsUsers => "one MPS server serves one user, and the pod has several".to_owned(),
            Self::UserNamespace => {
                "with hostUsers: false the MPS server sees other user ids than the pod says"
                    .to_owned()
            }
            Self::Sandbox => {
                "the node's MPS daemon cannot be reached from the sandbox of its runtime class"
                    .to_owned()
            }
            _ => format!("ruled out by {}", self.rule().id),
        }
    }
}

/// What takes a strategy out of the choice. A rule that the policy made a warning, or turned off, removes nothing;
/// several GPUs in one container, several MPS users, a user namespace and a sandbox do whatever the policy says of rules,
/// since no share can serve them.
pub fn removal(case: &Case<'_, '_>, strategy: Strategy) -> Option<Removal> {
    let denies = |removal: Removal| case.policy.severity(removal.rule()) == Severity::Deny;
    let removed = |removal: Removal| match removal {
        Removal::WholeGpuNeeded => whole_gpu_needed::removes(case, strategy).is_some(),
        Removal::Distributed => {
            denies(removal) && distributed_share::removes(case, strategy).is_some()
        }
        Removal::ShmConflict => denies(removal) && shm_conflict::removes(case, strategy).is_some(),
        Removal::VisibleOrdinal => denies(removal) && limit_env::removes(case, strategy).is_some(),
        Removal::NodeName => denies(removal) && node_name::removes(case, strategy),
        Removal::MpsUsers => mps_user::removes(case, strategy),
        Removal::UserNamespace => mps_user::is_hidden(case, strategy),
        Removal::Sandbox => strategy == Strategy::Mps && case.is_sandboxed,
    };
    let all = [
        Removal::WholeGpuNeeded,
        Removal::NodeName,
        Removal::ShmConflict,
        Removal::VisibleOrdinal,
        Removal::UserNamespace,
        Removal::Sandbox,
        Removal::MpsUsers,
        Removal::Distributed,
    ];
    all.into_iter().find(|r| removed(*r))
}

/// Says why a strategy was removed.
pub fn report(
    case: &Case<'_, '_>,
    strategy: Strategy,
    removal: Removal,
    findings: &mut Findings<'_>,
) {
    if findings.has(removal.rule()) {
        return;
    }
    let explicit = case.is_explicit.then_some(strategy);
    let (path, text) = match removal {
        Removal::WholeGpuNeeded => match whole_gpu_needed::removes(case, strategy) {
            Some(want) => (
                format!("{}/resources", want.place),
                whole_gpu_needed::text(want, case.tier, explicit),
            ),
            None => return,
        },
        Removal::Distributed => match distributed_share::removes(case, strategy) {
            Some(evidence) => (String::new(), distributed_share::text(evidence)),
            None => return,
        },
        Removal::ShmConflict => match shm_conflict::removes(case, strategy) {
            Some(place) => (
                format!("{place}/volumeMounts"),
                shm_conflict::text(case.pod),
            ),
            None => return,
        },
        Removal::VisibleOrdinal => match limit_env::removes(case, strategy) {
            Some(place) => (format!("{place}/env"), limit_env::visible_text()),
            None => return,
        },
        Removal::NodeName => {
            let node = case.filter.node_name.unwrap_or_default();
            ("/spec/nodeName".to_owned(), node_name::text(node))
        }
        Removal::MpsUsers => ("/spec".to_owned(), mps_user::text()),
        Removal::UserNamespace => ("/spec/hostUsers".to_owned(), mps_user::hidden_text()),
        Removal::Sandbox => {
            let spec = case.pod.spec.as_ref();
            let class = spec.and_then(|s| s.runtime_class_name.as_deref());
            let text = runtime_class::sandbox_text(class.unwrap_or_default());
            ("/spec/runtimeClassName".to_owned(), text)
        }
    };
    findings.add(removal.rule(), path, text);
}

/// Warnings for a chosen strategy that a milder rule would have removed.
pub fn milder(case: &Case<'_, '_>, strategy: Strategy, findings: &mut Findings<'_>) {
    let warns = |removal: Removal| case.policy.severity(removal.rule()) == Severity::Warn;
    for removal in [
        Removal::Distributed,
        Removal::ShmConflict,
        Removal::VisibleOrdinal,
        Removal::NodeName,
    ] {
        if warns(removal) {
            report(case, strategy, removal, findings);
        }
    }
}

/// What a pod holds, as far as the rules on bypasses ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It asks for a GPU, a share or a slice.
    pub takes_gpu: bool,
    /// Whole GPUs it is given.
    pub whole_gpus: u64,
    /// What it is given, where that is decided.
    pub holds: Option<Holds>,
    /// Its containers without a GPU are given `NVIDIA_VISIBLE_DEVICES=void`.
    pub hides_gpus: bool,
    /// It is looked at as the guard can: what variables make of a path stays unknown.
    pub as_guard: bool,
}

/// What a pod is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Whole devices.
    Whole,
    /// A share or a slice of one.
    Part,
}

/// The rules that look for ways around the request; they hold for every pod, with or without a GPU.
pub fn bypasses(question: &Question<'_>, standing: Standing, findings: &mut Findings<'_>) {
    let pod = question.pod;
    visible_devices::check(pod, standing, question.policy, findings);
    runtime_class::check(question, standing, findings);
    host_device::check(pod, standing, findings);
    match standing.holds {
        Some(Holds::Part) => privileged_share::check(pod, findings),
        Some(Holds::Whole) => privileged_gpu::check(pod, findings),
        None => {}
    }
}
