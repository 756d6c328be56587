//! `daemonset-share`: warns that a DaemonSet's pod keeps its request and cannot be steered.

use crate::engine::supply::{NodeFilter, UnknownResource};
use crate::engine::vocabulary::{Findings, Rule, Text};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::warns("daemonset-share", include_str!("daemonset_share.md"));

/// Warns of a DaemonSet's pod or template.
pub fn check(findings: &mut Findings<'_>) {
    let message = "a DaemonSet's pod runs on the node its controller picked, so it keeps its request and is only kept within its trust boundary";
    let fix = "give GPU work that should be steered to a Deployment or Job";
    findings.add(&RULE, "", (message, fix));
}

/// A request that the node of the pod does not meet.
pub fn unmet(container: &str, node: &str, offer: &str) -> Text {
    (
        format!("node {node} gives container {container} {offer}, which is not what the pod asks for"),
        "ask for what the DaemonSet's nodes offer, or keep the DaemonSet off such nodes with a node selector"
            .to_owned(),
    )
}

/// A node of which it is unknown what it gives the pod.
pub fn unknown(node: &str, resource: &str, unknown: Option<&UnknownResource>) -> Text {
    let (message, fix) = nothing_known(node, resource, unknown);
    let fix = format!("{fix}, or keep the DaemonSet off such nodes with a node selector");
    (message, fix)
}

/// That it is unknown what a node advertises and why, and the beginning of the fix.
pub(super) fn nothing_known(
    node: &str,
    resource: &str,
    unknown: Option<&UnknownResource>,
) -> (String, &'static str) {
    let message = format!(
        "nothing is known of {resource} on node {node}, to which this DaemonSet's pod is pinned"
    );
    match unknown {
        Some(unknown) => (
            format!("{message}: {}", unknown.message()),
            unknown.why.fix(),
        ),
        None => (message, "run GPU Feature Discovery on the node"),
    }
}

/// A request by annotation alone, which a DaemonSet's pod cannot be given.
pub fn nothing_to_keep(container: &str) -> Text {
    (
        format!(
            "container {container} asks by annotation alone, and a DaemonSet's pod keeps what it requests"
        ),
        "request the resource that the DaemonSet's nodes offer, such as nvidia.com/gpu: 1"
            .to_owned(),
    )
}

/// The node a pod's DaemonSet pinned it to, if it is such a pod.
///
/// The controller leaves `spec.nodeName` to the scheduler. A pod that sets it runs there, whatever `matchFields` say.
pub fn pinned<'f>(pod: &Pod<'_>, filter: &'f NodeFilter<'_>) -> Option<&'f str> {
    let is_owned = pod.owners().iter().any(|owner| {
        let version = owner.api_version.as_deref();
        owner.kind.as_deref() == Some("DaemonSet")
            && version.is_some_and(|version| version.starts_with("apps/"))
            && owner.controller == Some(true)
    });
    // Anybody can write the owner reference; the controller also names one node.
    let [term] = filter
        .terms
        .filter(|_| is_owned && filter.node_name.is_none())?
    else {
        return None;
    };
    let [field] = term.read.match_fields.as_deref()? else {
        return None;
    };
    match field.values.as_deref()? {
        [node] if &*field.key == "metadata.name" && &*field.operator == "In" => Some(node),
        _ => None,
    }
}
