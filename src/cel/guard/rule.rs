//! A validation for one of the rules: it applies where the policy sets the rule to deny, and its message names the
//! rule.

use super::object::Validation;
use crate::cel::quoted;
use crate::engine::Policy;
use crate::engine::rules::document::Document;
use crate::engine::vocabulary::{Rule, Severity};

/// Whether the policy has a rule refuse pods.
pub(super) fn denies(policy: &Policy, rule: &Rule) -> bool {
    policy.severity(rule) == Severity::Deny
}

/// A rule's own validation. `found` is an expression of what it found, as text.
pub(super) fn validation(rule: &Rule, holds: &str, found: Option<&str>, fix: &str) -> Validation {
    let (id, refuses) = (rule.id, Document::of(rule).refuses);
    let plain = Validation::new(holds, format!("[{id}] {refuses}; fix: {fix}"));
    match found {
        None => plain,
        Some(found) => plain.telling(format!(
            "{} + {found} + {}",
            quoted(&format!("[{id}] ")),
            quoted(&format!("; fix: {fix}"))
        )),
    }
}
