//! Why the guarantee does not cover a running pod, each reason with its fix.

use super::gap::{CoverageGap, GapReason};
use super::markers;
use super::model::{Holding, PodAudit};
use crate::engine::cluster_state::ClusterState;
use crate::engine::edits;
use crate::engine::line::Edit;
use crate::engine::namespaces::consent::ClaimProblem;
use crate::engine::rules::daemonset_share;
use crate::engine::supply::{NodeFilter, UnknownResource};
use crate::engine::vocabulary::{BoundaryPlacement, Mode, Outsiders, Policy, names, quoted};
use crate::facts::Pod;

/// All reasons for one pod.
pub(super) fn gaps(state: &ClusterState, pod: &PodAudit<'_>) -> Vec<CoverageGap> {
    let mut gaps = Vec::new();
    label(state, pod, &mut gaps);
    if !matches!(pod.holds, Holding::Whole | Holding::Slice) {
        place(state, pod, &mut gaps);
        terms(state, pod, &mut gaps);
    }
    gaps
}

fn gap(why: GapReason, message: String, fix: &str, gaps: &mut Vec<CoverageGap>) {
    let fix = fix.to_owned();
    gaps.push(CoverageGap { why, message, fix });
}

fn label(state: &ClusterState, pod: &PodAudit<'_>, gaps: &mut Vec<CoverageGap>) {
    let namespace = pod.placed.namespace;
    if is_static(pod.placed.pod) {
        let message = "a kubelet made it from a file, past every webhook and the scheduler";
        let fix = "give GPU work to pods that the API server is asked about";
        return gap(GapReason::StaticPod, message.to_owned(), fix, gaps);
    }
    match (pod.label, pod.mode) {
        (Some(_), _) if pod.has_valid_label => {}
        (Some(label), _) => {
            let (message, fix) = differs(state, pod, label);
            gap(GapReason::LabelDiffers, message, &fix, gaps);
        }
        (None, Mode::Off) => {
            let message = format!("no boundary label: slicegate is off in namespace {namespace}");
            let fix = "opt the namespace in and run slicegate adopt, set outsiders: label in the \
                policy, or keep its GPU pods on nodes of their own";
            gap(GapReason::NamespaceOff, message, fix, gaps);
        }
        (None, Mode::DryRun) => {
            let message = format!("no boundary label: namespace {namespace} is in dry-run");
            let fix = "run slicegate adopt and set slicegate.dev/mode=enforce";
            gap(GapReason::NamespaceDryRun, message, fix, gaps);
        }
        (None, Mode::Enforce) => {
            let message = "no boundary label: it was there before the opt-in, or came while \
                slicegate was down";
            let fix = format!("run slicegate adopt {namespace}");
            gap(GapReason::BeforeOptIn, message.to_owned(), &fix, gaps);
        }
    }
}

/// Why a label is not valid, and the fix.
fn differs(state: &ClusterState, pod: &PodAudit<'_>, label: &str) -> (String, String) {
    let namespace = pod.placed.namespace;
    let anew = "delete the pod so that it is made anew";
    if let Some(said) = markers::receipt_says(pod.placed.pod).filter(|said| said != label) {
        let message = match said.is_empty() {
            true => format!("its label is {label}, and its receipt cannot be read"),
            false => format!(
                "its label is {label}, and its receipt says {}",
                quoted(&said)
            ),
        };
        return (message, format!("{anew}; find out who changed one of them"));
    }
    let whole = markers::whole(label);
    if state.namespaces.problem(namespace, whole, &state.policy) == Some(ClaimProblem::NoMember) {
        let message = format!(
            "its label is {label}, and namespace {whole} does not list {namespace} as a member"
        );
        let key = names::BOUNDARY_MEMBERS;
        let fix = format!("{anew}, or, if both are to share, add {namespace} to {key} of {whole}");
        return (message, fix);
    }
    let due = pod.due.as_deref().unwrap_or("none");
    let message = format!("its label is {label}, its namespace gives it {due}");
    let fix = format!("{anew}, or, if the label is right, correct the namespace's trust-boundary");
    (message, fix)
}

/// How it came to its node, and what the node is.
fn place(state: &ClusterState, pod: &PodAudit<'_>, gaps: &mut Vec<CoverageGap>) {
    let placed = &pod.placed;
    if placed.names_its_node {
        let message = format!(
            "it names its node {}, so no scheduler was asked",
            placed.node
        );
        let fix = "choose the node with a nodeSelector on kubernetes.io/hostname";
        gap(GapReason::NodeName, message, fix, gaps);
    }
    let spec = placed.pod.spec.as_ref();
    let named = spec.and_then(|s| s.scheduler_name.as_deref());
    let scheduler = named.filter(|n| !n.is_empty()).unwrap_or(DEFAULT_SCHEDULER);
    let known = &state.policy.placement.schedulers;
    if !known.iter().any(|s| s == scheduler) {
        let message = format!("scheduler {scheduler} placed it; the policy lists others");
        let fix = format!("use {}, or list it in the policy", known.join(" or "));
        gap(GapReason::OtherScheduler, message, &fix, gaps);
    }
    match pod.holds {
        Holding::Unknown(unknown) => {
            let why = unknown.map_or_else(
                || "the node is not known, or sells no GPU".to_owned(),
                UnknownResource::message,
            );
            let message = format!("nobody can say what its node sells: {why}");
            let fix = unknown.map_or(
                "see that the node is there and the device plugin runs on it",
                |unknown| unknown.why.fix(),
            );
            return gap(GapReason::NodeUnknown, message, fix, gaps);
        }
        Holding::Gone { .. } => {
            let message = "its node does not sell what it took any more, so the device may be \
                handed to others";
            let fix = "delete the pod; drain a node before changing how it shares";
            gap(GapReason::ResourceGone, message.to_owned(), fix, gaps);
        }
        Holding::Whole | Holding::Slice | Holding::Share(_) => {}
    }
    let group = state.supply.group_of(placed.node);
    if group.is_some_and(|g| !g.has_hostname) {
        let message = "its node has no kubernetes.io/hostname label, so anti-affinity does not \
            count there";
        let fix = "give the node its label back: kubelets write it";
        gap(GapReason::NoHostname, message.to_owned(), fix, gaps);
    }
}

const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// Whether others are kept away from a pod that carries the right label.
fn terms(state: &ClusterState, pod: &PodAudit<'_>, gaps: &mut Vec<CoverageGap>) {
    let Some(label) = pod.label.filter(|_| pod.has_valid_label) else {
        return;
    };
    if state.policy.placement.boundary == BoundaryPlacement::NodeLabel {
        return node_label(state, pod, label, gaps);
    }
    // Pods with terms keep away from the label alone.
    if has_terms(pod.placed.pod, &state.policy, label) || !label_only_pods_exist(&state.policy) {
        return;
    }
    if is_daemon_sets(pod.placed.pod) {
        let message = "its controller placed it without the boundary's terms, and it is not moved";
        let fix = "delete the pod in an enforced namespace: the next one has them";
        return gap(GapReason::DaemonSet, message.to_owned(), fix, gaps);
    }
    let message = "it has the label and not the anti-affinity: pods that get only a label, too, \
        may come beside it";
    let fix = "restart it in an enforced namespace: the next one has both";
    gap(GapReason::NoTerms, message.to_owned(), fix, gaps);
}

fn node_label(state: &ClusterState, pod: &PodAudit<'_>, label: &str, gaps: &mut Vec<CoverageGap>) {
    let node = pod.placed.node;
    let found = state.supply.label_of(node, names::NODE_BOUNDARY);
    if found == Some(label) {
        return;
    }
    let message = match found {
        Some(other) => format!("its node is labelled for boundary {other}"),
        None => "its node is labelled for no boundary, so any of them may come".to_owned(),
    };
    let fix = format!("label the node {}={label}", names::NODE_BOUNDARY);
    gap(GapReason::NodeLabel, message, &fix, gaps);
}

/// Whether pods can get the label without terms: those of namespaces that are off, and those of other sharing systems.
fn label_only_pods_exist(policy: &Policy) -> bool {
    policy.outsiders == Outsiders::Label || !policy.foreign_sharing.is_empty()
}

fn has_terms(pod: &Pod<'_>, policy: &Policy, label: &str) -> bool {
    let edits = edits::markers_only(pod, policy, label.into(), true);
    !edits.iter().any(|edit| matches!(edit, Edit::Repel { .. }))
}

/// Anyone can write the annotation; a pod that has it counts as uncovered.
fn is_static(pod: &Pod<'_>) -> bool {
    pod.annotation("kubernetes.io/config.mirror").is_some()
}

fn is_daemon_sets(pod: &Pod<'_>) -> bool {
    let filter = pod.spec.as_ref().map(NodeFilter::of).unwrap_or_default();
    daemonset_share::pinned_by_controller(pod, &filter).is_some()
}
