//! `distributed-share`: refuses shares and MIG slices for the workers of a distributed job.

use crate::engine::rules::check::Removal;
use crate::engine::vocabulary::{Rule, Strategy, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("distributed-share", include_str!("distributed_share.md"));

/// Takes shares and slices out of the choice of a worker of several.
pub static WORKER: Removal = Removal {
    rule: &RULE,
    is_absolute: false,
    verdict: None,
    removes: |query, strategy| strategy != Strategy::Exclusive && query.profile.worker().is_some(),
    finding: |query, strategy| {
        let evidence = query.profile.worker().filter(|_| strategy != Strategy::Exclusive)?;
        Some((String::new(), text(evidence)))
    },
};

/// The finding where only shares are left.
fn text(evidence: &str) -> Text {
    (
        format!(
            "{evidence}, so this looks like a worker of a job with several; NCCL needs whole devices"
        ),
        "name a tier that lists exclusive, or run the job with one worker".to_owned(),
    )
}
