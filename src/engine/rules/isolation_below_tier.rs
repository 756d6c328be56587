//! `isolation-below-tier`: refuses an explicit strategy or resource that is weaker than the tier.

use crate::engine::rules::daemonset_share;
use crate::engine::supply::UnknownResource;
use crate::engine::vocabulary::{Rule, Strategy, Text, Tier};

/// The rule.
pub static RULE: Rule = Rule::denies("isolation-below-tier", include_str!("isolation_below_tier.md"));

/// A strategy that isolates less than the tier accepts.
pub fn strategy(strategy: Strategy, tier: &Tier) -> Text {
    let listed: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    (
        format!(
            "strategy {strategy} isolates {}, tier {} needs {}",
            strategy.isolation(),
            tier.name,
            tier.isolation
        ),
        format!(
            "write auto or one of {}, or name a tier that accepts {strategy}",
            listed.join(", ")
        ),
    )
}

/// A named resource that no strategy of the tier may serve.
pub fn resource(resource: &str, tier: &Tier) -> Text {
    let listed: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    (
        format!(
            "{resource} is weaker than tier {} accepts (isolation {}, strategies {})",
            tier.name,
            tier.isolation,
            listed.join(", ")
        ),
        "ask for nvidia.com/gpu: 1 and let the tier choose, or name another tier".to_owned(),
    )
}

/// A DaemonSet's pod on a node of which it is unknown whether it isolates enough.
pub fn unknown_node(
    node: &str,
    resource: &str,
    unknown: Option<&UnknownResource>,
    tier: &Tier,
) -> Text {
    let (why, fix) = daemonset_share::reason(unknown);
    (
        format!(
            "nothing is known of {resource} on node {node}, to which this DaemonSet's pod is pinned{why}; tier {} needs {}",
            tier.name, tier.isolation
        ),
        format!(
            "{fix} (the controller tries again), or keep the DaemonSet off such nodes with a node selector"
        ),
    )
}

/// A DaemonSet's pod on a node that isolates less than its tier accepts.
pub fn node(node: &str, strategy: Strategy, tier: &Tier) -> Text {
    (
        format!(
            "node {node} gives this DaemonSet's pod {strategy}, isolation {}; tier {} needs {}",
            strategy.isolation(),
            tier.name,
            tier.isolation
        ),
        "keep the DaemonSet off such nodes with a node selector, or name a tier that accepts them"
            .to_owned(),
    )
}
