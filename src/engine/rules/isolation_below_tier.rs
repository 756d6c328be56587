//! `isolation-below-tier`: refuses an explicit strategy or resource that is weaker than the tier.

use crate::engine::rules::daemonset_share;
use crate::engine::supply::Unknown;
use crate::engine::vocabulary::policy::Tier;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule {
    id: "isolation-below-tier",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a strategy or resource that isolates less than the tier demands",
    cause: "The pod names a strategy, or a resource such as nvidia.com/gpu.shared, whose isolation \
        is below its tier's. Isolation is ordered: time-slicing gives none, MPS limited, MIG \
        hardware, a whole GPU dedicated; a time-sliced MIG slice gives none among its users. It \
        fires too on a DaemonSet's pod whose node offers less than its tier.",
    risk: "With time-slicing any neighbour can use up the GPU's memory. With MPS a fatal fault of \
        one client is reported to all clients of that GPU.",
    fix: "Remove the strategy, or name one of the tier's. Ask for nvidia.com/gpu and let slicegate \
        choose the resource. If less isolation is enough, name a tier that accepts it and that \
        the namespace allows.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: regulated
    slicegate.dev/strategy: mps
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: regulated
    slicegate.dev/strategy: mig
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// A strategy that isolates less than the tier accepts.
pub fn strategy(strategy: Strategy, tier: &Tier) -> (String, String) {
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
pub fn resource(resource: &str, tier: &Tier) -> (String, String) {
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

/// A DaemonSet's pod on a node of which nobody can say whether it isolates enough.
pub fn unknown_node(
    node: &str,
    resource: &str,
    unknown: Option<&Unknown>,
    tier: &Tier,
) -> (String, String) {
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
pub fn node(node: &str, strategy: Strategy, tier: &Tier) -> (String, String) {
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
