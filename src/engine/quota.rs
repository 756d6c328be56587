//! ResourceQuotas, as far as they count GPUs, and for which pods they do.

use super::words;
use crate::facts::{Pod, ResourceQuota};

/// How a quota names an extended resource; `limits.<name>` and the bare name are no quota on it.
const REQUESTS: &str = "requests.";

/// One quota of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaView {
    /// The GPU resources it counts, by their own names; not empty.
    resources: Vec<String>,
    /// Only pods of all of these count, as written.
    scopes: Vec<String>,
}

impl QuotaView {
    /// What a quota says of GPUs; none where it says nothing.
    pub fn of(quota: &ResourceQuota<'_>) -> Option<Self> {
        let hard = quota.spec.hard.iter().flat_map(|hard| hard.iter());
        let names = hard.filter_map(|(key, _)| key.strip_prefix(REQUESTS));
        let resources: Vec<String> = names
            .filter(|name| words::is_gpu_resource(name))
            .map(str::to_owned)
            .collect();
        let scopes = quota.spec.scopes.iter().flatten().map(ToString::to_string);
        let selector = quota.spec.scope_selector.iter();
        let selector = selector.flat_map(|s| s.match_expressions.iter().flatten());
        let scopes = scopes.chain(selector.map(|raw| raw.get().to_owned()));
        (!resources.is_empty()).then(|| Self {
            scopes: scopes.collect(),
            resources,
        })
    }

    /// Whether it limits how much a pod takes of a resource, or may do so: what a pod does not say is not held
    /// against the quota.
    pub fn counts(&self, resource: &str, pod: &Pod<'_>) -> bool {
        let ends = pod
            .spec
            .as_ref()
            .is_some_and(|s| s.active_deadline_seconds.is_some());
        let includes = |scope: &String| match scope.as_str() {
            "Terminating" => ends,
            "NotTerminating" => !ends,
            _ => true,
        };
        self.names(resource) && self.scopes.iter().all(includes)
    }

    /// Whether it counts a resource of every pod that another quota counts.
    pub fn counts_wherever(&self, resource: &str, other: &Self) -> bool {
        self.names(resource) && self.scopes.iter().all(|scope| other.scopes.contains(scope))
    }

    fn names(&self, resource: &str) -> bool {
        self.resources.iter().any(|name| name == resource)
    }
}
