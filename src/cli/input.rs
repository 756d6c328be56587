//! What a judgement is made against: policy, nodes and namespaces, from files, from a cluster, or assumed.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;

use super::args::StateArgs;
use crate::config::{documents, fleet, policy};
use crate::engine::{
    ClusterState, ExcludedNamespaces, NamespaceView, Namespaces, Policy, RuntimeClasses, Supply,
};

/// All of it, before it is put together.
#[derive(Debug)]
pub(crate) struct Ground {
    /// The policy.
    pub policy: Policy,
    /// What nodes hand out.
    pub supply: Supply,
    /// Their runtimes' names.
    pub classes: RuntimeClasses,
    /// What administrators said of their namespaces.
    pub namespaces: HashMap<String, NamespaceView>,
    /// Nobody gave any namespaces, so that each counts as enforced.
    pub is_assumed: bool,
    /// Namespaces that are never asked about.
    pub never: ExcludedNamespaces,
}

impl Ground {
    /// From the files that are named.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub(crate) fn of_files(args: &StateArgs) -> anyhow::Result<Self> {
        let policy = self::policy(args.policy.as_deref())?;
        let (supply, classes) = match &args.nodes {
            Some(path) => fleet::from_file(path, &policy).context("--nodes")?,
            None => (fleet::assumed(&policy)?, RuntimeClasses::default()),
        };
        let namespaces = match &args.namespaces {
            Some(path) => {
                let input = documents::read(std::slice::from_ref(path));
                fleet::namespace_views(path, input).context("--namespaces")?
            }
            None => HashMap::new(),
        };
        Ok(Self {
            policy,
            supply,
            classes,
            namespaces,
            is_assumed: args.namespaces.is_none(),
            never: args.never_match.clone().unwrap_or_default(),
        })
    }

    /// From now on as if these namespaces were enforced with a tier.
    ///
    /// # Errors
    /// When the policy has no such tier.
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

    /// Put together.
    pub(crate) fn into_state(self) -> ClusterState {
        let namespaces = if self.is_assumed {
            Namespaces::assumed(self.namespaces)
        } else {
            Namespaces::known(self.namespaces)
        };
        let namespaces = namespaces.with_excluded_namespaces(self.never);
        ClusterState::new(self.policy, self.supply, namespaces).with_runtime_classes(self.classes)
    }
}

/// The policy of a file, or the built-in one.
pub(crate) fn policy(path: Option<&str>) -> anyhow::Result<Policy> {
    let Some(path) = path else {
        return Ok(policy::built_in()?);
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("--policy: failed to read {path}"))?;
    Ok(policy::read(path, &text)?)
}
