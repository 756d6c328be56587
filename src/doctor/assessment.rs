//! What follows from the gathered objects, worked out once for all checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::gathered::{Gathered, Observation, Unseen};
use super::policy::{self, InForce};
use super::settings::Settings;
use super::{objects, text};
use crate::config::documents::{Document, Input};
use crate::config::fleet;
use crate::engine::supply::NodeView;
use crate::engine::vocabulary::Mode;
use crate::engine::{ClusterState, ExcludedNamespaces, Namespaces, Policy, RuntimeClasses, Supply};
use crate::facts::Node;
use crate::manifests::Service;

pub(super) struct Assessment<'g> {
    pub(super) gathered: &'g Gathered,
    /// None if slicegate does not run as a Deployment here.
    pub(super) settings: Observation<Option<Settings>>,
    pub(super) excluded: ExcludedNamespaces,
    pub(super) in_force: Observation<InForce>,
    pub(super) namespaces: Observation<Arc<Namespaces>>,
    pub(super) supply: Observation<Arc<Supply>>,
    pub(super) runtime_classes: Observation<RuntimeClasses>,
}

impl<'g> Assessment<'g> {
    pub(super) fn of(gathered: &'g Gathered) -> Self {
        let settings = match &gathered.deployment {
            Ok(deployment) => Ok(deployment.as_ref().map(Settings::of)),
            Err(unseen) => Err(unseen.clone()),
        };
        let in_force = policy::in_force(gathered, &settings);
        let known = settings.as_ref().ok().and_then(Option::as_ref);
        let excluded = known.and_then(|s| s.flag("never-match")?.parse().ok());
        let excluded =
            excluded.unwrap_or_else(|| ExcludedNamespaces::of_installation(&gathered.namespace));
        let namespaces =
            namespaces(gathered).map(|n| Arc::new(n.with_excluded_namespaces(excluded.clone())));
        let supply = match &in_force {
            Ok(in_force) => supply(gathered, &in_force.policy).map(Arc::new),
            Err(unseen) => Err(unseen.clone()),
        };
        Self {
            gathered,
            settings,
            excluded,
            in_force,
            namespaces,
            supply,
            runtime_classes: runtime_classes(gathered),
        }
    }

    pub(super) fn policy(&self) -> Observation<&Arc<Policy>> {
        Ok(&self.in_force.as_ref()?.policy)
    }

    /// What the decision is made against here.
    pub(super) fn cluster_state(&self) -> Observation<ClusterState> {
        let (policy, supply) = (self.policy()?, self.supply.as_ref()?);
        Ok(ClusterState::new(
            Arc::clone(policy),
            Arc::clone(supply),
            Arc::clone(self.namespaces.as_ref()?),
        ))
    }

    /// slicegate's settings; none if it does not run here, or if they cannot be seen.
    pub(super) fn known_settings(&self) -> Option<&Settings> {
        self.settings.as_ref().ok()?.as_ref()
    }

    /// Whether slicegate is known to run with that flag.
    pub(super) fn has_flag(&self, flag: &str) -> bool {
        self.known_settings().is_some_and(|s| s.has(flag))
    }

    /// The Service that the webhooks call.
    pub(super) fn service(&self) -> Service<'g> {
        Service {
            namespace: &self.gathered.namespace,
            ..Service::default()
        }
    }

    /// The command that prints the last lines of slicegate's logs.
    pub(super) fn logs(&self) -> String {
        text::logs(&self.gathered.namespace, 50)
    }

    /// Whether the API server asks nobody about the pods of a namespace.
    pub(super) fn is_excluded(&self, namespace: &str) -> bool {
        namespace == self.gathered.namespace || self.excluded.contains(namespace)
    }

    /// The names of all namespaces in a mode, sorted, without the excluded ones.
    pub(super) fn in_mode(&self, mode: Mode) -> Observation<Vec<&str>> {
        let (policy, namespaces) = (self.policy()?, self.namespaces.as_ref()?);
        let all = self.gathered.namespaces.as_ref()?.iter();
        let mut names: Vec<&str> = all
            .map(objects::name)
            .filter(|name| !self.is_excluded(name) && namespaces.mode(name, policy).0 == mode)
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The API server's minor version; none if it cannot be read.
    pub(super) fn minor(&self) -> Option<u32> {
        let version = self.gathered.version.as_ref().ok()?;
        if version["major"] != "1" {
            return None;
        }
        // Some providers write 36+.
        let minor = version["minor"].as_str()?;
        minor.trim_end_matches('+').parse().ok()
    }

    /// The API server's time in seconds since 1970: the clock that counts for webhooks.
    pub(super) fn now(&self) -> Option<i64> {
        Some(self.gathered.clocks.as_ref().ok()?.server)
    }
}

/// Objects as the readers of files take them.
fn input<'o>(objects: impl Iterator<Item = &'o Value>) -> Input {
    let document = |(item, value): (usize, &Value)| Document {
        source: "the cluster".to_owned(),
        index: 0,
        item: Some(item),
        value: value.clone(),
    };
    Input {
        documents: objects.enumerate().map(document).collect(),
        ..Input::default()
    }
}

fn namespaces(gathered: &Gathered) -> Observation<Namespaces> {
    // Another check reports quotas that cannot be seen.
    let quotas = gathered.quotas.iter().flatten();
    let objects = gathered.namespaces.as_ref()?.iter().chain(quotas);
    let views = fleet::namespace_views("the cluster", &input(objects));
    Ok(Namespaces::known(views.map_err(Unseen::unusable)?))
}

fn runtime_classes(gathered: &Gathered) -> Observation<RuntimeClasses> {
    let objects = gathered.runtime_classes.as_ref()?.iter();
    fleet::runtime_classes(&input(objects)).map_err(Unseen::unusable)
}

fn supply(gathered: &Gathered, policy: &Policy) -> Observation<Supply> {
    let mut views = BTreeMap::new();
    for object in gathered.nodes.as_ref()? {
        let text = object.to_string();
        let node: Node<'_> = serde_json::from_str(&text).map_err(Unseen::unusable)?;
        let view = NodeView::of_node(&node);
        views.insert(view.name.clone(), view);
    }
    Ok(fleet::supply(views.into_values(), policy))
}
