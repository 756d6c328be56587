//! `tier-not-allowed`: refuses a pod whose tier its namespace does not allow.

use crate::engine::vocabulary::{Rule, Text};

/// The rule.
pub static RULE: Rule = Rule::denies("tier-not-allowed", include_str!("tier_not_allowed.md"));

/// A tier that the namespace does not allow.
pub fn text(name: &str, allowed: &[&str]) -> Text {
    let fix = match allowed {
        [] => {
            "the namespace allows no tier; its administrator can change slicegate.dev/allowed-tiers"
                .to_owned()
        }
        _ => format!("write one of {}", allowed.join(", ")),
    };
    (format!("tier {name} is not allowed in this namespace"), fix)
}
