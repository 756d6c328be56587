//! `isolation-below-tier`: refuses an explicit strategy or resource that is weaker than the tier.

use crate::engine::rules::daemonset_share;
use crate::engine::supply::UnknownResource;
use crate::engine::vocabulary::{Rule, Strategy, Text, Tier};

/// The rule.
pub static RULE: Rule = Rule::denies(
    "isolation-below-tier",
    include_str!("isolation_below_tier.md"),
);

/// A strategy that isolates less than the tier accepts.
pub fn strategy(strategy: Strategy, tier: &Tier) -> Text {
    let (isolation, listed) = (strategy.isolation(), tier.strategy_words());
    (
        format!("strategy {strategy} isolates {isolation}, {}", needs(tier)),
        format!("write auto or one of {listed}, or name a tier that accepts {strategy}"),
    )
}

fn needs(tier: &Tier) -> String {
    format!("tier {} needs {}", tier.name, tier.isolation)
}

/// A named resource that no strategy of the tier may serve.
pub fn resource(resource: &str, tier: &Tier) -> Text {
    (
        format!(
            "{resource} is weaker than tier {} accepts (isolation {}, strategies {})",
            tier.name,
            tier.isolation,
            tier.strategy_words()
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
    let (message, fix) = daemonset_share::nothing_known(node, resource, unknown);
    (
        format!("{message}; {}", needs(tier)),
        format!(
            "{fix} (the controller tries again), or keep the DaemonSet off such nodes with a node selector"
        ),
    )
}

/// A DaemonSet's pod on a node that isolates less than its tier accepts.
pub fn node(node: &str, strategy: Strategy, tier: &Tier) -> Text {
    let isolation = strategy.isolation();
    (
        format!(
            "node {node} gives this DaemonSet's pod {strategy}, isolation {isolation}; {}",
            needs(tier)
        ),
        "keep the DaemonSet off such nodes with a node selector, or name a tier that accepts them"
            .to_owned(),
    )
}
