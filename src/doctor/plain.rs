//! What the decision says of a plain pod with one GPU, as nearly everybody writes it: whether a namespace can have one,
//! and which tiers the nodes can serve. It is the engine that answers, so doctor and webhook cannot disagree.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::vocabulary::{Mode, Strategy, Tier};
use crate::engine::{
    ClusterState, Finding, MarkersReason, NamespaceView, Namespaces, Outcome, Policy, Reason,
    Severity, Supply, decide,
};
use crate::facts::Pod;

/// Nothing is in its own way: it tolerates every taint, and its user is known, as MPS wants it.
const PLAIN: &str = r#"{"metadata": {"name": "plain"}, "spec": {"securityContext": {"runAsUser": 1000},
    "tolerations": [{"operator": "Exists"}],
    "containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}}"#;

/// Any name: what is asked about a tier is no matter of a namespace.
const ANYWHERE: &str = "anywhere";

/// What becomes of a plain GPU pod.
pub(super) struct Plain {
    /// Why it is refused.
    pub(super) refused: Option<Finding>,
    /// How it shares a device, where one was chosen.
    pub(super) strategy: Option<Strategy>,
    /// Nothing known fits, and it is let in as it is since too little is known.
    pub(super) is_unplaced: bool,
}

/// What becomes of it in a namespace.
pub(super) fn pod(state: &ClusterState, namespace: &str) -> Option<Plain> {
    let pod: Pod<'_> = serde_json::from_str(PLAIN).ok()?;
    let decision = decide(&state.input(namespace, &pod));
    let is_refused = decision.outcome == Outcome::Denied;
    let mut findings = decision.findings.into_iter();
    let denying = findings.find(|f| f.severity == Severity::Deny);
    Some(Plain {
        refused: denying.filter(|_| is_refused),
        strategy: decision.strategy,
        is_unplaced: decision.reason == Reason::MarkersOnly(MarkersReason::NothingKnownFits),
    })
}

/// What becomes of it in a namespace of that tier.
pub(super) fn of_tier(policy: &Policy, supply: &Arc<Supply>, tier: &Tier) -> Option<Plain> {
    let view = NamespaceView {
        mode: Some(Mode::Enforce.word().to_owned()),
        tier: Some(tier.name.clone()),
        ..NamespaceView::default()
    };
    let namespaces = Namespaces::known(HashMap::from([(ANYWHERE.to_owned(), view)]));
    // A policy that is off decides nothing.
    let policy = Policy {
        mode: Mode::Enforce,
        boundaries: Vec::new(),
        ..policy.clone()
    };
    pod(
        &ClusterState::new(policy, Arc::clone(supply), namespaces),
        ANYWHERE,
    )
}

/// How the nodes serve a tier's default share; none where they cannot.
pub(super) fn served(policy: &Policy, supply: &Arc<Supply>, tier: &Tier) -> Option<Strategy> {
    of_tier(policy, supply, tier)?.strategy
}

#[cfg(test)]
mod tests {
    use super::PLAIN;
    use crate::engine::concerns_gpus;
    use crate::facts::Pod;

    #[test]
    fn the_plain_pod_is_one_that_takes_a_gpu() {
        let pod: Pod<'_> = serde_json::from_str(PLAIN).unwrap();
        assert!(concerns_gpus(&pod));
    }
}
