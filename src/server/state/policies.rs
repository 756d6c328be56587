//! The SharingPolicies of a cluster: the one named `default` counts, and an invalid one never replaces a valid one.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{info, warn};

use super::part::StatePart;
use super::update::StateUpdate;
use super::watch::{StateWatch, log_watch};
use crate::config::policy::{self, PolicyErrors};
use crate::controllers::SHARING_POLICIES;
use crate::engine::Policy;
use crate::server::channels::Channels;
use crate::server::log::LastProblem;

/// The name of the object that counts.
const DEFAULT: &str = "default";

/// The objects by name, each as JSON.
type Policies = BTreeMap<String, String>;

/// Watches the policies. `recorded` is the last valid policy of an earlier process, as JSON. Ends only if the
/// connection cannot be prepared.
pub async fn watch(watch: StateWatch, mut recorded: Option<String>, channels: Channels) {
    let part = StatePart::Policy;
    let Some(updates) = watch.updates(part, SHARING_POLICIES, read) else {
        return;
    };
    let mut updates = pin!(updates);
    let mut last_problem = LastProblem::default();
    let mut policies: Option<Policies> = None;
    let mut last_rejected = LastProblem::default();
    while let Some(update) = updates.next().await {
        match update {
            // Once the policies are known, they stay: a deleted policy is an update, and a 404 may come from something
            // in the API server's place.
            Err(problem) if problem.is_not_found() && policies.is_none() => {
                if !watch.cluster.is_api_server().await {
                    continue;
                }
                if last_problem.is_new(&"the cluster does not know SharingPolicies") {
                    info!(
                        "the cluster does not know SharingPolicies; the built-in policy counts until it does"
                    );
                }
            }
            Err(problem) => {
                log_watch(part, &mut last_problem, Some(&problem));
                continue;
            }
            Ok(update) => {
                log_watch(part, &mut last_problem, None);
                update.apply(&mut policies, PartialEq::eq);
            }
        }
        let known = policies.clone().unwrap_or_default();
        channels
            .policies
            .send_replace(known.values().cloned().collect());
        let essence = essence(&known);
        let policy = match in_force(&known) {
            Ok(policy) => {
                last_rejected.clear();
                channels.valid_policy.send_replace(Some(essence));
                policy
            }
            Err(problem) => {
                // The controller's status is no change of the policy.
                if last_rejected.is_new(&essence) {
                    watch.shared.metrics.policy_reload(false);
                    warn!(%problem, "the policy was not taken, the one before stays in force");
                }
                // In a new process, the recorded policy is the one before.
                let recorded = recorded.take();
                let Some((text, Ok(policy))) =
                    recorded.map(|text| (text.clone(), read_default(&text)))
                else {
                    continue;
                };
                info!(policy_hash = %policy.hash, "the last policy that was good is in force");
                channels.valid_policy.send_replace(Some(text));
                policy
            }
        };
        recorded = None;
        watch.send(StateUpdate::Policy(Box::new(policy))).await;
    }
}

/// The policy in force: the object named `default`, or the built-in policy.
fn in_force(policies: &Policies) -> Result<Policy, PolicyErrors> {
    match policies.get(DEFAULT) {
        Some(text) => read_default(text),
        None => policy::built_in(),
    }
}

/// The text of the policy in force, without the fields of the API server.
fn essence(policies: &Policies) -> String {
    let text = policies.get(DEFAULT);
    let Some(object) = text.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return policy::DEFAULT_TEXT.to_owned();
    };
    let essence = json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": {"name": DEFAULT},
        "spec": object["spec"],
    });
    essence.to_string()
}

fn read_default(text: &str) -> Result<Policy, PolicyErrors> {
    policy::read_object("SharingPolicy default", text)
}

fn read(text: &str) -> Result<(String, Option<String>), serde_json::Error> {
    #[derive(Deserialize)]
    struct Head {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        name: String,
    }
    let head: Head = serde_json::from_str(text)?;
    Ok((head.metadata.name, Some(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::{Policies, in_force, read};

    fn object(name: &str, mode: &str) -> (String, String) {
        let text = format!(
            r#"{{"apiVersion":"slicegate.dev/v1alpha1","kind":"SharingPolicy","metadata":{{"name":"{name}","uid":"1","generation":3,"managedFields":[{{}}]}},"spec":{{"mode":"{mode}"}},"status":{{"conditions":[]}}}}"#
        );
        let (name, text) = read(&text).unwrap();
        (name, text.unwrap())
    }

    #[test]
    fn the_one_named_default_counts_and_without_it_the_built_in_one() {
        let mode = |policies: &Policies| in_force(policies).unwrap().mode.word();
        let mut policies = Policies::from([object("other", "off")]);
        assert_eq!(mode(&policies), "enforce");
        policies.extend([object("default", "dry-run")]);
        assert_eq!(mode(&policies), "dry-run");
        policies.extend([object("default", "sometimes")]);
        assert!(in_force(&policies).is_err());
        policies.remove("default");
        assert_eq!(mode(&policies), "enforce");
        assert!(read("{}").is_err());
    }
}
