//! `too-large`: refuses a pod that is larger than any pod needs to be.

use crate::engine::relevance::pod_size::Excess;
use crate::engine::vocabulary::{Findings, Rule, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("too-large", include_str!("too_large.md")).always();

/// Refuses a pod, whatever the policy says.
pub fn refuse(excess: Excess, findings: &mut Findings<'_>) {
    findings.refuse(&RULE, excess.limit.path, text(excess));
}

/// The finding about an excess.
pub fn text(Excess { limit, found }: Excess) -> Text {
    let most = limit.most;
    let found = found.map_or_else(|| format!("more than {most}"), |found| found.to_string());
    (
        format!("{found} {}; at most {most} are read", limit.of),
        "say less, or split the pod; slicegate explain too-large lists the limits".to_owned(),
    )
}
