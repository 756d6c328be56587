//! The policy in force: a file that slicegate reads, the SharingPolicy `default`, or the built-in policy.

use std::sync::Arc;

use super::gathered::{Gathered, Observation, Unseen};
use super::objects::named;
use super::settings::Settings;
use crate::config::policy;
use crate::engine::Policy;

/// The name of the one SharingPolicy that counts.
pub(super) const NAME: &str = "default";

pub(super) struct InForce {
    pub(super) policy: Arc<Policy>,
    pub(super) source: PolicySource,
}

pub(super) enum PolicySource {
    /// A file that was named to doctor.
    File(String),
    /// A ConfigMap that slicegate reads as a file, and the key there.
    ConfigMap(String, String),
    /// The SharingPolicy `default`.
    Object,
    BuiltIn,
}

pub(super) fn in_force(
    gathered: &Gathered,
    settings: &Observation<Option<Settings>>,
) -> Observation<InForce> {
    if let Some((name, text)) = &gathered.policy_file {
        return read(name, text, PolicySource::File(name.clone()));
    }
    if let Some(settings) = settings.as_ref()? {
        if let Some(path) = settings.flag("policy") {
            return from_config_map(gathered, settings, path);
        }
        if !settings.asks_the_cluster() {
            return built_in();
        }
    }
    let policies = gathered.policies.as_ref()?.as_deref().unwrap_or_default();
    match named(policies, NAME) {
        Some(object) => {
            let text = object.to_string();
            read("SharingPolicy default", &text, PolicySource::Object)
        }
        None => built_in(),
    }
}

fn from_config_map(gathered: &Gathered, settings: &Settings, path: &str) -> Observation<InForce> {
    let Some((map, key)) = settings.config_map("policy") else {
        let problem =
            format!("slicegate reads its policy from {path}, which cannot be seen from here");
        let fix = "give that file to slicegate doctor --policy";
        return Err(Unseen::new(problem, fix));
    };
    let place = format!("ConfigMap {map}, {key}");
    let object = gathered.policy_map.as_ref()?.as_ref();
    let Some(text) = object.and_then(|object| object["data"][key].as_str()) else {
        let fix = "put the policy there, or take --policy from the Deployment's arguments";
        return Err(Unseen::new(format!("{place} is not there"), fix));
    };
    let source = PolicySource::ConfigMap(map.to_owned(), key.to_owned());
    read(&place, text, source)
}

fn read(name: &str, text: &str, source: PolicySource) -> Observation<InForce> {
    let policy = policy::read_object(name, text).map_err(|problems| {
        let problem = format!("the policy in force is not known: {problems}");
        let fix = "correct the policy; a bad one never replaces the last good one";
        Unseen::new(problem, fix)
    })?;
    let policy = Arc::new(policy);
    Ok(InForce { policy, source })
}

fn built_in() -> Observation<InForce> {
    let policy = Arc::new(policy::built_in().map_err(Unseen::unusable)?);
    let source = PolicySource::BuiltIn;
    Ok(InForce { policy, source })
}
