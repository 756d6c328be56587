//! The guard in the API server: reconciled for the policy in force, while slicegate is registered.
//!
//! The ValidatingWebhookConfiguration owns the guard's objects, so that Kubernetes removes them with it. Without the
//! webhooks a guard would close every enforced namespace for good, because no pod could get its markers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::cel::guard;
use crate::cluster::{Cluster, ClusterError, DryRun, Kind, ObjectRef, Patch};
use crate::engine::{ExcludedNamespaces, Policy, RuntimeClasses};

/// The time between two reconciliations.
const PERIOD: Duration = Duration::from_secs(10);
const LABEL: &str = "app.kubernetes.io/name=slicegate";

/// The owner of the guard's objects.
const OWNER: ObjectRef<'_> = Kind::VALIDATING_WEBHOOKS.named("slicegate");

/// Reconciles the guard.
pub struct GuardController {
    /// The cluster with the guard.
    pub cluster: Cluster,
    /// What the guard is generated from, once that is known.
    pub input: watch::Receiver<Option<GuardInput>>,
    /// The namespaces that the webhooks never match.
    pub excluded_namespaces: ExcludedNamespaces,
    /// Whether this process is the leader, which alone writes.
    pub is_leader: watch::Receiver<bool>,
}

/// What the guard is generated from.
#[derive(Clone, Debug)]
pub struct GuardInput {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The RuntimeClasses of the cluster.
    pub runtime_classes: Arc<RuntimeClasses>,
}

impl GuardInput {
    /// Whether another input generates the same guard.
    pub fn makes_same_guard(&self, other: &Self) -> bool {
        self.policy == other.policy
            && self
                .runtime_classes
                .under_other_names()
                .eq(other.runtime_classes.under_other_names())
    }
}

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

/// The state of the guard after a reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GuardState {
    Current,
    /// The leader will update it.
    Outdated,
    /// slicegate is not registered with the API server.
    Unregistered,
}

type Objects = HashMap<(Kind, String), Value>;

impl GuardController {
    /// Reconciles forever. After each reconciliation with an answer, `report` gets whether the guard is current.
    pub async fn run(mut self, report: impl Fn(bool)) {
        let mut logged = String::new();
        loop {
            let input = self.input.borrow_and_update().clone();
            self.is_leader.mark_unchanged();
            if let Some(input) = input {
                let hash = &input.policy.hash;
                let state = self.reconcile(&input).await;
                // While the API server is down, the last report stays.
                let is_down =
                    matches!(&state, Err(GuardError::Cluster(error)) if !error.is_answered());
                if !is_down {
                    report(matches!(state, Ok(GuardState::Current)));
                }
                let (is_good, text) = message(&state);
                if text != logged {
                    if is_good {
                        info!(policy_hash = %hash, "{text}");
                    } else {
                        warn!(policy_hash = %hash, "{text}");
                    }
                    logged = text;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                Ok(()) = self.input.changed() => {}
                Ok(()) = self.is_leader.changed() => {}
            }
        }
    }

    async fn reconcile(&self, input: &GuardInput) -> Result<GuardState, GuardError> {
        let policy = &*input.policy;
        let Some(text) = self.cluster.get(OWNER).await? else {
            return Ok(GuardState::Unregistered);
        };
        let owner = owner_reference(&serde_json::from_str(&text)?);
        let mut desired =
            guard::validating(policy, &self.excluded_namespaces, &input.runtime_classes);
        let mut existing = Objects::new();
        for kind in [Kind::VALIDATING_POLICIES, Kind::VALIDATING_BINDINGS] {
            existing.extend(self.list(kind).await?.unwrap_or_default());
        }
        if let Some(mutating) = self.list(Kind::MUTATING_POLICIES).await? {
            desired.extend(guard::mutating(policy));
            existing.extend(mutating);
            let bindings = self.list(Kind::MUTATING_BINDINGS).await?;
            existing.extend(bindings.unwrap_or_default());
        }
        let mut state = GuardState::Current;
        for mut object in desired {
            object["metadata"]["ownerReferences"] = json!([owner]);
            let (kind, name) = key(&object);
            let existing = existing.get(&(kind, name.clone()));
            if existing.is_some_and(|existing| guard::is_current(existing, &object)) {
                continue;
            }
            // A process that has lost the Lease meanwhile stops writing.
            if !*self.is_leader.borrow() {
                state = GuardState::Outdated;
                continue;
            }
            let object_ref = kind.named(&name);
            self.write(object_ref, existing, &object).await?;
            info!(policy_hash = %policy.hash, "wrote {object_ref}");
        }
        Ok(state)
    }

    async fn write(
        &self,
        object_ref: ObjectRef<'_>,
        existing: Option<&Value>,
        desired: &Value,
    ) -> Result<(), GuardError> {
        let cluster = &self.cluster;
        let text = if let Some(existing) = existing {
            let patch = patch(existing, desired).to_string();
            let patched = cluster.patch(object_ref, Patch::Operations, patch, DryRun::No);
            patched.await?
        } else {
            let created = cluster.create(object_ref, desired.to_string(), DryRun::No);
            created.await?
        };
        if guard::is_current(&serde_json::from_str(&text)?, desired) {
            Ok(())
        } else {
            Err(GuardError::Changed(object_ref.to_string()))
        }
    }

    /// The guard's objects of a kind; none if the API server does not serve the kind.
    async fn list(&self, kind: Kind) -> Result<Option<Objects>, GuardError> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<Value>,
        }
        let Some(text) = self.cluster.list_labelled(kind, LABEL).await? else {
            return Ok(None);
        };
        let list: List = serde_json::from_str(&text)?;
        let items = list.items.into_iter();
        Ok(Some(
            items.map(|item| ((kind, name(&item)), item)).collect(),
        ))
    }
}

/// A JSON patch that makes an object as desired. Server-side apply is not enough: in lists of named entries, such as
/// `matchConditions`, it leaves the entries of other writers. Other labels and annotations stay.
fn patch(existing: &Value, desired: &Value) -> Value {
    let merged = |field: &str| {
        let mut all = existing["metadata"][field]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let own = desired["metadata"][field].as_object();
        let own = own.into_iter().flatten();
        all.extend(own.map(|(k, v)| (k.clone(), v.clone())));
        Value::Object(all)
    };
    json!([
        {"op": "test", "path": "/metadata/resourceVersion", "value": existing["metadata"]["resourceVersion"]},
        {"op": "add", "path": "/metadata/labels", "value": merged("labels")},
        {"op": "add", "path": "/metadata/annotations", "value": merged("annotations")},
        {"op": "add", "path": "/metadata/ownerReferences", "value": desired["metadata"]["ownerReferences"]},
        {"op": "replace", "path": "/spec", "value": desired["spec"]},
    ])
}

fn key(object: &Value) -> (Kind, String) {
    let kinds = [
        Kind::VALIDATING_POLICIES,
        Kind::VALIDATING_BINDINGS,
        Kind::MUTATING_POLICIES,
        Kind::MUTATING_BINDINGS,
    ];
    let kind = kinds.into_iter().find(|kind| object["kind"] == kind.name);
    (kind.unwrap_or(Kind::VALIDATING_POLICIES), name(object))
}

fn name(object: &Value) -> String {
    let name = object["metadata"]["name"].as_str();
    name.unwrap_or_default().to_owned()
}

/// The log message of a state, and whether it is good.
fn message(state: &Result<GuardState, GuardError>) -> (bool, String) {
    match state {
        Ok(GuardState::Current) => (true, "the guard is current".to_owned()),
        Ok(GuardState::Outdated) => {
            let text = "the guard is not current yet; the replica that holds the lease updates it";
            (true, text.to_owned())
        }
        Ok(GuardState::Unregistered) => {
            let text = format!("{OWNER} does not exist: without it the guard is not reconciled");
            (false, text)
        }
        Err(problem) => (
            false,
            format!("the guard cannot be kept current: {problem}"),
        ),
    }
}

fn owner_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": format!("{}/{}", OWNER.kind.group, OWNER.kind.version),
        "kind": OWNER.kind.name,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    })
}
