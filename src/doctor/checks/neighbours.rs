//! Whether the boundary holds among the running pods, as `slicegate audit --boundaries` judges it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Fix, or_ok};
use crate::doctor::gathered::{Observation, Unseen};
use crate::doctor::objects::{full_name, name, namespace};
use crate::doctor::text::{counted, some};
use crate::engine::audit::{self, Audit, GapReason, NodeAudit, PlacedPod, PodAudit};
use crate::engine::vocabulary::{Mode, Outsiders, names};
use crate::facts::{Pod, Running};

const AUDIT: &str = "slicegate audit --boundaries";

fn read<'t, T: Deserialize<'t>>(object: &Value, text: &'t str) -> Observation<T> {
    serde_json::from_str(text)
        .map_err(|problem| Unseen::unusable(format!("pod {}: {problem}", full_name(object))))
}

/// The findings of an audit of all pods that run on nodes.
fn audited(
    assessment: &Assessment<'_>,
    judge: impl FnOnce(&Audit<'_>) -> Vec<Finding>,
) -> Observation<Vec<Finding>> {
    let state = assessment.cluster_state()?;
    let objects = assessment.gathered.pods.as_ref()?;
    let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let mut pods = Vec::new();
    for (object, text) in objects.iter().zip(&texts) {
        let running: Running<'_> = read(object, text)?;
        if running.node().is_some() && !running.is_finished() {
            pods.push((object, running, read::<Pod<'_>>(object, text)?));
        }
    }
    let placed: Vec<PlacedPod<'_>> = pods
        .iter()
        .map(|(object, running, pod)| PlacedPod {
            namespace: namespace(object),
            name: name(object),
            node: running.node().unwrap_or_default(),
            names_its_node: running.names_its_node(),
            pod,
        })
        .collect();
    Ok(judge(&audit::boundaries(&state, &placed)))
}

pub(super) fn breaches(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    audited(assessment, |audit| {
        let pods = counted(audit.pods.len(), "GPU pod");
        let nodes = counted(audit.nodes.len(), "node");
        let breaches = audit.nodes.iter().filter_map(breach).collect();
        or_ok(breaches, format!("none: {pods} on {nodes} with GPUs"))
    })
}

fn breach(node: &NodeAudit<'_>) -> Option<Finding> {
    let breach = node.breach.as_ref()?;
    let boundaries: Vec<&str> = breach.boundaries().into_iter().collect();
    let (name, count, names) = (node.name, boundaries.len(), some(&boundaries));
    let apart = "delete the pods of all boundaries but one there";
    if breach.is_certain {
        let message = format!("node {name} runs shared pods of {count} boundaries: {names}");
        let fix = format!("{apart}: slicegate keeps the next ones apart");
        return Some(Finding::fail(message, Fix::by(fix, AUDIT)));
    }
    // Nobody knows whether the boundary holds there.
    let message = format!(
        "node {name} runs pods of {count} boundaries ({names}), and nobody can say whether they \
         share a device"
    );
    let fix = format!("see to it that the node says what it advertises, or {apart}");
    Some(Finding::unseen(message, Fix::by(fix, AUDIT)))
}

pub(super) fn uncovered(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    audited(assessment, |audit| {
        let mut reasons: BTreeMap<GapReason, (Vec<String>, &str)> = BTreeMap::new();
        for pod in &audit.pods {
            for gap in &pod.gaps {
                let (pods, _) = reasons.entry(gap.why).or_insert((Vec::new(), &gap.fix));
                pods.push(full_name_of(pod));
            }
        }
        let findings = reasons.into_iter().map(|(why, (pods, fix))| {
            let count = counted(pods.len(), "GPU pod");
            let message = format!("{count} not covered, {}: {}", why.word(), some(&pods));
            Finding::warn(message, Fix::by(fix, AUDIT))
        });
        let message = "none: the guarantee covers every GPU pod that runs";
        or_ok(findings.collect(), message)
    })
}

/// Pods from before slicegate judged their creation: the anti-affinity of a running pod cannot be changed.
pub(super) fn closed(assessment: &Assessment<'_>) -> Observation<Finding> {
    let mut closing = Vec::new();
    for object in assessment.gathered.pods.as_ref()? {
        let text = object.to_string();
        if !text.contains(names::PREFIX) {
            continue;
        }
        let running: Running<'_> = read(object, &text)?;
        let pod: Pod<'_> = read(object, &text)?;
        if !running.is_finished() && audit::closes_nodes(&pod) {
            closing.push(full_name(object));
        }
    }
    if closing.is_empty() {
        let message = "no pod closes nodes for others by slicegate's labels";
        return Ok(Finding::ok(message));
    }
    let (count, names) = (counted(closing.len(), "pod"), some(&closing));
    let message = format!(
        "{count} with required anti-affinity to slicegate's labels, which closes nodes for others: {names}"
    );
    let fix = "delete them: what comes again is refused (slicegate explain reserved-selector)";
    Ok(Finding::warn(message, fix))
}

pub(super) fn outsiders(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    if assessment.policy()?.outsiders == Outsiders::Label {
        return Ok(vec![Finding::ok(
            "GPU pods of namespaces that are not enforced are labelled, so boundaries keep away from them",
        )]);
    }
    audited(assessment, |audit| {
        let beside = |is_certain: bool,
                      finding: fn(String, &'static str) -> Finding,
                      place: &str| {
            let pods = audit.pods.iter();
            let pods = pods
                .filter(|pod| pod.mode != Mode::Enforce && pod.label.is_none())
                .filter(|pod| is_beside_a_boundary(audit, pod) == Some(is_certain));
            let pods: Vec<String> = pods.map(full_name_of).collect();
            let fix = "set outsiders: label in the policy, or give such pods nodes of their own";
            (!pods.is_empty()).then(|| {
                let count = counted(pods.len(), "pod");
                let names = some(&pods);
                let message =
                    format!("{count} of namespaces that are not enforced {place}: {names}");
                finding(message, fix)
            })
        };
        let possible =
            "on a node with a boundary's pods, and nobody can say whether they share a device";
        let findings = [
            beside(true, Finding::fail, "beside a boundary's shares"),
            beside(false, Finding::warn, possible),
        ];
        let message = "no shared pod without a label sits beside a boundary; only outsiders: label \
            in the policy keeps it so";
        or_ok(findings.into_iter().flatten().collect(), message)
    })
}

fn full_name_of(pod: &PodAudit<'_>) -> String {
    format!("{}/{}", pod.placed.namespace, pod.placed.name)
}

/// Whether a pod shares the devices of its node with labelled pods, or, as false, may share them.
fn is_beside_a_boundary(audit: &Audit<'_>, pod: &PodAudit<'_>) -> Option<bool> {
    let here = audit
        .nodes
        .binary_search_by_key(&pod.placed.node, |n| n.name);
    let node = audit.nodes.get(here.ok()?)?;
    let labelled = node.boundaries.iter().filter(|(label, _)| label.is_some());
    let has = |holds: bool, count: fn(&audit::PodCount) -> usize| {
        holds && labelled.clone().any(|(_, c)| count(c) > 0)
    };
    if has(pod.holding.is_shared(), |count| count.sharing) {
        return Some(true);
    }
    has(pod.holding.may_be_shared(), |count| count.may_share).then_some(false)
}
