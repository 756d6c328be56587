//! Pods of namespaces that are off or in dry-run: left alone, or given the boundary label and nothing else.

use std::borrow::Cow;

use super::decide::Question;
use super::decision::{Decision, Outcome, Reason, StampReason};
use super::findings::Findings;
use super::plan;
use super::policy::{Mode, Outsiders};
use super::quantity::Quantity;
use super::tenancy;
use super::words;

/// A pod of a namespace that is off, or in dry-run as far as it is really changed.
pub fn outsider<'a>(question: &Question<'a>, mode: Mode) -> Decision<'a> {
    let Question {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *question;
    if policy.outsiders == Outsiders::None || words::NEVER_MATCHED.contains(&namespace) {
        return untouched(mode, Reason::NamespaceOff);
    }
    let takes_gpu = pod.containers().any(|(_, container)| {
        let resources = container.resources.as_ref();
        let lists = resources.map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
        let mut pairs = lists.into_iter().flatten().flatten().flat_map(|p| p.iter());
        pairs.any(|(name, quantity)| {
            let zero = Quantity::parse(quantity).is_ok_and(Quantity::is_zero);
            words::is_gpu_resource(name) && !zero
        })
    });
    if !takes_gpu {
        return untouched(mode, Reason::NamespaceOff);
    }
    // Findings about somebody else's pod are not this policy's business; only the label is.
    let mut unsaid = Findings::new(policy);
    let view = namespaces.view(namespace);
    let tier = tenancy::tier(pod, view, policy, &mut unsaid);
    let boundary = match namespaces.claim_problem(namespace, policy) {
        None => tenancy::boundary(pod, namespace, namespaces, policy, tier, &mut unsaid),
        // It may not have the boundary it claims, so it stays within its own name, if that is free.
        Some(_) => (!policy.boundaries.iter().any(|b| b.name == namespace))
            .then_some(Cow::Borrowed(namespace)),
    };
    let mut decision = untouched(mode, Reason::NamespaceOff);
    if let Some(boundary) = boundary {
        decision.edits = plan::label_only(pod, boundary.clone());
        decision.boundary = Some(boundary);
    }
    if !decision.edits.is_empty() {
        decision.outcome = Outcome::Rewritten;
        decision.reason = Reason::StampOnly(StampReason::Outsider);
    }
    decision
}

/// Nothing is changed.
pub(super) fn untouched<'a>(mode: Mode, reason: Reason) -> Decision<'a> {
    Decision {
        outcome: Outcome::Untouched,
        mode,
        tier: None,
        boundary: None,
        strategy: None,
        findings: Vec::new(),
        edits: Vec::new(),
        reason,
    }
}
