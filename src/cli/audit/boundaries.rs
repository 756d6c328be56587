//! `slicegate audit --boundaries`: nodes, the boundaries on them, and the pods that the guarantee does not cover.

use std::collections::BTreeSet;

use serde::Serialize;

use super::text;
use crate::cli::args::AuditArgs;
use crate::cli::live::Live;
use crate::cli::progress::Progress;
use crate::cli::{API_VERSION, DENIED, DONE, output};
use crate::config::pods::PresentPod;
use crate::engine::audit::{self, Audit, Breach, Judge, NodeAudit, Placed, PodAudit};
use crate::facts::Pod;

/// Runs it and returns the exit status.
pub(super) fn run(live: Live, args: &AuditArgs, progress: Progress) -> anyhow::Result<u8> {
    let Live { ground, pods } = live;
    let world = ground.into_world();
    progress.say(format!("judging {} pods", pods.len()));
    let placed: Vec<(&PresentPod, &str)> = pods
        .iter()
        .filter_map(|pod| Some((pod, pod.node.as_deref()?)))
        .collect();
    let texts: Vec<String> = placed
        .iter()
        .map(|(pod, _)| pod.document.value.to_string())
        .collect();
    let read: Vec<Pod<'_>> = texts
        .iter()
        .zip(&placed)
        .map(|(text, (pod, _))| {
            serde_json::from_str(text)
                .map_err(|e| anyhow::anyhow!("pod {}/{}: {e}", pod.namespace, pod.name))
        })
        .collect::<anyhow::Result<_>>()?;
    let judge = Judge {
        policy: &world.policy,
        supply: &world.supply,
        namespaces: &world.namespaces,
    };
    let on_nodes: Vec<Placed<'_>> = placed
        .iter()
        .zip(&read)
        .map(|((present, node), pod)| Placed {
            namespace: &present.namespace,
            name: &present.name,
            node,
            names_its_node: present.names_its_node,
            pod,
        })
        .collect();
    let mut found = audit::boundaries(&judge, &on_nodes);
    if let Some(namespace) = &args.namespace {
        restrict(&mut found, namespace);
    }
    let report = BoundaryReport::of(&found);
    drop(progress);
    output::value(&report, args.output, || text::render(&report))?;
    // What nobody can say is not taken for good.
    let is_clean = report.breaches.is_empty() && report.possible_breaches.is_empty();
    Ok(if is_clean { DONE } else { DENIED })
}

/// To the pods of one namespace and the nodes they are on, with all that is said of those.
fn restrict(audit: &mut Audit<'_>, namespace: &str) {
    audit.pods.retain(|pod| pod.placed.namespace == namespace);
    let nodes: BTreeSet<&str> = audit.pods.iter().map(|pod| pod.placed.node).collect();
    audit.nodes.retain(|node| nodes.contains(node.name));
}

/// What is on the nodes, and where the guarantee ends.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BoundaryReport {
    api_version: &'static str,
    kind: &'static str,
    pub summary: Summary,
    /// Every node with GPUs or with a GPU pod.
    pub nodes: Vec<NodeEntry>,
    /// Nodes that run shared pods of two boundaries.
    pub breaches: Vec<BreachEntry>,
    /// Nodes with pods of two boundaries of which nobody can say whether they share a device.
    pub possible_breaches: Vec<BreachEntry>,
    /// Pods that the guarantee does not cover.
    pub uncovered: Vec<UncoveredEntry>,
    /// Pods whose asks, or whose namespace's words, are others by now than when they got their boundary.
    pub drifted: Vec<DriftedEntry>,
}

/// Counts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub nodes: usize,
    pub pods: usize,
    pub covered: usize,
    pub uncovered: usize,
    pub breaches: usize,
    pub possible_breaches: usize,
    pub drifted: usize,
}

/// One node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeEntry {
    pub name: String,
    pub sells: Vec<SoldEntry>,
    /// Resources nothing can be said about.
    pub unknown: Vec<UnknownEntry>,
    /// Memory labels that cannot be right, so that nobody knows the memory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubted: Vec<DoubtedEntry>,
    /// Whether it is neither cordoned nor being changed, and ready.
    pub takes_new_pods: bool,
    /// Whether anti-affinity counts there.
    pub has_hostname: bool,
    pub boundaries: Vec<BoundaryEntry>,
    /// Whether it runs shared pods of two boundaries.
    pub breach: bool,
    /// Whether it runs pods of two boundaries of which nobody can say whether they share a device.
    pub possible_breach: bool,
}

/// One resource of a node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SoldEntry {
    pub resource: String,
    pub strategy: &'static str,
    pub product: String,
    pub count: u64,
    /// How many of them no pod holds.
    pub free: u64,
}

/// A resource nothing can be said about.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnknownEntry {
    pub resource: String,
    pub reason: String,
}

/// A label that cannot be right.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DoubtedEntry {
    pub label: String,
    pub value: String,
    pub reason: String,
}

/// The pods of one boundary on a node; `trustBoundary` is null for those without a label.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BoundaryEntry {
    pub trust_boundary: Option<String>,
    /// Those that take a stock resource.
    pub pods: usize,
    /// Those of them that share a device.
    pub sharing: usize,
}

/// A node with pods of two boundaries that share its devices, or may.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BreachEntry {
    pub node: String,
    /// The boundaries the pods really are of.
    pub trust_boundaries: Vec<String>,
    pub pods: Vec<NeighbourEntry>,
}

/// One of the pods that share.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NeighbourEntry {
    pub namespace: String,
    pub name: String,
    pub label: Option<String>,
    /// What it really is of.
    pub trust_boundary: String,
}

/// A pod that the guarantee does not cover.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UncoveredEntry {
    pub namespace: String,
    pub name: String,
    pub node: String,
    pub mode: &'static str,
    pub label: Option<String>,
    /// What its namespace gives it.
    pub trust_boundary: Option<String>,
    /// `whole`, `slice`, `share`, `gone` or `unknown`.
    pub holds: &'static str,
    pub reasons: Vec<ReasonEntry>,
}

/// A pod whose boundary is not the one that a new pod like it would get.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DriftedEntry {
    pub namespace: String,
    pub name: String,
    pub node: String,
    /// What it was given, and is of.
    pub label: Option<String>,
    /// What a new one would get.
    pub trust_boundary: Option<String>,
    pub message: String,
    pub fix: String,
}

/// Why it is not covered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReasonEntry {
    pub reason: &'static str,
    pub message: String,
    pub fix: String,
}

impl BoundaryReport {
    fn of(audit: &Audit<'_>) -> Self {
        let uncovered: Vec<UncoveredEntry> = audit
            .pods
            .iter()
            .filter(|pod| !pod.gaps.is_empty())
            .map(uncovered)
            .collect();
        let (breaches, possible_breaches) = (breaches(audit, true), breaches(audit, false));
        let drifted = audit.pods.iter().filter(|pod| pod.has_drifted());
        let drifted: Vec<DriftedEntry> = drifted.map(self::drifted).collect();
        Self {
            api_version: API_VERSION,
            kind: "BoundaryReport",
            summary: Summary {
                nodes: audit.nodes.len(),
                pods: audit.pods.len(),
                covered: audit.pods.len() - uncovered.len(),
                uncovered: uncovered.len(),
                breaches: breaches.len(),
                possible_breaches: possible_breaches.len(),
                drifted: drifted.len(),
            },
            nodes: audit.nodes.iter().map(node).collect(),
            breaches,
            possible_breaches,
            uncovered,
            drifted,
        }
    }
}

fn node(node: &NodeAudit<'_>) -> NodeEntry {
    let sells = node.sells.iter().map(|sells| SoldEntry {
        resource: sells.offer.resource.clone(),
        strategy: sells.offer.strategy.word(),
        product: sells.offer.product.clone(),
        count: sells.count,
        free: sells.free,
    });
    let unknown = node.unknown.iter().map(|unknown| UnknownEntry {
        resource: unknown.resource.clone(),
        reason: unknown.said(),
    });
    let doubted = node.doubted.iter().map(|doubted| DoubtedEntry {
        label: doubted.label.clone(),
        value: doubted.value.clone(),
        reason: doubted.said(),
    });
    let boundaries = node.boundaries.iter().map(|(label, count)| BoundaryEntry {
        trust_boundary: label.map(str::to_owned),
        pods: count.pods,
        sharing: count.sharing,
    });
    NodeEntry {
        name: node.name.to_owned(),
        sells: sells.collect(),
        unknown: unknown.collect(),
        doubted: doubted.collect(),
        takes_new_pods: node.takes_new_pods,
        has_hostname: node.has_hostname,
        boundaries: boundaries.collect(),
        breach: node.breach.as_ref().is_some_and(|b| b.is_certain),
        possible_breach: node.breach.as_ref().is_some_and(|b| !b.is_certain),
    }
}

/// Those that are certain, or those that are possible.
fn breaches(audit: &Audit<'_>, certain: bool) -> Vec<BreachEntry> {
    let found = audit.nodes.iter().filter_map(|node| {
        let found = node.breach.as_ref()?;
        (found.is_certain == certain).then(|| breach(node.name, found))
    });
    found.collect()
}

fn breach(node: &str, breach: &Breach<'_>) -> BreachEntry {
    let pods = breach.pods.iter().map(|pod| NeighbourEntry {
        namespace: pod.namespace.to_owned(),
        name: pod.name.to_owned(),
        label: pod.label.map(str::to_owned),
        trust_boundary: pod.boundary.clone(),
    });
    BreachEntry {
        node: node.to_owned(),
        trust_boundaries: breach.boundaries().into_iter().map(str::to_owned).collect(),
        pods: pods.collect(),
    }
}

fn uncovered(pod: &PodAudit<'_>) -> UncoveredEntry {
    let reasons = pod.gaps.iter().map(|gap| ReasonEntry {
        reason: gap.why.word(),
        message: gap.message.clone(),
        fix: gap.fix.clone(),
    });
    UncoveredEntry {
        namespace: pod.placed.namespace.to_owned(),
        name: pod.placed.name.to_owned(),
        node: pod.placed.node.to_owned(),
        mode: pod.mode.word(),
        label: pod.label.map(str::to_owned),
        trust_boundary: pod.due.as_deref().map(str::to_owned),
        holds: pod.holds.word(),
        reasons: reasons.collect(),
    }
}

fn drifted(pod: &PodAudit<'_>) -> DriftedEntry {
    let now = match pod.due.as_deref() {
        Some(due) => format!("a new one would be of {due}"),
        None => "a new one would be refused".to_owned(),
    };
    DriftedEntry {
        namespace: pod.placed.namespace.to_owned(),
        name: pod.placed.name.to_owned(),
        node: pod.placed.node.to_owned(),
        label: pod.label.map(str::to_owned),
        trust_boundary: pod.due.as_deref().map(str::to_owned),
        message: format!(
            "it is of {}; by what it and its namespace say now, {now}",
            pod.label.unwrap_or_default()
        ),
        fix: "delete the pod so that it is made anew, or take the change back".to_owned(),
    }
}
