//! Whether the boundary holds among the pods that run now, as `slicegate audit --boundaries` judges it.

use std::collections::BTreeMap;

use crate::doctor::alike::{counted, name, namespace, some};
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::{Unseen, seen, unusable};
use crate::engine::audit::{self, Audit, GapReason, PlacedPod, PodAudit};
use crate::engine::vocabulary::{Mode, Outsiders, names};
use crate::facts::{Pod, Running};

const AUDIT: &str = "slicegate audit --boundaries";

/// What is read of the pods that are on nodes and not over.
fn judged<T>(assessment: &Assessment<'_>, look: impl FnOnce(&Audit<'_>) -> T) -> Result<T, Unseen> {
    let state = assessment.cluster_state()?;
    let objects = seen(&assessment.gathered.pods)?;
    let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let mut read = Vec::new();
    for (object, text) in objects.iter().zip(&texts) {
        let unusable = |e| unusable(format!("pod {}/{}: {e}", namespace(object), name(object)));
        let running: Running<'_> = serde_json::from_str(text).map_err(unusable)?;
        let Some(node) = running.node().filter(|_| !running.is_finished()) else {
            continue;
        };
        let pod: Pod<'_> = serde_json::from_str(text).map_err(unusable)?;
        read.push((object, node.to_owned(), running.names_its_node(), pod));
    }
    let placed: Vec<PlacedPod<'_>> = read
        .iter()
        .map(|(object, node, names_its_node, pod)| PlacedPod {
            namespace: namespace(object),
            name: name(object),
            node,
            names_its_node: *names_its_node,
            pod,
        })
        .collect();
    Ok(look(&audit::boundaries(&state, &placed)))
}

pub(super) fn breaches(assessment: &Assessment<'_>) -> Findings {
    judged(assessment, |audit| {
        let breach = |node: &audit::NodeAudit<'_>| {
            let breach = node.breach.as_ref()?;
            let boundaries: Vec<&str> = breach.boundaries().into_iter().collect();
            let (count, names) = (boundaries.len(), some(&boundaries));
            let apart = "delete the pods of all boundaries but one there";
            let finding = if breach.is_certain {
                Finding::fail(
                    format!(
                        "node {} runs shared pods of {count} boundaries: {names}",
                        node.name
                    ),
                    format!("{apart}: slicegate keeps the next ones apart"),
                )
            } else {
                // Nobody can say that it holds there.
                Finding::unseen(
                    format!(
                        "node {} runs pods of {count} boundaries ({names}), and nobody can say \
                         whether they share a device",
                        node.name
                    ),
                    format!("see to it that the node says what it sells, or {apart}"),
                )
            };
            Some(finding.run(AUDIT))
        };
        let mut findings: Vec<Finding> = audit.nodes.iter().filter_map(breach).collect();
        if findings.is_empty() {
            findings.push(Finding::ok(format!(
                "none: {} on {} with GPUs",
                counted(audit.pods.len(), "GPU pod"),
                counted(audit.nodes.len(), "node")
            )));
        }
        findings
    })
}

pub(super) fn uncovered(assessment: &Assessment<'_>) -> Findings {
    judged(assessment, |audit| {
        let mut reasons: BTreeMap<GapReason, (Vec<String>, &str)> = BTreeMap::new();
        for pod in &audit.pods {
            for gap in &pod.gaps {
                let (pods, _) = reasons.entry(gap.why).or_insert((Vec::new(), &gap.fix));
                pods.push(format!("{}/{}", pod.placed.namespace, pod.placed.name));
            }
        }
        let mut findings: Vec<Finding> = reasons
            .into_iter()
            .map(|(why, (pods, fix))| {
                let message = format!(
                    "{} not covered, {}: {}",
                    counted(pods.len(), "GPU pod"),
                    why.word(),
                    some(&pods)
                );
                Finding::warn(message, fix).run(AUDIT)
            })
            .collect();
        if findings.is_empty() {
            findings.push(Finding::ok(
                "none: the guarantee covers every GPU pod that runs",
            ));
        }
        findings
    })
}

/// Those from before slicegate judged their creation; anti-affinity of a pod that runs cannot be changed.
pub(super) fn closed(assessment: &Assessment<'_>) -> Findings {
    let mut closing = Vec::new();
    for object in seen(&assessment.gathered.pods)? {
        let text = object.to_string();
        if !text.contains(names::PREFIX) {
            continue;
        }
        let place = || format!("{}/{}", namespace(object), name(object));
        let unusable = |e| unusable(format!("pod {}: {e}", place()));
        let running: Running<'_> = serde_json::from_str(&text).map_err(unusable)?;
        let pod: Pod<'_> = serde_json::from_str(&text).map_err(unusable)?;
        if !running.is_finished() && audit::closes_nodes(&pod) {
            closing.push(place());
        }
    }
    Ok(vec![if closing.is_empty() {
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
    }])
}

pub(super) fn outsiders(assessment: &Assessment<'_>) -> Findings {
    if assessment.policy()?.outsiders == Outsiders::Label {
        return Ok(vec![Finding::ok(
            "GPU pods of namespaces that are not enforced are labelled, so boundaries keep away from them",
        )]);
    }
    judged(assessment, |audit| {
        // Who is a neighbour of whom is a matter of nodes.
        let beside = |certain: bool| -> Vec<String> {
            let pods = audit.pods.iter();
            let unlabelled = pods.filter(|p| p.mode != Mode::Enforce && p.label.is_none());
            unlabelled
                .filter(|pod| is_beside_a_boundary(audit, pod) == Some(certain))
                .map(|pod| format!("{}/{}", pod.placed.namespace, pod.placed.name))
                .collect()
        };
        let fix = "set outsiders: label in the policy, or give such pods nodes of their own";
        let (certain, possible) = (beside(true), beside(false));
        let mut findings = Vec::new();
        if !certain.is_empty() {
            findings.push(Finding::fail(
                format!(
                    "{} of namespaces that are not enforced beside a boundary's shares: {}",
                    counted(certain.len(), "pod"),
                    some(&certain)
                ),
                fix,
            ));
        }
        if !possible.is_empty() {
            findings.push(Finding::warn(
                format!(
                    "{} of namespaces that are not enforced on a node with a boundary's pods, and \
                     nobody can say whether they share a device: {}",
                    counted(possible.len(), "pod"),
                    some(&possible)
                ),
                fix,
            ));
        }
        if findings.is_empty() {
            findings.push(Finding::ok(
                "no shared pod without a label sits beside a boundary; only \
                 outsiders: label in the policy keeps it so",
            ));
        }
        findings
    })
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
