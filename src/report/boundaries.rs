//! The BoundaryReport: nodes, the boundaries on them, and the pods that the guarantee does not cover.

use std::collections::BTreeSet;

use serde::Serialize;

use super::API_VERSION;
use crate::engine::ClusterState;
use crate::engine::audit::{self, Audit, Breach, NodeAudit, PlacedPod, PodAudit};

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
    /// Pods with another boundary than a new pod like them would get.
    pub drifted: Vec<DriftedEntry>,
}

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

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeEntry {
    pub name: String,
    pub sells: Vec<ResourceEntry>,
    pub unknown: Vec<UnknownEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubted: Vec<DoubtedEntry>,
    /// Whether it is neither cordoned nor being changed, and ready.
    pub takes_new_pods: bool,
    /// Whether anti-affinity works there.
    pub has_hostname: bool,
    pub boundaries: Vec<BoundaryEntry>,
    pub breach: bool,
    pub possible_breach: bool,
}

#[derive(Debug, Serialize)]
pub struct ResourceEntry {
    pub resource: String,
    pub strategy: &'static str,
    pub product: String,
    pub count: u64,
    pub free: u64,
}

/// A resource that slicegate cannot read.
#[derive(Debug, Serialize)]
pub struct UnknownEntry {
    pub resource: String,
    pub reason: String,
}

/// A memory label that cannot be right, so that the memory is unknown.
#[derive(Debug, Serialize)]
pub struct DoubtedEntry {
    pub label: String,
    pub value: String,
    pub reason: String,
}

/// The pods of one boundary on a node that take a stock resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoundaryEntry {
    /// Null for pods without the label.
    pub trust_boundary: Option<String>,
    pub pods: usize,
    /// Pods among them that share a device.
    pub sharing: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachEntry {
    pub node: String,
    /// The boundaries to which the pods really belong.
    pub trust_boundaries: Vec<String>,
    pub pods: Vec<NeighbourEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NeighbourEntry {
    pub namespace: String,
    pub name: String,
    pub label: Option<String>,
    /// The boundary to which it really belongs.
    pub trust_boundary: String,
}

/// A pod and its node.
#[derive(Debug, Serialize)]
pub struct PodEntry {
    pub namespace: String,
    pub name: String,
    pub node: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UncoveredEntry {
    #[serde(flatten)]
    pub pod: PodEntry,
    pub mode: &'static str,
    pub label: Option<String>,
    /// The boundary that its namespace gives it.
    pub trust_boundary: Option<String>,
    /// `whole`, `slice`, `share`, `gone` or `unknown`.
    pub holds: &'static str,
    pub reasons: Vec<ReasonEntry>,
}

#[derive(Debug, Serialize)]
pub struct ReasonEntry {
    pub reason: &'static str,
    pub message: String,
    pub fix: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftedEntry {
    #[serde(flatten)]
    pub pod: PodEntry,
    /// The boundary that it got.
    pub label: Option<String>,
    /// The boundary that a new pod would get.
    pub trust_boundary: Option<String>,
    pub message: String,
    pub fix: String,
}

impl BoundaryReport {
    /// The report on pods that are on nodes. With a namespace, only about its pods and the nodes they are on.
    pub fn of(state: &ClusterState, pods: &[PlacedPod<'_>], namespace: Option<&str>) -> Self {
        let mut audit = audit::boundaries(state, pods);
        if let Some(namespace) = namespace {
            audit.pods.retain(|pod| pod.placed.namespace == namespace);
            let nodes: BTreeSet<&str> = audit.pods.iter().map(|pod| pod.placed.node).collect();
            audit.nodes.retain(|node| nodes.contains(node.name));
        }
        let uncovered = audit.pods.iter().filter(|pod| !pod.gaps.is_empty());
        let uncovered: Vec<UncoveredEntry> = uncovered.map(self::uncovered).collect();
        let (breaches, possible_breaches) = (breaches(&audit, true), breaches(&audit, false));
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

    /// Whether no two boundaries share a device for certain. A possible breach counts as a breach.
    pub fn is_clean(&self) -> bool {
        self.breaches.is_empty() && self.possible_breaches.is_empty()
    }
}

fn node(node: &NodeAudit<'_>) -> NodeEntry {
    let sells = node.advertises.iter().map(|advertised| ResourceEntry {
        resource: advertised.offer.resource.clone(),
        strategy: advertised.offer.strategy.word(),
        product: advertised.offer.product.clone(),
        count: advertised.count,
        free: advertised.free,
    });
    let group = node.group;
    let unknown = group.into_iter().flat_map(|group| &group.unknown);
    let unknown = unknown.map(|unknown| UnknownEntry {
        resource: unknown.resource.clone(),
        reason: unknown.message(),
    });
    let doubted = group
        .into_iter()
        .flat_map(|group| &group.implausible_memory);
    let doubted = doubted.map(|label| DoubtedEntry {
        label: label.label.clone(),
        value: label.value.clone(),
        reason: label.message(),
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
        takes_new_pods: group.is_some_and(|group| group.available),
        has_hostname: group.is_some_and(|group| group.has_hostname),
        boundaries: boundaries.collect(),
        breach: node.breach.as_ref().is_some_and(|b| b.is_certain),
        possible_breach: node.breach.as_ref().is_some_and(|b| !b.is_certain),
    }
}

/// Certain breaches, or possible ones.
fn breaches(audit: &Audit<'_>, is_certain: bool) -> Vec<BreachEntry> {
    let breach = |node: &NodeAudit<'_>| {
        let breach = node.breach.as_ref();
        let breach = breach.filter(|breach| breach.is_certain == is_certain)?;
        Some(BreachEntry {
            node: node.name.to_owned(),
            trust_boundaries: breach.boundaries().into_iter().map(str::to_owned).collect(),
            pods: neighbours(breach),
        })
    };
    audit.nodes.iter().filter_map(breach).collect()
}

fn neighbours(breach: &Breach<'_>) -> Vec<NeighbourEntry> {
    let pods = breach.pods.iter().map(|pod| NeighbourEntry {
        namespace: pod.namespace.to_owned(),
        name: pod.name.to_owned(),
        label: pod.label.map(str::to_owned),
        trust_boundary: pod.boundary.clone(),
    });
    pods.collect()
}

fn entry(placed: &PlacedPod<'_>) -> PodEntry {
    PodEntry {
        namespace: placed.namespace.to_owned(),
        name: placed.name.to_owned(),
        node: placed.node.to_owned(),
    }
}

fn uncovered(pod: &PodAudit<'_>) -> UncoveredEntry {
    let reasons = pod.gaps.iter().map(|gap| ReasonEntry {
        reason: gap.why.word(),
        message: gap.message.clone(),
        fix: gap.fix.clone(),
    });
    UncoveredEntry {
        pod: entry(&pod.placed),
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
        pod: entry(&pod.placed),
        label: pod.label.map(str::to_owned),
        trust_boundary: pod.due.as_deref().map(str::to_owned),
        message: format!(
            "it is of {}; by what it and its namespace say now, {now}",
            pod.label.unwrap_or_default()
        ),
        fix: "delete the pod so that it is made anew, or take the change back".to_owned(),
    }
}
