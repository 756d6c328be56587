//! Pods of two boundaries that share the devices of one node, or may.

use std::collections::BTreeSet;

use super::model::PodAudit;
use crate::engine::vocabulary::Mode;

/// Pods of two boundaries that share the devices of one node, or may share them.
#[derive(Debug)]
pub struct Breach<'a> {
    /// Whether all of them certainly share devices.
    pub is_certain: bool,
    /// All such pods of the node.
    pub pods: Vec<Neighbour<'a>>,
}

/// One of these pods.
#[derive(Debug)]
pub struct Neighbour<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its boundary label.
    pub label: Option<&'a str>,
    /// Its boundary, which may differ from the label.
    pub boundary: String,
}

impl<'a> Breach<'a> {
    /// The distinct boundaries.
    pub fn boundaries(&self) -> BTreeSet<&str> {
        self.pods.iter().map(|p| p.boundary.as_str()).collect()
    }

    /// The breach among pods that certainly share a node's devices, or else a possible one, among pods that may share
    /// them.
    pub(super) fn among(may_share: &[&PodAudit<'a>]) -> Option<Self> {
        let sharing = may_share.iter().copied();
        let sharing: Vec<&PodAudit<'a>> = sharing.filter(|p| p.holding.is_shared()).collect();
        Self::of(&sharing, true).or_else(|| Self::of(may_share, false))
    }

    /// The breach, if pods are of two boundaries and slicegate promised one of them that this cannot happen.
    ///
    /// Pods outside of enforced namespaces may run beside each other. A label that is not valid puts a pod in no boundary.
    fn of(pods: &[&PodAudit<'a>], is_certain: bool) -> Option<Self> {
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
        let breach = Self {
            is_certain,
            pods: neighbours.collect(),
        };
        let is_breach = pods.iter().any(is_promised) && breach.boundaries().len() > 1;
        is_breach.then_some(breach)
    }
}
