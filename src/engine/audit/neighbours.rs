//! Breaches: shared pods of two boundaries on one node.

use std::collections::BTreeSet;

use super::PodAudit;
use crate::engine::policy::Mode;

/// Shared pods of two boundaries on one node.
#[derive(Debug)]
pub struct Breach<'a> {
    /// All shared pods of the node, each with the boundary it really is of.
    pub pods: Vec<Neighbour<'a>>,
}

/// One of the pods that share a node's devices.
#[derive(Debug)]
pub struct Neighbour<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The label it carries.
    pub label: Option<&'a str>,
    /// The boundary it is of, whatever its label says.
    pub boundary: String,
}

impl Breach<'_> {
    /// The boundaries, each once.
    pub fn boundaries(&self) -> BTreeSet<&str> {
        self.pods.iter().map(|p| p.boundary.as_str()).collect()
    }
}

/// Whether the pods that share a node's devices are of two boundaries, and one of them was promised that this cannot be.
///
/// Among pods that nobody opted in, everybody may sit beside everybody. A label that a pod may not have makes it no
/// part of that boundary, so what counts is what it is due.
pub(super) fn breach<'a>(sharing: &[&PodAudit<'a>]) -> Option<Breach<'a>> {
    let is_promised = |pod: &&PodAudit<'_>| pod.label.is_some() || pod.mode == Mode::Enforce;
    if !sharing.iter().any(is_promised) {
        return None;
    }
    let breach = Breach {
        pods: sharing.iter().map(|pod| neighbour(pod)).collect(),
    };
    (breach.boundaries().len() > 1).then_some(breach)
}

fn neighbour<'a>(pod: &PodAudit<'a>) -> Neighbour<'a> {
    let placed = pod.placed;
    let nobodys = || format!("{} (no boundary)", placed.namespace);
    Neighbour {
        namespace: placed.namespace,
        name: placed.name,
        label: pod.label,
        boundary: pod.due.as_deref().map_or_else(nobodys, str::to_owned),
    }
}
