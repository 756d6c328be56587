//! Finds pods of two boundaries that share the devices of one node, or may.

use super::model::{Breach, Neighbour, PodAudit};
use crate::engine::vocabulary::Mode;

/// The breach among pods that certainly share a node's devices, or else a possible one, among pods that may share
/// them.
pub(super) fn among<'a>(may_share: &[&PodAudit<'a>]) -> Option<Breach<'a>> {
    let sharing = may_share.iter().copied();
    let sharing: Vec<&PodAudit<'a>> = sharing.filter(|p| p.holding.is_shared()).collect();
    of(&sharing, true).or_else(|| of(may_share, false))
}

/// The breach, if pods are of two boundaries and slicegate promised one of them that this cannot happen.
///
/// Pods outside of enforced namespaces may run beside each other. A label that is not valid puts a pod in no boundary.
fn of<'a>(pods: &[&PodAudit<'a>], is_certain: bool) -> Option<Breach<'a>> {
    let is_promised = |pod: &&PodAudit<'_>| pod.label.is_some() || pod.mode == Mode::Enforce;
    let neighbours = pods.iter().map(|pod| {
        let namespace = pod.placed.namespace;
        let boundary = pod.boundary().map(str::to_owned);
        Neighbour {
            namespace,
            name: pod.placed.name,
            label: pod.label,
            boundary: boundary.unwrap_or_else(|| format!("{namespace} (no boundary)")),
        }
    });
    let breach = Breach {
        is_certain,
        pods: neighbours.collect(),
    };
    let is_breach = pods.iter().any(is_promised) && breach.boundaries().len() > 1;
    is_breach.then_some(breach)
}
