//! What pods are judged against: policy, nodes and namespaces, from files, from a cluster, or assumed.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;

use super::args::StateArgs;
use crate::config::documents::{self, Input};
use crate::config::{fleet, policy};
use crate::engine::{
    ClusterState, ExcludedNamespaces, NamespaceView, Namespaces, Policy, RuntimeClasses, Supply,
};

/// The parts of a [`ClusterState`] while namespaces can still change.
#[derive(Debug)]
pub(crate) struct StateBuilder {
    pub(crate) policy: Policy,
    pub(crate) supply: Supply,
    pub(crate) runtime_classes: RuntimeClasses,
    pub(crate) namespaces: HashMap<String, NamespaceView>,
    /// Every namespace that is not listed counts as enforced.
    pub(crate) is_assumed: bool,
    pub(crate) excluded_namespaces: ExcludedNamespaces,
}

impl StateBuilder {
    /// Reads the files of the flags, and assumes the rest.
    pub(crate) fn of_files(args: &StateArgs) -> anyhow::Result<Self> {
        let policy = self::policy(args.policy.as_deref())?;
        let (supply, runtime_classes) = match &args.nodes {
            Some(path) => fleet::from_file(path, &policy).context("--nodes")?,
            None => (fleet::assumed(&policy)?, RuntimeClasses::default()),
        };
        let namespaces = match &args.namespaces {
            Some(path) => fleet::namespace_views(path, &file(path)).context("--namespaces")?,
            None => HashMap::new(),
        };
        Ok(Self {
            policy,
            supply,
            runtime_classes,
            namespaces,
            is_assumed: args.namespaces.is_none(),
            excluded_namespaces: args.never_match.clone().unwrap_or_default(),
        })
    }

    /// Judges these namespaces as if they were enforced with a tier. Fails if the policy has no such tier.
    pub(crate) fn enforce(&mut self, tier: &str, names: &BTreeSet<String>) -> anyhow::Result<()> {
        if self.policy.tier(tier).is_none() {
            let known: Vec<&str> = self.policy.tiers.iter().map(|t| t.name.as_str()).collect();
            let (policy, known) = (&self.policy.name, known.join(", "));
            anyhow::bail!("--tier: policy {policy} has no tier {tier:?}; it has {known}");
        }
        for name in names {
            let view = self.namespaces.entry(name.clone()).or_default();
            view.mode = Some("enforce".to_owned());
            view.tier = Some(tier.to_owned());
        }
        Ok(())
    }

    pub(crate) fn build(self) -> ClusterState {
        let namespaces = if self.is_assumed {
            Namespaces::assumed(self.namespaces)
        } else {
            Namespaces::known(self.namespaces)
        };
        let namespaces = namespaces.with_excluded_namespaces(self.excluded_namespaces);
        ClusterState::new(self.policy, self.supply, namespaces)
            .with_runtime_classes(self.runtime_classes)
    }
}

pub(crate) fn policy(path: Option<&str>) -> anyhow::Result<Policy> {
    let Some(path) = path else {
        return Ok(policy::built_in()?);
    };
    Ok(policy::read(path, &policy_text(path)?)?)
}

pub(crate) fn policy_text(path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("--policy: failed to read {path}"))
}

pub(crate) fn file(path: &String) -> Input {
    documents::read(std::slice::from_ref(path))
}
