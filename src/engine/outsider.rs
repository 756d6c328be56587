//! Pods of namespaces that are off or in dry-run: left alone, or given the boundary label and nothing else.

use std::borrow::Cow;

use super::decide::is_mirror;
use super::decision::{Decision, Outcome, Reason, StampReason};
use super::findings::Findings;
use super::plan;
use super::policy::{Mode, Outsiders};
use super::quantity::Quantity;
use super::question::Question;
use super::rule::Severity;
use super::rules;
use super::size;
use super::supply::Group;
use super::tenancy;
use super::words;
use crate::facts::Pod;
use crate::facts::pod::Container;
use crate::json::Cut;

/// A pod of a namespace that is off, or in dry-run as far as something really happens to it.
///
/// slicegate's labels are protected there too, and anti-affinity by them: written by others they would bring a pod beside
/// a boundary that is not its own, or close nodes for everybody.
pub fn outsider<'a>(question: &Question<'a>, mode: Mode) -> Decision<'a> {
    let Question {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *question;
    if is_mirror(question) {
        return untouched(mode, Reason::NotOurs);
    }
    let mut decision = untouched(mode, Reason::NamespaceOff);
    let is_labelled = [words::TRUST_BOUNDARY, words::STRATEGY, words::MPS_USER]
        .iter()
        .any(|key| pod.label(key).is_some());
    let selects = rules::reserved_selector::is_named(pod);
    let labels = policy.outsiders == Outsiders::Label;
    let unseen = policy.mode == Mode::Off || namespaces.never_matched().contains(namespace);
    let is_cut = pod.cut >= Cut::Entries;
    if unseen {
        return decision;
    }
    if let Some(excess) = size::excess_of_repelled(pod)
        && policy.severity(&rules::reserved_selector::RULE) == Severity::Deny
    {
        return rules::too_large::decision(excess, policy, mode);
    }
    if !labels && !is_labelled && !selects && !is_cut {
        return decision;
    }
    // Of what was not read, nobody can say that it takes no GPU.
    let takes_gpu = takes_gpu(pod) || labels && is_cut;
    let boundary = match takes_gpu && may_be_given_some(question) {
        true => own_boundary(question),
        false => None,
    };
    if is_labelled || selects || pod.cut == Cut::KeysThatMatter {
        let mut findings = Findings::new(policy);
        rules::protected_metadata::unread(pod, &mut findings);
        let given = boundary.as_deref().map(|b| (words::TRUST_BOUNDARY, b));
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
        decision.edits = plan::label_only(pod, boundary.clone());
        decision.boundary = Some(boundary);
    }
    if !decision.edits.is_empty() {
        decision.outcome = Outcome::Rewritten;
        decision.reason = Reason::StampOnly(StampReason::Outsider);
    }
    decision
}

/// Whether a pod can hold a GPU. A kubelet lets a pod that names its node run without what that node does not sell, and a
/// label on a pod that takes nothing would close the node for everybody else, at no cost. Nobody knows what such a pod
/// takes where not all of it was read, and a node without any GPU is closed for nobody.
fn may_be_given_some(question: &Question<'_>) -> bool {
    let Question {
        policy,
        supply,
        pod,
        ..
    } = *question;
    let Some(node) = pod.node_name() else {
        return true;
    };
    let sells = |group: &Group| {
        let known = group
            .sold
            .iter()
            .filter_map(|sold| supply.offers.get(sold.offer));
        let known = known.map(|offer| offer.resource.as_str());
        let unknown = group.unknown.iter().map(|u| u.resource.as_str());
        let mut sold = known.chain(unknown);
        sold.any(|resource| taken(pod).any(|taken| taken == resource))
    };
    let is_cut = pod.cut >= Cut::Entries;
    policy.outsiders == Outsiders::Label && (is_cut || supply.group_of(node).is_none_or(sells))
}

/// The boundary label of a pod whose asks are none of this policy's business.
pub(super) fn own_boundary<'a>(question: &Question<'a>) -> Option<Cow<'a, str>> {
    let Question {
        policy,
        namespaces,
        namespace,
        pod,
        ..
    } = *question;
    let mut unsaid = Findings::new(policy);
    let tier = tenancy::tier(pod, namespaces.view(namespace), policy, &mut unsaid);
    match namespaces.claim_problem(namespace, policy) {
        // A part it may not have leaves it the whole: without a label it could sit beside anybody.
        None => tenancy::own(pod, namespace, namespaces, policy, tier, &mut unsaid)
            .or_else(|| Some(Cow::Borrowed(namespaces.claimed_boundary(namespace)))),
        // It may not have the boundary it claims, so it stays within its own name, if that is free.
        Some(_) => namespaces
            .problem(namespace, namespace, policy)
            .is_none()
            .then_some(Cow::Borrowed(namespace)),
    }
}

/// Whether any of its containers asks for a stock resource.
pub(super) fn takes_gpu(pod: &Pod<'_>) -> bool {
    taken(pod).next().is_some()
}

/// The stock resources its containers ask for, each as often as it stands there.
pub(super) fn taken<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = &'p str> {
    pod.containers()
        .flat_map(|(_, container)| taken_by(container))
}

/// Those of one container.
pub(super) fn taken_by<'c>(container: &'c Container<'_>) -> impl Iterator<Item = &'c str> {
    let resources = container.resources.as_ref();
    let lists = resources.map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
    let pairs = lists.into_iter().flatten().flatten().flat_map(|p| p.iter());
    pairs.filter_map(|(name, quantity)| {
        let zero = Quantity::parse(quantity).is_ok_and(Quantity::is_zero);
        (words::is_gpu_resource(name) && !zero).then_some(name)
    })
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
