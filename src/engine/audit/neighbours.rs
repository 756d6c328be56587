//! Finds pods of two boundaries that share the devices of one node, or may.

use super::model::{Breach, Neighbour, PodAudit};
use crate::engine::vocabulary::policy::Mode;

/// The breach among the pods that share a node's devices, or else one that is possible because nobody can say of some
/// whether they share.
pub(super) fn breach<'a>(maybe_sharing: &[&PodAudit<'a>]) -> Option<Breach<'a>> {
    let sharing = maybe_sharing.iter().copied();
    let sharing: Vec<&PodAudit<'a>> = sharing.filter(|p| p.holds.is_shared()).collect();
    among(&sharing, true).or_else(|| among(maybe_sharing, false))
}

/// Whether pods are of two boundaries, and one of them was promised that this cannot be.
///
/// Among pods that nobody opted in, everybody may sit beside everybody. A label that a pod may not have makes it no
/// part of that boundary.
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
