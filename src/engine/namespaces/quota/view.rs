//! A quota of a namespace, as far as it counts GPUs, or pods with affinity across namespaces.

use super::scope::{CROSS_NAMESPACE_AFFINITY, QuotaPod, includes, scopes};
use crate::engine::vocabulary::{Quantity, names};
use crate::facts::Pairs;
use crate::facts::pod::Requirement;
use crate::facts::quota::{QuotaSpec, ResourceQuota};

/// How a quota names an extended resource; `limits.<name>` and the bare name are no quota on it.
const REQUESTS: &str = "requests.";
/// How a quota names pods.
const PODS: [&str; 2] = ["pods", "count/pods"];

/// One quota of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaView {
    /// Its kind and name.
    title: String,
    /// The GPU resources it counts, by their own names, and whether there may be none of each.
    resources: Vec<(String, bool)>,
    /// It allows no pod at all that it counts.
    allows_no_pod: bool,
    /// A pod counts if all of these include it.
    scopes: Vec<Requirement<'static>>,
}

impl QuotaView {
    /// Reads a quota; none if it counts neither GPUs nor pods with affinity across namespaces.
    pub fn of(quota: &ResourceQuota<'_>) -> Option<Self> {
        let title = format!("ResourceQuota {}", &*quota.metadata.name);
        Self::titled(title, &quota.spec)
    }

    pub(super) fn titled(title: String, spec: &QuotaSpec<'_>) -> Option<Self> {
        let hard = || spec.hard.iter().flat_map(Pairs::iter);
        let resources = hard().filter_map(|(key, most)| {
            let name = key
                .strip_prefix(REQUESTS)
                .filter(|name| names::is_gpu_resource(name))?;
            Some((name.to_owned(), Quantity::is_written_zero(most)))
        });
        let view = Self {
            title,
            resources: resources.collect(),
            allows_no_pod: false,
            scopes: scopes(spec),
        };
        // A quota of all pods does not concern GPUs.
        let pods = hard().filter(|(key, _)| view.limits_affinity() && PODS.contains(key));
        let pods: Vec<bool> = pods
            .map(|(_, most)| Quantity::is_written_zero(most))
            .collect();
        let is_relevant = !pods.is_empty() || !view.resources.is_empty();
        is_relevant.then(|| Self {
            allows_no_pod: pods.contains(&true),
            ..view
        })
    }

    /// Its kind and name.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether it limits how much a pod takes of a resource.
    pub fn counts(&self, resource: &str, pod: QuotaPod<'_>) -> bool {
        self.resources.iter().any(|(name, _)| name == resource) && self.is_about(pod)
    }

    /// Why a pod may take none of a resource, if so.
    pub fn forbids(&self, resource: &str, pod: QuotaPod<'_>) -> Option<Forbidden> {
        let mut resources = self.resources.iter();
        let why = if resources.any(|(name, is_zero)| *is_zero && name == resource) {
            Forbidden::Resource
        } else if self.allows_no_pod {
            Forbidden::Affinity
        } else {
            return None;
        };
        self.is_about(pod).then_some(why)
    }

    /// Whether it counts pods by their affinity across namespaces.
    pub fn limits_affinity(&self) -> bool {
        self.scopes
            .iter()
            .any(|scope| &*scope.key == CROSS_NAMESPACE_AFFINITY)
    }

    fn is_about(&self, pod: QuotaPod<'_>) -> bool {
        self.scopes.iter().all(|scope| includes(scope, pod))
    }
}

/// Why a quota lets no pod have a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// Its hard limit for the resource is 0.
    Resource,
    /// It allows no pod with affinity across namespaces.
    Affinity,
}
