//! `tier-unknown`: refuses a pod whose tier the policy does not define.

use crate::engine::vocabulary::{Policy, Rule, Text, quoted};

/// The rule.
pub static RULE: Rule = Rule::denies("tier-unknown", include_str!("tier_unknown.md")).always();

/// A tier that the policy does not define.
pub fn text(name: &str, is_pods: bool, policy: &Policy) -> Text {
    let (what, fix) = if is_pods {
        ("tier", "write one of")
    } else {
        (
            "the namespace's tier",
            "the namespace's administrator has to write one of",
        )
    };
    let defined: Vec<&str> = policy.tiers.iter().map(|t| t.name.as_str()).collect();
    (
        format!(
            "{what} {} is not defined by policy {}",
            quoted(name),
            policy.name
        ),
        format!("{fix} {}", defined.join(", ")),
    )
}
