//! Unmanaged pods: pods of namespaces that are off or in dry-run. They stay as they are, or get only the boundary label.

use crate::engine::decide::oversize::oversize;
use crate::engine::line::{
    Decision, DecisionInput, MarkersReason, Outcome, Reason, taken, takes_gpu,
};
use crate::engine::request::tenancy::own_boundary;

use crate::engine::edits;
use crate::engine::relevance::pod_limits;
use crate::engine::rules;
use crate::engine::supply::Group;
use crate::engine::vocabulary::{Findings, Mode, Outsiders, Severity, names};
use crate::json::Cut;

/// Decides about a pod of a namespace that is off, or what really happens to a pod of a namespace in dry-run.
///
/// slicegate's labels, and anti-affinity that selects them, are protected there too. Otherwise a pod could move next to a
/// boundary that is not its own, or close nodes for all others.
pub fn unmanaged<'a>(input: &DecisionInput<'a>, mode: Mode) -> Decision<'a> {
    let DecisionInput {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *input;
    if input.is_mirror() {
        return Decision::untouched(mode, Reason::NotOurs);
    }
    let mut decision = Decision::untouched(mode, Reason::NamespaceOff);
    let is_labelled = [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER]
        .iter()
        .any(|key| pod.label(key).is_some());
    let selects = rules::reserved_selector::is_found(pod, &[]);
    let labels = policy.outsiders == Outsiders::Label;
    let unseen = policy.mode == Mode::Off || namespaces.excluded_namespaces().contains(namespace);
    let is_cut = pod.cut >= Cut::Entries;
    if unseen {
        return decision;
    }
    if let Some(excess) = pod_limits::excess_of_repelled(pod)
        && policy.severity(&rules::reserved_selector::RULE) == Severity::Deny
    {
        return oversize(excess, policy, mode);
    }
    if !labels && !is_labelled && !selects && !is_cut {
        return decision;
    }
    // The parts that were not read may take a GPU.
    let takes_gpu = takes_gpu(pod) || labels && is_cut;
    let boundary = match takes_gpu && may_be_given_some(input) {
        true => own_boundary(input),
        false => None,
    };
    if is_labelled || selects || pod.cut == Cut::KeysThatMatter {
        let mut findings = Findings::new(policy);
        rules::protected_metadata::unread(pod, &mut findings);
        let given = boundary.as_deref().map(|b| (names::TRUST_BOUNDARY, b));
        rules::protected_metadata::check(pod, given.as_slice(), &mut findings);
        rules::reserved_selector::check(pod, &[], &mut findings);
        if findings.deny() {
            decision.outcome = Outcome::Denied;
            decision.reason = Reason::Findings;
            decision.findings = findings.into_list();
            return decision;
        }
    }
    if let Some(boundary) = boundary.filter(|_| labels) {
        decision.edits = edits::label_only(pod, boundary.clone());
        decision.boundary = Some(boundary);
    }
    if !decision.edits.is_empty() {
        decision.outcome = Outcome::Rewritten;
        decision.reason = Reason::MarkersOnly(MarkersReason::Unmanaged);
    }
    decision
}

/// Whether a pod can get a GPU. A kubelet runs a pod that names its node even if the node does not advertise the resource.
/// A boundary label on such a pod would close the node for all other boundaries, at no cost. If the pod was not read
/// completely, it may take any resource. A node without GPUs cannot be closed.
fn may_be_given_some(input: &DecisionInput<'_>) -> bool {
    let DecisionInput {
        policy,
        supply,
        pod,
        ..
    } = *input;
    let Some(node) = pod.node_name() else {
        return true;
    };
    let advertises = |group: &Group| {
        let known = group
            .advertised
            .iter()
            .filter_map(|advertised| supply.offers.get(advertised.offer));
        let known = known.map(|offer| offer.resource.as_str());
        let unknown = group.unknown.iter().map(|u| u.resource.as_str());
        let mut advertised = known.chain(unknown);
        advertised.any(|resource| taken(pod).any(|taken| taken == resource))
    };
    let is_cut = pod.cut >= Cut::Entries;
    policy.outsiders == Outsiders::Label && (is_cut || supply.group_of(node).is_none_or(advertises))
}
