//! `distributed-share`: refuses shares and MIG slices for the workers of a distributed job.

use crate::engine::rules::check::Removal;
use crate::engine::vocabulary::{Rule, Strategy};

/// The rule.
pub static RULE: Rule = Rule::denies("distributed-share", include_str!("distributed_share.md"));

/// Takes shares and slices out of the choice of a worker of several.
pub static WORKER: Removal = Removal::new(
    &RULE,
    |query, strategy| strategy != Strategy::Exclusive && query.profile.worker().is_some(),
    |query, _| {
        let message = format!(
            "{}, so this looks like a worker of a job with several; NCCL needs whole devices",
            query.profile.worker()?
        );
        let fix = "name a tier that lists exclusive, or run the job with one worker".to_owned();
        Some((String::new(), (message, fix)))
    },
);
