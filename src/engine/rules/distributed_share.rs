//! `distributed-share`: refuses shares and MIG slices for the workers of a distributed job.

use crate::engine::line::placement::Case;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule::denies("distributed-share", include_str!("distributed_share.md"));

/// Why the pod looks like one worker of several, where a strategy hands out less than whole devices.
pub fn removes<'c>(case: &'c Case<'_, '_>, strategy: Strategy) -> Option<&'c str> {
    match strategy {
        Strategy::Exclusive => None,
        Strategy::Mig | Strategy::Mps | Strategy::TimeSlicing => case.profile.worker(),
    }
}

/// What is said when nothing but shares was left.
pub fn text(evidence: &str) -> (String, String) {
    (
        format!(
            "{evidence}, so this looks like a worker of a job with several; NCCL needs whole devices"
        ),
        "name a tier that lists exclusive, or run the job with one worker".to_owned(),
    )
}
