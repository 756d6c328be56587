//! The rules: for each one a file with its id, default and checks, and a document that explains it.
//!
//! To add a rule, add its file, its document and one line to the list below. The decision, `slicegate rules`,
//! `slicegate explain`, docs/rules.md, the policy's validation and the metrics read that list. A rule without checks in
//! its line is one that a stage reports while it reads or decides something.

pub mod check;
pub mod document;
pub mod lists;
mod sub_path;

use crate::engine::line::{DecisionInput, PlacementQuery};
use crate::engine::vocabulary::{Findings, Rule, Severity, Strategy};
use check::Check::{self, Placement, Pod, Removes, Weakened, Written};
use check::{Placed, PodContext, Removal, in_order};

/// Declares the module of each rule, the list of them and the list of their checks.
macro_rules! rules {
    ($($rule:ident $(: [$($check:expr),+ $(,)?])?,)*) => {
        $(pub mod $rule;)*

        /// Every rule, in the order of the contract's table.
        pub static ALL: [&Rule; [$(stringify!($rule)),*].len()] = [$(&$rule::RULE),*];

        /// The checks of all rules, in the order in which they run.
        static CHECKS: &[Check] = &in_order([$($($($check,)+)?)*]);
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
    whole_gpu_needed: [Removes(1, &whole_gpu_needed::SEVERAL_GPUS)],
    distributed_share: [
        Removes(8, &distributed_share::WORKER),
        Weakened(50, &distributed_share::WORKER),
    ],
    foreign_sharing,
    visible_devices: [Pod(31, visible_devices::check)],
    runtime_class: [Pod(32, runtime_class::check), Removes(6, &runtime_class::SANDBOX)],
    limit_env: [
        Pod(30, limit_env::check),
        Placement(44, limit_env::unseen_device),
        Removes(4, &limit_env::OTHER_DEVICE),
        Weakened(52, &limit_env::OTHER_DEVICE),
    ],
    privileged_share: [Pod(34, privileged_share::check)],
    privileged_gpu: [Pod(35, privileged_gpu::check)],
    host_device: [Pod(33, host_device::check)],
    node_name: [Removes(2, &node_name::NO_SCHEDULER), Weakened(53, &node_name::NO_SCHEDULER)],
    scheduler_name: [Placement(40, scheduler_name::check)],
    shm_conflict: [Removes(3, &shm_conflict::OWN_MOUNT), Weakened(51, &shm_conflict::OWN_MOUNT)],
    mps_user: [
        Placement(20, mps_user::check),
        Removes(5, &mps_user::USER_NAMESPACE),
        Removes(7, &mps_user::SEVERAL_USERS),
    ],
    quota_escape: [Placement(60, quota_escape::queued), Placement(62, quota_escape::check)],
    parallelism: [Placement(42, parallelism::check)],
    memory_fraction: [Placement(43, memory_fraction::check)],
    declared_not_enforced: [Placement(41, declared_not_enforced::check)],
    daemonset_share,
    unknown_key: [Written(11, unknown_key::check)],
    narrowed: [Placement(61, narrowed::check)],
    too_large,
    mode_unknown,
    opt_out_ignored,
    template_refused: [Written(10, template_refused::check)],
    ephemeral_gpu,
    protected_metadata,
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.into_iter().find(|rule| rule.id == id)
}

/// Runs the checks on the pod as its author wrote it.
pub fn check_written(input: &DecisionInput<'_>, findings: &mut Findings<'_>) {
    for check in CHECKS {
        if let Written(_, look) = check {
            look(input, findings);
        }
    }
}

/// Runs the checks on the pod alone.
pub fn check_pod(input: &DecisionInput<'_>, context: PodContext<'_>, findings: &mut Findings<'_>) {
    for check in CHECKS {
        if let Pod(_, look) = check {
            look(input, context, findings);
        }
    }
}

/// What takes a strategy out of the choice. A rule that the policy made a warning, or turned off, removes nothing,
/// unless no share could serve the pod.
pub fn removal(query: &PlacementQuery<'_, '_>, strategy: Strategy) -> Option<&'static Removal> {
    CHECKS.iter().find_map(|check| match *check {
        Removes(_, removal) => removal.is_in_force(query, strategy).then_some(removal),
        _ => None,
    })
}

/// Runs the checks on a placement and, in the same order, those on the pod alone.
pub fn check_placement(
    placed: &Placed<'_, '_>,
    context: PodContext<'_>,
    findings: &mut Findings<'_>,
) {
    let query = placed.query;
    let is_warning = |rule| query.policy.severity(rule) == Severity::Warn;
    for check in CHECKS {
        match *check {
            Pod(_, look) => look(placed.input, context, findings),
            Placement(_, look) => look(placed, findings),
            Weakened(_, removal) if is_warning(removal.rule) => {
                removal.report(query, placed.placement.strategy, findings);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, Check};

    #[test]
    fn checks_run_in_the_order_of_their_numbers_and_no_two_have_the_same() {
        let numbers: Vec<u8> = CHECKS.iter().map(Check::number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}
