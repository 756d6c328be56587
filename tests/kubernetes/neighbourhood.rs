//! Who sits on which node, judged by what the nodes really hand out and not by what slicegate wrote.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fleet::{Fleet, Offer};

/// The pods of a cluster on the nodes of a fleet.
pub struct Neighbourhood<'a> {
    fleet: &'a Fleet,
    pods: &'a [Value],
    boundary: &'a dyn Fn(&Value) -> String,
}

impl<'a> Neighbourhood<'a> {
    /// With what tells the boundary that a pod belongs to.
    pub fn new(
        fleet: &'a Fleet,
        pods: &'a [Value],
        boundary: &'a dyn Fn(&Value) -> String,
    ) -> Self {
        Self {
            fleet,
            pods,
            boundary,
        }
    }

    /// Nodes with shared pods of several boundaries.
    pub fn breaches(&self) -> Vec<String> {
        let mut boundaries: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (pod, node) in self.bound() {
            if takes(pod).iter().any(|r| self.is_shared(node, r)) {
                boundaries
                    .entry(node)
                    .or_default()
                    .insert((self.boundary)(pod));
            }
        }
        let several = boundaries.iter().filter(|(_, own)| own.len() > 1);
        several
            .map(|(node, own)| format!("{node} runs shares of {own:?}"))
            .collect()
    }

    /// A node with room for a pod that waits: one that has a free unit which will do, and shares of no other boundary.
    pub fn room(&self, waiting: &Value, will_do: impl Fn(&Offer) -> bool) -> Option<&'a str> {
        let own = (self.boundary)(waiting);
        let resources = takes(waiting);
        let resource = *resources.first()?;
        let mut nodes = self.fleet.0.iter();
        let found = nodes.find(|(node, shape)| {
            let Some(offer) = shape.offer(resource).filter(&will_do) else {
                return false;
            };
            let here: Vec<&Value> = self
                .bound()
                .filter(|(_, n)| n == node)
                .map(|(p, _)| p)
                .collect();
            let used = here.iter().filter(|p| takes(p).contains(&resource)).count();
            let alone = !offer.is_shared() || here.iter().all(|p| (self.boundary)(p) == own);
            (used as u64) < offer.count && alone
        });
        found.map(|(node, _)| node.as_str())
    }

    /// How many pods take a share of a device.
    pub fn shares(&self) -> usize {
        let shared =
            |(pod, node): &(&Value, &str)| takes(pod).iter().any(|r| self.is_shared(node, r));
        self.bound().filter(shared).count()
    }

    fn bound(&self) -> impl Iterator<Item = (&'a Value, &'a str)> {
        let pods = self.pods.iter();
        pods.filter(|p| !matches!(p["status"]["phase"].as_str(), Some("Succeeded" | "Failed")))
            .filter_map(|p| Some((p, p["spec"]["nodeName"].as_str()?)))
    }

    fn is_shared(&self, node: &str, resource: &str) -> bool {
        let offer = self.fleet.shape(node).offer(resource);
        offer.is_some_and(|offer| offer.is_shared())
    }
}

/// The GPU resources of a pod's first container.
pub fn takes(pod: &Value) -> Vec<&str> {
    let limits = pod["spec"]["containers"][0]["resources"]["limits"].as_object();
    let names = limits.into_iter().flatten().map(|(name, _)| name.as_str());
    names
        .filter(|name| name.starts_with("nvidia.com/"))
        .collect()
}
