//! Unmanaged pods: pods of namespaces that are off or in dry-run. They stay as they are, or get only the boundary label.

use crate::engine::decide::oversize::oversize;
use crate::engine::edits;
use crate::engine::line::{Decision, DecisionInput, MarkersReason, Reason, taken, takes_gpu};
use crate::engine::relevance::pod_size;
use crate::engine::request::tenancy::own_boundary;
use crate::engine::rules::{protected_metadata, reserved_selector};
use crate::engine::vocabulary::{Findings, Mode, Outsiders, Severity, names};
use crate::json::Cut;

/// Decides about a pod of a namespace that is off, or what really happens to a pod of a namespace in dry-run.
///
/// slicegate's labels, and anti-affinity that selects them, are protected there too. Otherwise a pod could move next to a
/// boundary that is not its own, or close nodes for all others.
pub fn unmanaged<'a>(input: &DecisionInput<'a>, mode: Mode) -> Decision<'a> {
    let DecisionInput { policy, pod, .. } = *input;
    if input.is_mirror() {
        return Decision::untouched(mode, Reason::NotOurs);
    }
    let untouched = Decision::untouched(mode, Reason::NamespaceOff);
    let excluded = input.namespaces.excluded_namespaces();
    if policy.mode == Mode::Off || excluded.contains(input.namespace) {
        return untouched;
    }
    if let Some(excess) = pod_size::excess_of_repelled(pod)
        && policy.severity(&reserved_selector::RULE) == Severity::Deny
    {
        return oversize(excess, policy, mode);
    }
    let is_labelled = [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER]
        .iter()
        .any(|key| pod.label(key).is_some());
    let is_selecting = reserved_selector::is_found(pod, &[]);
    let labels = policy.outsiders == Outsiders::Label;
    let is_cut = pod.cut >= Cut::Entries;
    if !labels && !is_labelled && !is_selecting && !is_cut {
        return untouched;
    }
    // The parts that were not read may take a GPU.
    let takes_gpu = takes_gpu(pod) || labels && is_cut;
    let boundary = if takes_gpu && may_get_gpu(input) {
        own_boundary(input)
    } else {
        None
    };
    if is_labelled || is_selecting || pod.cut == Cut::KeysThatMatter {
        let mut findings = Findings::new(policy);
        protected_metadata::unread(pod, &mut findings);
        let given = boundary.as_deref().map(|b| (names::TRUST_BOUNDARY, b));
        protected_metadata::check(pod, given.as_slice(), &mut findings);
        reserved_selector::check(pod, &[], &mut findings);
        if findings.deny() {
            return Decision::new(mode, findings.into_list(), Vec::new(), Reason::Findings);
        }
    }
    let Some(boundary) = boundary.filter(|_| labels) else {
        return untouched;
    };
    let edits = edits::markers_only(pod, policy, boundary.clone(), false);
    let reason = Reason::MarkersOnly(MarkersReason::Unmanaged);
    Decision {
        boundary: Some(boundary),
        ..Decision::new(mode, Vec::new(), edits, reason)
    }
}

/// Whether a pod can get a GPU. A kubelet runs a pod that names its node even if the node does not advertise the resource.
/// A boundary label on such a pod would close the node for all other boundaries, at no cost. If the pod was not read
/// completely, it may take any resource. A node without GPUs cannot be closed.
fn may_get_gpu(input: &DecisionInput<'_>) -> bool {
    let (pod, supply) = (input.pod, input.supply);
    let Some(node) = pod.node_name() else {
        return true;
    };
    if input.policy.outsiders != Outsiders::Label {
        return false;
    }
    pod.cut >= Cut::Entries
        || supply.group_of(node).is_none_or(|group| {
            let known = supply.advertised(group).map(|(offer, _)| &offer.resource);
            let unknown = group.unknown.iter().map(|unknown| &unknown.resource);
            let mut advertised = known.chain(unknown);
            advertised.any(|resource| taken(pod).any(|taken| taken == resource))
        })
}
