//! Whether the boundary holds among the pods that run now, as `slicegate audit --boundaries` judges it.

use std::collections::BTreeMap;

use super::super::alike::{counted, name, namespace, some};
use super::super::finding::Finding;
use super::super::gathered::Unseen;
use super::super::scene::{Scene, seen, unusable};
use super::Findings;
use crate::engine::audit::{self, Audit, Judge, Placed, Why};
use crate::engine::policy::{Mode, Outsiders};
use crate::engine::words;
use crate::facts::{Pod, Running};

const AUDIT: &str = "slicegate audit --boundaries";

/// What is read of the pods that are on nodes and not over.
fn judged<T>(scene: &Scene<'_>, look: impl FnOnce(&Audit<'_>) -> T) -> Result<T, Unseen> {
    let judge = Judge {
        policy: scene.policy()?,
        supply: seen(&scene.supply)?,
        namespaces: seen(&scene.namespaces)?,
    };
    let objects = seen(&scene.gathered.pods)?;
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
    let placed: Vec<Placed<'_>> = read
        .iter()
        .map(|(object, node, names_its_node, pod)| Placed {
            namespace: namespace(object),
            name: name(object),
            node,
            names_its_node: *names_its_node,
            pod,
        })
        .collect();
    Ok(look(&audit::boundaries(&judge, &placed)))
}

pub(super) fn breaches(scene: &Scene<'_>) -> Findings {
    judged(scene, |audit| {
        let breach = |node: &audit::NodeAudit<'_>| {
            let breach = node.breach.as_ref()?;
            let boundaries: Vec<&str> = breach.boundaries().into_iter().collect();
            let message = format!(
                "node {} runs shared pods of {} boundaries: {}",
                node.name,
                boundaries.len(),
                some(&boundaries)
            );
            let fix = "delete the pods of all boundaries but one there: slicegate keeps the next ones apart";
            Some(Finding::fail(message, fix).run(AUDIT))
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

pub(super) fn uncovered(scene: &Scene<'_>) -> Findings {
    judged(scene, |audit| {
        let mut reasons: BTreeMap<Why, (Vec<String>, &str)> = BTreeMap::new();
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
pub(super) fn closed(scene: &Scene<'_>) -> Findings {
    let mut closing = Vec::new();
    for object in seen(&scene.gathered.pods)? {
        let text = object.to_string();
        if !text.contains(words::PREFIX) {
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
    Ok(vec![match closing.is_empty() {
        true => Finding::ok("no pod closes nodes for others by slicegate's labels"),
        false => Finding::warn(
            format!(
                "{} with required anti-affinity to slicegate's labels, which closes nodes for others: {}",
                counted(closing.len(), "pod"),
                some(&closing)
            ),
            "delete them: what comes again is refused (slicegate explain reserved-selector)",
        ),
    }])
}

pub(super) fn outsiders(scene: &Scene<'_>) -> Findings {
    if scene.policy()?.outsiders == Outsiders::Label {
        return Ok(vec![Finding::ok(
            "GPU pods of namespaces that are not enforced are labelled, so boundaries keep away from them",
        )]);
    }
    judged(scene, |audit| {
        // Who is a neighbour of whom is a matter of nodes.
        let mut beside: Vec<String> = Vec::new();
        for pod in audit
            .pods
            .iter()
            .filter(|p| p.mode != Mode::Enforce && p.label.is_none())
        {
            let node = audit.nodes.iter().find(|n| n.name == pod.placed.node);
            let has_boundary = node.is_some_and(|n| {
                n.boundaries
                    .iter()
                    .any(|(label, count)| label.is_some() && count.sharing > 0)
            });
            if has_boundary && pod.holds.is_shared() {
                beside.push(format!("{}/{}", pod.placed.namespace, pod.placed.name));
            }
        }
        vec![match beside.is_empty() {
            false => Finding::fail(
                format!(
                    "{} of namespaces that are not enforced beside a boundary's shares: {}",
                    counted(beside.len(), "pod"),
                    some(&beside)
                ),
                "set outsiders: label in the policy, or give such pods nodes of their own",
            ),
            true => Finding::ok(
                "no shared pod without a label sits beside a boundary; only \
                 outsiders: label in the policy keeps it so",
            ),
        }]
    })
}
