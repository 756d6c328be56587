//! `mode-unknown`: warns of a namespace's mode that is none of the three.

use crate::engine::vocabulary::{Findings, Rule, quoted};

/// The rule.
pub static RULE: Rule = Rule::warns("mode-unknown", include_str!("mode_unknown.md"));

/// Warns of an unknown mode, which counts as `enforce`.
pub fn check(namespace: &str, written: &str, findings: &mut Findings<'_>) {
    let mode = quoted(written);
    let message =
        format!("namespace {namespace} has slicegate.dev/mode {mode}, which counts as enforce");
    let fix = "its administrator should write enforce, dry-run or \"off\"";
    findings.warn(&RULE, "", (message, fix));
}
