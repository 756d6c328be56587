//! `tier-missing`: refuses a request for a share where no tier applies.

use crate::engine::vocabulary::{Rule, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("tier-missing", include_str!("tier_missing.md")).always();

/// A request or a strategy without a tier.
pub fn text(what: &str, allowed: &[&str]) -> Text {
    let allowed = allowed.join(", ");
    (
        format!(
            "{what} needs a tier, and neither the pod nor its namespace nor the policy names one"
        ),
        format!("add the annotation slicegate.dev/tier with one of {allowed}"),
    )
}
