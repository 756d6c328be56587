//! What follows from what was gathered, worked out once for all checks.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::alike;
use super::gathered::{Gathered, Observation, Unseen, seen, unusable};
use super::policy::{self, InForce};
use super::settings::Settings;
use crate::config::documents::{Document, Input};
use crate::config::fleet;
use crate::engine::ExcludedNamespaces;
use crate::engine::supply::NodeView;
use crate::engine::vocabulary::Mode;
use crate::engine::vocabulary::names::is_gpu_resource;
use crate::engine::{ClusterState, Namespaces, Policy, RuntimeClasses, Supply};
use crate::facts::Node;
use crate::manifests::Service;

/// What checks look at.
pub(super) struct Assessment<'g> {
    pub(super) gathered: &'g Gathered,
    /// None where slicegate does not run as a Deployment here.
    pub(super) settings: Observation<Option<Settings>>,
    /// The namespaces whose pods nobody is asked about.
    pub(super) never: ExcludedNamespaces,
    pub(super) in_force: Observation<InForce>,
    pub(super) namespaces: Observation<Arc<Namespaces>>,
    pub(super) supply: Observation<Arc<Supply>>,
    pub(super) runtime_classes: Observation<RuntimeClasses>,
}

impl<'g> Assessment<'g> {
    pub(super) fn of(gathered: &'g Gathered) -> Self {
        let settings = seen(&gathered.deployment).map(|d| d.as_ref().map(Settings::of));
        let in_force = policy::in_force(gathered, &settings);
        let never = never(gathered, &settings);
        let namespaces =
            namespaces(gathered).map(|n| Arc::new(n.with_excluded_namespaces(never.clone())));
        let supply = match &in_force {
            Ok(in_force) => supply(gathered, &in_force.policy).map(Arc::new),
            Err(unseen) => Err(unseen.clone()),
        };
        Self {
            gathered,
            settings,
            never,
            in_force,
            namespaces,
            supply,
            runtime_classes: runtime_classes(gathered),
        }
    }

    pub(super) fn policy(&self) -> Result<&Policy, Unseen> {
        seen(&self.in_force).map(|in_force| &*in_force.policy)
    }

    /// What the decision is made against here.
    pub(super) fn cluster_state(&self) -> Observation<ClusterState> {
        let policy = seen(&self.in_force).map(|in_force| Arc::clone(&in_force.policy))?;
        let (supply, namespaces) = (seen(&self.supply)?, seen(&self.namespaces)?);
        Ok(ClusterState::new(
            policy,
            Arc::clone(supply),
            Arc::clone(namespaces),
        ))
    }

    /// Its settings; none where it does not run here, or nobody may see how.
    pub(super) fn known_settings(&self) -> Option<&Settings> {
        self.settings.as_ref().ok()?.as_ref()
    }

    /// Where the API server finds slicegate.
    pub(super) fn service(&self) -> Service<'g> {
        Service {
            namespace: &self.gathered.namespace,
            ..Service::default()
        }
    }

    /// Whether nobody is asked about the pods of a namespace.
    pub(super) fn is_never_matched(&self, namespace: &str) -> bool {
        namespace == self.gathered.namespace || self.never.contains(namespace)
    }

    /// Namespaces in a mode, sorted; those that are never matched left out.
    pub(super) fn in_mode(&self, mode: Mode) -> Result<Vec<&str>, Unseen> {
        let (policy, namespaces) = (self.policy()?, seen(&self.namespaces)?);
        let mut names: Vec<&str> = seen(&self.gathered.namespaces)?
            .iter()
            .map(alike::name)
            .filter(|name| !self.is_never_matched(name))
            .filter(|name| namespaces.mode(name, policy).0 == mode)
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// How many GPU pods that are not over each namespace has; none where pods cannot be seen.
    pub(super) fn gpu_pods(&self) -> Option<HashMap<&str, usize>> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for pod in self
            .gathered
            .pods
            .as_ref()
            .ok()?
            .iter()
            .filter(|p| takes_gpu(p))
        {
            *counts.entry(alike::namespace(pod)).or_default() += 1;
        }
        Some(counts)
    }

    /// The API server's minor version; none where it says nothing that can be read.
    pub(super) fn minor(&self) -> Option<u32> {
        let version = self.gathered.version.as_ref().ok()?;
        if version["major"] != "1" {
            return None;
        }
        // Some providers write 36+.
        let minor = version["minor"].as_str()?;
        minor.trim_end_matches('+').parse().ok()
    }

    /// Now, by the clock that counts for webhooks.
    pub(super) fn now(&self) -> Option<i64> {
        Some(self.gathered.clocks.as_ref().ok()?.server)
    }
}

/// Whether a pod that is not over takes what the device plugin hands out.
fn takes_gpu(pod: &Value) -> bool {
    if pod["status"]["phase"] == "Succeeded" || pod["status"]["phase"] == "Failed" {
        return false;
    }
    let lists = ["containers", "initContainers"].map(|list| pod["spec"][list].as_array());
    let mut limits = lists.into_iter().flatten().flatten();
    limits.any(|container| {
        let limits = container["resources"]["limits"].as_object();
        limits
            .into_iter()
            .flatten()
            .any(|(name, _)| is_gpu_resource(name))
    })
}

/// As it is told, else what an installation in that namespace has.
fn never(gathered: &Gathered, settings: &Observation<Option<Settings>>) -> ExcludedNamespaces {
    let settings = settings.as_ref().ok().and_then(Option::as_ref);
    let told = settings.and_then(|s| s.flag("never-match")?.parse().ok());
    told.unwrap_or_else(|| ExcludedNamespaces::of_installation(&gathered.namespace))
}

/// Objects as the readers of files take them.
fn input(objects: &[Value]) -> Input {
    let document = |(item, value): (usize, &Value)| Document {
        source: "the cluster".to_owned(),
        index: 0,
        item: Some(item),
        value: value.clone(),
    };
    Input {
        documents: objects.iter().enumerate().map(document).collect(),
        ..Input::default()
    }
}

fn namespaces(gathered: &Gathered) -> Observation<Namespaces> {
    let mut objects = seen(&gathered.namespaces)?.clone();
    // Quotas that cannot be seen have a check of their own.
    if let Ok(quotas) = &gathered.quotas {
        objects.extend(quotas.iter().cloned());
    }
    let views = fleet::namespace_views("the cluster", input(&objects)).map_err(unusable)?;
    Ok(Namespaces::known(views))
}

fn runtime_classes(gathered: &Gathered) -> Observation<RuntimeClasses> {
    let objects = seen(&gathered.runtime_classes)?;
    fleet::runtime_classes(input(objects)).map_err(unusable)
}

fn supply(gathered: &Gathered, policy: &Policy) -> Observation<Supply> {
    let mut views: HashMap<String, NodeView> = HashMap::new();
    for object in seen(&gathered.nodes)? {
        let text = object.to_string();
        let node: Node<'_> = serde_json::from_str(&text).map_err(unusable)?;
        let view = NodeView::of_node(&node);
        views.insert(view.name.clone(), view);
    }
    let mut views: Vec<NodeView> = views.into_values().collect();
    views.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(fleet::supply(views, policy))
}
