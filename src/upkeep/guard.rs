//! The guard in the API server: kept as it is generated for the policy in force, for as long as slicegate is registered.
//!
//! Its objects belong to the ValidatingWebhookConfiguration, so that Kubernetes removes them with it. A guard without
//! the webhooks would close every enforced namespace for good: without them no pod can get its stamp.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tracing::{info, warn};

use super::REGISTRATION;
use crate::cel::guard;
use crate::cluster::{Cluster, ClusterError, DryRun, Kind, Patch};
use crate::engine::{ExcludedNamespaces, Policy, RuntimeClasses};

/// How often it is looked whether everything is as it was left.
const EVERY: Duration = Duration::from_secs(10);
const LABEL: &str = "app.kubernetes.io/name=slicegate";

/// The keeper of the guard.
pub struct Guard {
    /// Where it is kept.
    pub cluster: Cluster,
    /// What it is made of, once that is known.
    pub basis: watch::Receiver<Option<Basis>>,
    /// The namespaces that are never asked about.
    pub excluded_namespaces: ExcludedNamespaces,
    /// Whether this process is the one to write.
    pub writes: watch::Receiver<bool>,
}

/// What the guard is made of.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The RuntimeClasses of the cluster.
    pub runtime_classes: Arc<RuntimeClasses>,
}

impl Basis {
    /// Whether another one makes the same guard.
    pub fn makes_the_same(&self, other: &Self) -> bool {
        self.policy == other.policy
            && self
                .runtime_classes
                .under_other_names()
                .eq(other.runtime_classes.under_other_names())
    }
}

/// Why the guard is not as it should be.
#[derive(Debug, thiserror::Error)]
enum GuardError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error("the API server's answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
    #[error(
        "{0} was written and is not as it was written; find the webhook or policy that changes it"
    )]
    Changed(String),
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Current,
    /// Who holds the lease will bring it up to date.
    Behind,
    /// slicegate is not registered with the API server.
    Unregistered,
}

impl Guard {
    /// Keeps it for ever; `report` is told after each look that was answered whether it is as it should be.
    pub async fn keep(mut self, report: impl Fn(bool)) {
        let mut said = String::new();
        loop {
            let basis = self.basis.borrow_and_update().clone();
            self.writes.mark_unchanged();
            if let Some(basis) = basis {
                let policy = &basis.policy;
                let state = self.look(&basis).await;
                // While the API server is away nobody can say, and what was said last stays.
                if is_known(&state) {
                    report(matches!(state, Ok(State::Current)));
                }
                let (is_good, text) = words(&state);
                if text != said {
                    match is_good {
                        true => info!(policy_hash = %policy.hash, "{text}"),
                        false => warn!(policy_hash = %policy.hash, "{text}"),
                    }
                    said = text;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                Ok(()) = self.basis.changed() => {}
                Ok(()) = self.writes.changed() => {}
            }
        }
    }

    async fn look(&self, basis: &Basis) -> Result<State, GuardError> {
        let policy = &*basis.policy;
        let Some(text) = self.cluster.get(REGISTRATION).await? else {
            return Ok(State::Unregistered);
        };
        let registration: Object = serde_json::from_str(&text)?;
        let mut wanted =
            guard::validating(policy, &self.excluded_namespaces, &basis.runtime_classes);
        let mut there = self
            .there(&[Kind::VALIDATING_POLICIES, Kind::VALIDATING_BINDINGS])
            .await?;
        if let Some(mutating) = self.all_of(Kind::MUTATING_POLICIES).await? {
            wanted.extend(guard::mutating(policy));
            there.extend(mutating);
            there.extend(self.there(&[Kind::MUTATING_BINDINGS]).await?);
        }
        let mut state = State::Current;
        for mut object in wanted {
            object["metadata"]["ownerReferences"] = json!([registration.owner()]);
            let (kind, name) = address(&object);
            let there = there.get(&(kind, name.clone()));
            if there.is_some_and(|there| guard::is_current(there, &object)) {
                continue;
            }
            // Whoever lost the lease meanwhile leaves the rest to others.
            if !*self.writes.borrow() {
                state = State::Behind;
                continue;
            }
            let place = kind.named(&name);
            let text = match there {
                None => {
                    self.cluster
                        .create(place, object.to_string(), DryRun::No)
                        .await?
                }
                Some(there) => {
                    let replace = replacement(there, &object).to_string();
                    self.cluster
                        .patch(place, Patch::Operations, replace, DryRun::No)
                        .await?
                }
            };
            if !guard::is_current(&serde_json::from_str(&text)?, &object) {
                return Err(GuardError::Changed(place.to_string()));
            }
            info!(policy_hash = %policy.hash, "put {place} in place");
        }
        Ok(state)
    }

    async fn there(&self, kinds: &[Kind]) -> Result<HashMap<(Kind, String), Value>, GuardError> {
        let mut there = HashMap::new();
        for kind in kinds {
            there.extend(self.all_of(*kind).await?.into_iter().flatten());
        }
        Ok(there)
    }

    /// Those of a kind; none where the API server does not know it.
    async fn all_of(
        &self,
        kind: Kind,
    ) -> Result<Option<HashMap<(Kind, String), Value>>, GuardError> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<Value>,
        }
        let Some(text) = self.cluster.list_labelled(kind, LABEL).await? else {
            return Ok(None);
        };
        let list: List = serde_json::from_str(&text)?;
        let named = list.items.into_iter().map(|item| {
            let name = item["metadata"]["name"].as_str().unwrap_or_default();
            ((kind, name.to_owned()), item)
        });
        Ok(Some(named.collect()))
    }
}

/// Operations that make an object what is wanted. Applying would not do: of lists whose entries have names, such as
/// `matchConditions`, it leaves what others put there. What others noted in its metadata stays.
fn replacement(there: &Value, wanted: &Value) -> Value {
    let merged = |field: &str| {
        let mut all = there["metadata"][field]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let ours = wanted["metadata"][field].as_object();
        all.extend(
            ours.into_iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.clone())),
        );
        Value::Object(all)
    };
    json!([
        {"op": "test", "path": "/metadata/resourceVersion", "value": there["metadata"]["resourceVersion"]},
        {"op": "add", "path": "/metadata/labels", "value": merged("labels")},
        {"op": "add", "path": "/metadata/annotations", "value": merged("annotations")},
        {"op": "add", "path": "/metadata/ownerReferences", "value": wanted["metadata"]["ownerReferences"]},
        {"op": "replace", "path": "/spec", "value": wanted["spec"]},
    ])
}

/// An object of the guard: what it is and what it is called.
fn address(object: &Value) -> (Kind, String) {
    let kinds = [
        Kind::VALIDATING_POLICIES,
        Kind::VALIDATING_BINDINGS,
        Kind::MUTATING_POLICIES,
        Kind::MUTATING_BINDINGS,
    ];
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let kind = kinds.into_iter().find(|kind| object["kind"] == kind.name);
    (kind.unwrap_or(Kind::VALIDATING_POLICIES), name.to_owned())
}

fn is_known(state: &Result<State, GuardError>) -> bool {
    match state {
        Err(GuardError::Cluster(error)) => error.is_answered(),
        Ok(_) | Err(GuardError::Answer(_) | GuardError::Changed(_)) => true,
    }
}

/// What is said when it is something else than the last time.
fn words(state: &Result<State, GuardError>) -> (bool, String) {
    match state {
        Ok(State::Current) => (true, "the guard is current".to_owned()),
        Ok(State::Behind) => (
            true,
            "the guard is not current yet; who holds the lease brings it up to date".to_owned(),
        ),
        Ok(State::Unregistered) => (
            false,
            format!("{REGISTRATION} is not there: without it the guard is not kept"),
        ),
        Err(problem) => (
            false,
            format!("the guard cannot be kept current: {problem}"),
        ),
    }
}

/// What is read of the object that the guard belongs to.
#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    uid: String,
}

impl Object {
    fn owner(&self) -> Value {
        let Metadata { name, uid } = &self.metadata;
        json!({
            "apiVersion": format!("{}/{}", REGISTRATION.kind.group, REGISTRATION.kind.version),
            "kind": REGISTRATION.kind.name,
            "name": name,
            "uid": uid,
        })
    }
}
