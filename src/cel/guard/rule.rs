//! A validation for one of the rules: it applies where the policy sets the rule to deny, and its message names the
//! rule.

use super::object::Validation;
use crate::cel::expressions::quoted;
use crate::engine::Policy;
use crate::engine::rules::document::Document;
use crate::engine::vocabulary::{Rule, Severity};

/// The fix for a pod that has one of slicegate's labels that it may not have.
pub(super) const LEAVE_OUT: &str =
    "leave slicegate's labels out; slicegate writes them where they belong";

pub(super) fn denies(policy: &Policy, rule: &Rule) -> bool {
    policy.severity(rule) == Severity::Deny
}

/// A rule's own validation. `found` is an expression of what it found, as text.
pub(super) fn validation(rule: &Rule, holds: &str, found: Option<&str>, fix: &str) -> Validation {
    let (id, refuses) = (rule.id, Document::of(rule).refuses);
    let (head, tail) = (
        quoted(&format!("[{id}] ")),
        quoted(&format!("; fix: {fix}")),
    );
    Validation {
        message_expression: found.map(|found| format!("{head} + {found} + {tail}")),
        ..Validation::new(holds, format!("[{id}] {refuses}; fix: {fix}"))
    }
}
