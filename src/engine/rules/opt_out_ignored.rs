//! `opt-out-ignored`: warns that a pod's wish to opt out is not honoured.

use crate::engine::vocabulary::{Findings, Rule, names};

/// The rule.
pub static RULE: Rule = Rule::warns("opt-out-ignored", include_str!("opt_out_ignored.md"));

/// Warns of a pod's `mode: off` that the policy does not honour.
pub fn check(findings: &mut Findings<'_>) {
    let message =
        "the pod's slicegate.dev/mode: off is ignored, because the policy has no podOptOut";
    let fix = "remove the annotation, or ask for podOptOut: true in the policy";
    let path = names::annotation_pointer(names::MODE);
    findings.warn(&RULE, path, (message, fix));
}
