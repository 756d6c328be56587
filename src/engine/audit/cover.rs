//! Why the guarantee does not cover a running pod, each reason with its fix.

use super::gap::{CoverageGap, GapReason};
use super::markers;
use super::model::{Holding, PodAudit};
use crate::engine::cluster_state::ClusterState;
use crate::engine::edits;
use crate::engine::line::Edit;
use crate::engine::namespaces::consent::ClaimProblem;
use crate::engine::rules::daemonset_share;
use crate::engine::supply::NodeFilter;
use crate::engine::vocabulary::{BoundaryPlacement, Mode, Outsiders, names, quoted};

pub(super) fn gaps(state: &ClusterState, pod: &PodAudit<'_>) -> Vec<CoverageGap> {
    let mut gaps: Vec<CoverageGap> = label(state, pod).into_iter().collect();
    if !matches!(pod.holding, Holding::Whole | Holding::Slice) {
        place(state, pod, &mut gaps);
        gaps.extend(terms(state, pod));
    }
    gaps
}

fn gap(why: GapReason, message: impl Into<String>, fix: impl Into<String>) -> CoverageGap {
    CoverageGap {
        why,
        message: message.into(),
        fix: fix.into(),
    }
}

fn label(state: &ClusterState, pod: &PodAudit<'_>) -> Option<CoverageGap> {
    let namespace = pod.placed.namespace;
    // Anyone can write the annotation; a pod that has it counts as uncovered.
    let placed = pod.placed.pod;
    if placed.annotation("kubernetes.io/config.mirror").is_some() {
        return Some(gap(
            GapReason::StaticPod,
            "a kubelet made it from a file, past every webhook and the scheduler",
            "give GPU work to pods that the API server is asked about",
        ));
    }
    let none = "no boundary label:";
    Some(match (pod.label, pod.mode) {
        (Some(_), _) if pod.has_valid_label => return None,
        (Some(label), _) => differs(state, pod, label),
        (None, Mode::Off) => gap(
            GapReason::NamespaceOff,
            format!("{none} slicegate is off in namespace {namespace}"),
            "opt the namespace in and run slicegate adopt, set outsiders: label in the policy, or \
             keep its GPU pods on nodes of their own",
        ),
        (None, Mode::DryRun) => gap(
            GapReason::NamespaceDryRun,
            format!("{none} namespace {namespace} is in dry-run"),
            "run slicegate adopt and set slicegate.dev/mode=enforce",
        ),
        (None, Mode::Enforce) => gap(
            GapReason::BeforeOptIn,
            format!("{none} it was there before the opt-in, or came while slicegate was down"),
            format!("run slicegate adopt {namespace}"),
        ),
    })
}

fn differs(state: &ClusterState, pod: &PodAudit<'_>, label: &str) -> CoverageGap {
    let namespace = pod.placed.namespace;
    let whole = markers::whole(label);
    let problem = state.namespaces.problem(namespace, whole, &state.policy);
    let due = pod.due.as_deref().unwrap_or("none");
    let receipt = markers::receipt_says(pod.placed.pod).filter(|boundary| boundary != label);
    let (what, fix) = match receipt {
        Some(boundary) => (
            if boundary.is_empty() {
                "and its receipt cannot be read".to_owned()
            } else {
                format!("and its receipt says {}", quoted(&boundary))
            },
            "; find out who changed one of them".to_owned(),
        ),
        None if problem == Some(ClaimProblem::NoMember) => (
            format!("and namespace {whole} does not list {namespace} as a member"),
            format!(
                ", or, if both are to share, add {namespace} to {} of {whole}",
                names::BOUNDARY_MEMBERS
            ),
        ),
        None => (
            format!("its namespace gives it {due}"),
            ", or, if the label is right, correct the namespace's trust-boundary".to_owned(),
        ),
    };
    gap(
        GapReason::LabelDiffers,
        format!("its label is {label}, {what}"),
        format!("delete the pod so that it is made anew{fix}"),
    )
}

/// How it came to its node, and what the node is.
fn place(state: &ClusterState, pod: &PodAudit<'_>, gaps: &mut Vec<CoverageGap>) {
    let (placed, node) = (&pod.placed, pod.placed.node);
    if placed.names_its_node {
        gaps.push(gap(
            GapReason::NodeName,
            format!("it names its node {node}, so no scheduler was asked"),
            "choose the node with a nodeSelector on kubernetes.io/hostname",
        ));
    }
    let scheduler = placed.pod.scheduler();
    let known = &state.policy.placement.schedulers;
    if !known.iter().any(|s| s == scheduler) {
        gaps.push(gap(
            GapReason::OtherScheduler,
            format!("scheduler {scheduler} placed it; the policy lists others"),
            format!("use {}, or list it in the policy", known.join(" or ")),
        ));
    }
    match pod.holding {
        Holding::Unknown(unknown) => {
            let (why, fix) = match unknown {
                Some(unknown) => (unknown.message(), unknown.why.fix()),
                None => (
                    "the node is not known, or advertises no GPU".to_owned(),
                    "see that the node is there and the device plugin runs on it",
                ),
            };
            let message = format!("nobody can say what its node advertises: {why}");
            return gaps.push(gap(GapReason::NodeUnknown, message, fix));
        }
        Holding::Gone { .. } => gaps.push(gap(
            GapReason::ResourceGone,
            "its node does not advertise what it took any more, so the device may be allocated to \
             others",
            "delete the pod; drain a node before changing how it shares",
        )),
        Holding::Whole | Holding::Slice | Holding::Share(_) => {}
    }
    let group = state.supply.group_of(node);
    if group.is_some_and(|g| !g.has_hostname) {
        gaps.push(gap(
            GapReason::NoHostname,
            "its node has no kubernetes.io/hostname label, so anti-affinity does not count there",
            "give the node its label back: kubelets write it",
        ));
    }
}

/// Whether others are kept away from a pod that carries the right label.
fn terms(state: &ClusterState, pod: &PodAudit<'_>) -> Option<CoverageGap> {
    let label = pod.label.filter(|_| pod.has_valid_label)?;
    let policy = &state.policy;
    if policy.placement.boundary == BoundaryPlacement::NodeLabel {
        return node_label(state, pod.placed.node, label);
    }
    let pod = pod.placed.pod;
    let mut edits = edits::markers_only(pod, policy, label.into(), true).into_iter();
    let has_terms = !edits.any(|edit| matches!(edit, Edit::Repel { .. }));
    // Pods with terms keep away from the label alone. Only pods of namespaces that are off and those of other sharing
    // systems get the label without terms.
    let may_lack_terms = policy.outsiders == Outsiders::Label || !policy.foreign_sharing.is_empty();
    if has_terms || !may_lack_terms {
        return None;
    }
    let mut filter = pod.spec.as_ref().map(NodeFilter::of).unwrap_or_default();
    // The scheduler placed it since.
    filter.node_name = None;
    let is_daemon_sets = daemonset_share::pinned(pod, &filter).is_some();
    Some(if is_daemon_sets {
        gap(
            GapReason::DaemonSet,
            "its controller placed it without the boundary's terms, and it is not moved",
            "delete the pod in an enforced namespace: the next one has them",
        )
    } else {
        gap(
            GapReason::NoTerms,
            "it has the label and not the anti-affinity: pods that get only a label, too, may come \
             beside it",
            "restart it in an enforced namespace: the next one has both",
        )
    })
}

fn node_label(state: &ClusterState, node: &str, label: &str) -> Option<CoverageGap> {
    let message = match state.supply.label_of(node, names::NODE_BOUNDARY) {
        Some(found) if found == label => return None,
        Some(other) => format!("its node is labelled for boundary {other}"),
        None => "its node is labelled for no boundary, so any of them may come".to_owned(),
    };
    let fix = format!("label the node {}={label}", names::NODE_BOUNDARY);
    Some(gap(GapReason::NodeLabel, message, fix))
}
