//! Whether the boundary holds among the running pods, as `slicegate audit --boundaries` judges it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, or_ok};
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
    message: impl FnOnce(&Audit<'_>) -> String,
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
    let audit = audit::boundaries(&state, &placed);
    Ok(or_ok(judge(&audit), message(&audit)))
}

pub(super) fn breaches(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let message = |audit: &Audit<'_>| {
        format!(
            "none: {} on {} with GPUs",
            counted(audit.pods.len(), "GPU pod"),
            counted(audit.nodes.len(), "node")
        )
    };
    audited(assessment, message, |audit| {
        audit.nodes.iter().filter_map(breach).collect()
    })
}

fn breach(node: &NodeAudit<'_>) -> Option<Finding> {
    let breach = node.breach.as_ref()?;
    let boundaries: Vec<&str> = breach.boundaries().into_iter().collect();
    let (name, count, names) = (node.name, boundaries.len(), some(&boundaries));
    let apart = "delete the pods of all boundaries but one there";
    let finding = if breach.is_certain {
        Finding::fail(
            format!("node {name} runs shared pods of {count} boundaries: {names}"),
            format!("{apart}: slicegate keeps the next ones apart"),
        )
    } else {
        // Nobody knows whether the boundary holds there.
        Finding::unseen(
            format!(
                "node {name} runs pods of {count} boundaries ({names}), and nobody can say whether \
                 they share a device"
            ),
            format!("see to it that the node says what it sells, or {apart}"),
        )
    };
    Some(finding.run(AUDIT))
}

pub(super) fn uncovered(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    let message = |_: &Audit<'_>| "none: the guarantee covers every GPU pod that runs".to_owned();
    audited(assessment, message, |audit| {
        let mut reasons: BTreeMap<GapReason, (Vec<String>, &str)> = BTreeMap::new();
        for pod in &audit.pods {
            for gap in &pod.gaps {
                let (pods, _) = reasons.entry(gap.why).or_insert((Vec::new(), &gap.fix));
                pods.push(full_name_of(pod));
            }
        }
        let finding = |(why, (pods, fix)): (GapReason, (Vec<String>, &str))| {
            let count = counted(pods.len(), "GPU pod");
            let message = format!("{count} not covered, {}: {}", why.word(), some(&pods));
            Finding::warn(message, fix).run(AUDIT)
        };
        reasons.into_iter().map(finding).collect()
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
    Ok(if closing.is_empty() {
        Finding::ok("no pod closes nodes for others by slicegate's labels")
    } else {
        Finding::warn(
            format!(
                "{} with required anti-affinity to slicegate's labels, which closes nodes for others: {}",
                counted(closing.len(), "pod"),
                some(&closing)
            ),
            "delete them: what comes again is refused (slicegate explain reserved-selector)",
        )
    })
}

pub(super) fn outsiders(assessment: &Assessment<'_>) -> Observation<Vec<Finding>> {
    if assessment.policy()?.outsiders == Outsiders::Label {
        return Ok(vec![Finding::ok(
            "GPU pods of namespaces that are not enforced are labelled, so boundaries keep away from them",
        )]);
    }
    let message = |_: &Audit<'_>| {
        "no shared pod without a label sits beside a boundary; only outsiders: label in the policy \
         keeps it so"
            .to_owned()
    };
    audited(assessment, message, |audit| {
        let beside = |certain: bool| -> Vec<String> {
            let pods = audit.pods.iter();
            pods.filter(|p| p.mode != Mode::Enforce && p.label.is_none())
                .filter(|pod| is_beside_a_boundary(audit, pod) == Some(certain))
                .map(full_name_of)
                .collect()
        };
        let fix = "set outsiders: label in the policy, or give such pods nodes of their own";
        let (certain, possible) = (beside(true), beside(false));
        let mut findings = Vec::new();
        if !certain.is_empty() {
            let message = format!(
                "{} of namespaces that are not enforced beside a boundary's shares: {}",
                counted(certain.len(), "pod"),
                some(&certain)
            );
            findings.push(Finding::fail(message, fix));
        }
        if !possible.is_empty() {
            let message = format!(
                "{} of namespaces that are not enforced on a node with a boundary's pods, and nobody \
                 can say whether they share a device: {}",
                counted(possible.len(), "pod"),
                some(&possible)
            );
            findings.push(Finding::warn(message, fix));
        }
        findings
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
