//! `no-such-offer`: refuses a pod that no node could ever serve.

use crate::engine::case::Case;
use crate::engine::considered;
use crate::engine::rule::{Rule, Severity};
use crate::engine::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-such-offer",
    default: Severity::Deny,
    always_denies: false,
    refuses: "an ask that no known, remembered or declared supply can ever serve",
    cause: "No offer of the fleet meets the tier, strategy, product, memory, compute and count \
        asked for, among the nodes that the pod's own selectors, affinity and tolerations reach. \
        Cordoned, NotReady, reconfiguring and recently vanished nodes count as supply, so a pod \
        that would merely be Pending is not refused. Where the fleet is only assumed, wholly \
        unknown or without GPU nodes, it is a warning.",
    risk: "The pod would stay Pending for ever. The scheduler does not say what to ask for \
        instead.",
    fix: "The message names what exists, nearest first: ask for less, or spread the memory over \
        several whole GPUs. The administrator declares nodes that an autoscaler will add under \
        supply.pools, or adds a strategy to the tier.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: production
    slicegate.dev/gpu-memory: 300Gi
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
    slicegate.dev/tier: production
    slicegate.dev/gpu-memory: 75Gi
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "4"}
"#,
};

/// Nothing known can ever serve the pod: what was considered, nearest first.
pub fn text(case: &Case<'_, '_>) -> (String, String) {
    let near = considered::nearest(case, 3);
    let near: Vec<String> = near
        .iter()
        .map(|c| format!("{} by {}: {}", c.offer, c.strategy, c.verdict))
        .collect();
    let wanted = considered::wanted(case);
    let message = match near.as_slice() {
        [] => format!(
            "no known node can ever serve {wanted}: none offers {}",
            existing(case)
        ),
        _ => format!(
            "no known node can ever serve {wanted}; nearest: {}",
            near.join("; ")
        ),
    };
    let fix = "ask for less, widen the node selectors, or name a tier with other strategies; for nodes that are not there yet declare supply.pools in the policy";
    (message, fix.to_owned())
}

/// What is missing, and what there is of the same kind under other names.
fn existing(case: &Case<'_, '_>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for offer in &case.supply.offers {
        let alike = case.strategies.iter().any(|s| s == offer.strategy);
        if alike && !names.contains(&offer.resource.as_str()) {
            names.push(&offer.resource);
        }
    }
    match names.as_slice() {
        [] => {
            let words: Vec<&str> = case.strategies.iter().map(Strategy::word).collect();
            words.join(", ")
        }
        names => format!("it; there is {}", names.join(", ")),
    }
}

/// What is said of an ask without a whole resource that the tier has no strategy for.
pub fn unnamed() -> String {
    "no strategy may serve the ask, and it names no whole resource that could stay as it is"
        .to_owned()
}
