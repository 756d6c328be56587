//! Finds pods of two boundaries that share the devices of one node, or may.

use super::model::{Breach, Neighbour, PodAudit};
use crate::engine::vocabulary::Mode;

/// The breach among pods that certainly share a node's devices, or else a possible one, among pods that may share
/// them.
pub(super) fn breach<'a>(maybe_sharing: &[&PodAudit<'a>]) -> Option<Breach<'a>> {
    let sharing = maybe_sharing.iter().copied();
    let sharing: Vec<&PodAudit<'a>> = sharing.filter(|p| p.holds.is_shared()).collect();
    among(&sharing, true).or_else(|| among(maybe_sharing, false))
}

/// The breach, if pods are of two boundaries and slicegate promised one of them that this cannot happen.
///
/// Pods outside of enforced namespaces may run beside each other. A label that is not valid puts a pod in no boundary.
fn among<'a>(pods: &[&PodAudit<'a>], is_certain: bool) -> Option<Breach<'a>> {
    let is_promised = |pod: &&PodAudit<'_>| pod.label.is_some() || pod.mode == Mode::Enforce;
    if !pods.iter().any(is_promised) {
        return None;
    }
    let breach = Breach {
        is_certain,
        pods: pods.iter().map(|pod| neighbour(pod)).collect(),
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
        boundary: pod.boundary.as_deref().map_or_else(nobodys, str::to_owned),
    }
}
