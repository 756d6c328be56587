//! `tier-unknown`: refuses a pod whose tier the policy does not define.

use crate::engine::vocabulary::{Policy, Rule, Text, quoted};

/// The rule.
pub static RULE: Rule = Rule::denies("tier-unknown", include_str!("tier_unknown.md")).always();

/// A tier that the policy does not define.
pub fn text(name: &str, asked_by_pod: bool, policy: &Policy) -> Text {
    let defined: Vec<&str> = policy.tiers.iter().map(|t| t.name.as_str()).collect();
    let (who, mend) = match asked_by_pod {
        true => ("tier", "write one of"),
        false => (
            "the namespace's tier",
            "the namespace's administrator has to write one of",
        ),
    };
    (
        format!(
            "{who} {} is not defined by policy {}",
            quoted(name),
            policy.name
        ),
        format!("{mend} {}", defined.join(", ")),
    )
}
