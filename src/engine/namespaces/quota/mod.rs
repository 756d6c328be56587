//! Quotas of a namespace that count GPUs, or pods with affinity across namespaces.

mod project;
mod scope;

use crate::engine::vocabulary::{Quantity, names};
use crate::facts::quota::{QuotaSpec, ResourceQuota};

pub use crate::engine::namespaces::quota::project::{ClusterQuotaView, ProjectMetadata};
pub use crate::engine::namespaces::quota::scope::QuotaPod;
use crate::engine::namespaces::quota::scope::Scope;

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
    scopes: Vec<Scope>,
}

impl QuotaView {
    /// Reads a quota; none if it counts neither GPUs nor pods with affinity across namespaces.
    pub fn of(quota: &ResourceQuota<'_>) -> Option<Self> {
        Self::titled(
            format!("ResourceQuota {}", &*quota.metadata.name),
            &quota.spec,
        )
    }

    fn titled(title: String, spec: &QuotaSpec<'_>) -> Option<Self> {
        let hard = || spec.hard.iter().flat_map(|hard| hard.iter());
        let named = hard().filter_map(|(key, most)| Some((key.strip_prefix(REQUESTS)?, most)));
        let resources: Vec<(String, bool)> = named
            .filter(|(name, _)| names::is_gpu_resource(name))
            .map(|(name, most)| (name.to_owned(), is_zero(most)))
            .collect();
        let scopes = Scope::all(spec);
        let pods = hard().filter(|(key, _)| PODS.contains(key));
        // A quota of all pods does not concern GPUs.
        let pods: Vec<bool> = match scopes.contains(&Scope::CrossNamespacePodAffinity) {
            true => pods.map(|(_, most)| is_zero(most)).collect(),
            false => Vec::new(),
        };
        let allows_no_pod = pods.contains(&true);
        (!pods.is_empty() || !resources.is_empty()).then_some(Self {
            title,
            resources,
            allows_no_pod,
            scopes,
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
        let is_zero = resources.any(|(name, is_zero)| *is_zero && name == resource);
        let why = match (is_zero, self.allows_no_pod) {
            (true, _) => Forbidden::Resource,
            (false, true) => Forbidden::Affinity,
            (false, false) => return None,
        };
        self.is_about(pod).then_some(why)
    }

    /// Whether it counts pods by their affinity across namespaces.
    pub fn limits_affinity(&self) -> bool {
        self.scopes.contains(&Scope::CrossNamespacePodAffinity)
    }

    fn is_about(&self, pod: QuotaPod<'_>) -> bool {
        self.scopes.iter().all(|scope| scope.includes(pod))
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

fn is_zero(most: &str) -> bool {
    Quantity::parse(most).is_ok_and(Quantity::is_zero)
}
