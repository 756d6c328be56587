//! The BoundaryReport: nodes, the boundaries on them, and the pods that the guarantee does not cover.

use std::collections::BTreeSet;

use serde::Serialize;

use super::API_VERSION;
use crate::engine::ClusterState;
use crate::engine::audit::{self, Audit, Breach, NodeAudit, PlacedPod, PodAudit};

/// The report on pods that are on nodes. With a namespace, only about its pods and the nodes they are on.
pub fn of(state: &ClusterState, pods: &[PlacedPod<'_>], namespace: Option<&str>) -> BoundaryReport {
    let mut audit = audit::boundaries(state, pods);
    if let Some(namespace) = namespace {
        audit.pods.retain(|pod| pod.placed.namespace == namespace);
        let nodes: BTreeSet<&str> = audit.pods.iter().map(|pod| pod.placed.node).collect();
        audit.nodes.retain(|node| nodes.contains(node.name));
    }
    BoundaryReport::of(&audit)
}

/// The pods on nodes, and the limits of the guarantee.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoundaryReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub summary: Summary,
    /// Every node with GPUs or with a GPU pod.
    pub nodes: Vec<NodeEntry>,
    /// Nodes that run shared pods of two boundaries.
    pub breaches: Vec<BreachEntry>,
    /// Nodes with pods of two boundaries that may share a device: nobody can say.
    pub possible_breaches: Vec<BreachEntry>,
    /// Pods that the guarantee does not cover.
    pub uncovered: Vec<UncoveredEntry>,
    /// Pods that got their boundary before they or their namespace changed.
    pub drifted: Vec<DriftedEntry>,
}

/// Counts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
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
pub struct NodeEntry {
    pub name: String,
    pub sells: Vec<ResourceEntry>,
    /// Resources that slicegate cannot read.
    pub unknown: Vec<UnknownEntry>,
    /// Memory labels that cannot be right, so that the memory is unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubted: Vec<DoubtedEntry>,
    /// Whether it is neither cordoned nor being changed, and ready.
    pub takes_new_pods: bool,
    /// Whether anti-affinity works there.
    pub has_hostname: bool,
    pub boundaries: Vec<BoundaryEntry>,
    /// Whether it runs shared pods of two boundaries.
    pub breach: bool,
    /// Whether it runs pods of two boundaries that may share a device.
    pub possible_breach: bool,
}

/// One resource of a node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceEntry {
    pub resource: String,
    pub strategy: &'static str,
    pub product: String,
    pub count: u64,
    /// How many of them are free.
    pub free: u64,
}

/// A resource that slicegate cannot read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownEntry {
    pub resource: String,
    pub reason: String,
}

/// A label that cannot be right.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoubtedEntry {
    pub label: String,
    pub value: String,
    pub reason: String,
}

/// The pods of one boundary on a node. `trustBoundary` is null for pods without the label.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoundaryEntry {
    pub trust_boundary: Option<String>,
    /// Pods that take a stock resource.
    pub pods: usize,
    /// Pods among them that share a device.
    pub sharing: usize,
}

/// A node with pods of two boundaries that share its devices, or may.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachEntry {
    pub node: String,
    /// The boundaries to which the pods really belong.
    pub trust_boundaries: Vec<String>,
    pub pods: Vec<NeighbourEntry>,
}

/// One of the pods that share a device.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NeighbourEntry {
    pub namespace: String,
    pub name: String,
    pub label: Option<String>,
    /// The boundary to which it really belongs.
    pub trust_boundary: String,
}

/// A pod that the guarantee does not cover.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UncoveredEntry {
    pub namespace: String,
    pub name: String,
    pub node: String,
    pub mode: &'static str,
    pub label: Option<String>,
    /// The boundary that its namespace gives it.
    pub trust_boundary: Option<String>,
    /// `whole`, `slice`, `share`, `gone` or `unknown`.
    pub holds: &'static str,
    pub reasons: Vec<ReasonEntry>,
}

/// A pod with another boundary than a new pod like it would get.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftedEntry {
    pub namespace: String,
    pub name: String,
    pub node: String,
    /// The boundary that it got.
    pub label: Option<String>,
    /// The boundary that a new pod would get.
    pub trust_boundary: Option<String>,
    pub message: String,
    pub fix: String,
}

/// Why it is not covered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonEntry {
    pub reason: &'static str,
    pub message: String,
    pub fix: String,
}

impl BoundaryReport {
    /// Whether no two boundaries share a device for certain. What nobody can say counts as a breach.
    pub fn is_clean(&self) -> bool {
        self.breaches.is_empty() && self.possible_breaches.is_empty()
    }

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
    let sells = node.advertises.iter().map(|sells| ResourceEntry {
        resource: sells.offer.resource.clone(),
        strategy: sells.offer.strategy.word(),
        product: sells.offer.product.clone(),
        count: sells.count,
        free: sells.free,
    });
    let unknown = node.group.iter().flat_map(|group| &group.unknown);
    let unknown = unknown.map(|unknown| UnknownEntry {
        resource: unknown.resource.clone(),
        reason: unknown.message(),
    });
    let doubted = node
        .group
        .iter()
        .flat_map(|group| &group.implausible_memory);
    let doubted = doubted.map(|doubted| DoubtedEntry {
        label: doubted.label.clone(),
        value: doubted.value.clone(),
        reason: doubted.message(),
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
        takes_new_pods: node.group.is_some_and(|group| group.available),
        has_hostname: node.group.is_some_and(|group| group.has_hostname),
        boundaries: boundaries.collect(),
        breach: node.breach.as_ref().is_some_and(|b| b.is_certain),
        possible_breach: node.breach.as_ref().is_some_and(|b| !b.is_certain),
    }
}

/// Certain breaches, or possible ones.
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
        holds: pod.holding.word(),
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
