//! Which policy is in force: a file slicegate reads, the SharingPolicy `default`, or the built-in one.

use std::sync::Arc;

use super::alike;
use super::gathered::{Gathered, Observation, Unseen, seen, unusable};
use super::settings::Settings;
use crate::config::policy;
use crate::engine::Policy;

/// The name of the one SharingPolicy that counts.
pub(super) const NAME: &str = "default";

/// The policy in force, and where it is from.
pub(super) struct InForce {
    pub(super) policy: Arc<Policy>,
    pub(super) source: Source,
}

/// Where a policy is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file that was named to the doctor.
    Given(String),
    /// A ConfigMap that slicegate reads as a file, and the key there.
    Map(String, String),
    /// The SharingPolicy `default`.
    Object,
    /// Nobody wrote one.
    BuiltIn,
}

pub(super) fn in_force(
    gathered: &Gathered,
    settings: &Observation<Option<Settings>>,
) -> Observation<InForce> {
    if let Some((name, text)) = &gathered.policy_file {
        return read(name, text, Source::Given(name.clone()));
    }
    let settings = seen(settings)?.as_ref();
    match settings.and_then(|s| Some((s, s.flag("policy")?))) {
        Some((settings, path)) => from_map(gathered, settings, path),
        None if settings.is_some_and(|s| !s.asks_the_cluster()) => built_in(),
        None => from_cluster(gathered),
    }
}

fn from_map(gathered: &Gathered, settings: &Settings, path: &str) -> Observation<InForce> {
    let Some((map, key)) = settings.policy_map() else {
        return Err(Unseen {
            problem: format!(
                "slicegate reads its policy from {path}, which cannot be seen from here"
            ),
            fix: "give that file to slicegate doctor --policy".to_owned(),
            is_refused: false,
        });
    };
    let place = format!("ConfigMap {map}, {key}");
    let text = seen(&gathered.policy_map)?.as_ref();
    let text = text.and_then(|map| map["data"][key].as_str());
    let text = text.ok_or_else(|| Unseen {
        problem: format!("{place} is not there"),
        fix: "put the policy there, or take --policy from the Deployment's arguments".to_owned(),
        is_refused: false,
    })?;
    read(&place, text, Source::Map(map.to_owned(), key.to_owned()))
}

fn from_cluster(gathered: &Gathered) -> Observation<InForce> {
    let policies = seen(&gathered.policies)?.as_deref().unwrap_or_default();
    match policies.iter().find(|p| alike::name(p) == NAME) {
        Some(object) => read("SharingPolicy default", &object.to_string(), Source::Object),
        None => built_in(),
    }
}

fn read(name: &str, text: &str, source: Source) -> Observation<InForce> {
    let policy = policy::read_object(name, text).map_err(|problems| Unseen {
        problem: format!("the policy in force is not known: {problems}"),
        fix: "correct the policy; a bad one never replaces the last good one".to_owned(),
        is_refused: false,
    })?;
    let policy = Arc::new(policy);
    Ok(InForce { policy, source })
}

fn built_in() -> Observation<InForce> {
    let policy = policy::built_in().map_err(unusable)?;
    let source = Source::BuiltIn;
    let policy = Arc::new(policy);
    Ok(InForce { policy, source })
}
