//! The status of SharingPolicies: whether each is accepted, and why not.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::watch;
use tokio::time::{Duration, sleep};
use tracing::{info, warn};

use crate::cluster::{Cluster, ClusterError, Kind, Patch};
use crate::config::policy::{self, PolicyObject};

/// The custom resource that holds a policy.
pub const SHARING_POLICIES: Kind =
    Kind::new(policy::GROUP, policy::VERSION, policy::KIND, policy::PLURAL);

/// The pause after a failure.
const RETRY: Duration = Duration::from_secs(10);

/// Writes the status of every SharingPolicy.
pub struct PolicyStatusController {
    /// The cluster with the policies.
    pub cluster: Cluster,
    /// All policies, each as JSON.
    pub policies: watch::Receiver<Vec<String>>,
    /// Whether this process is the leader, which alone writes.
    pub is_leader: watch::Receiver<bool>,
}

impl PolicyStatusController {
    /// Reconciles forever.
    pub async fn run(mut self) {
        let mut logged: Option<String> = None;
        loop {
            let is_leader = *self.is_leader.borrow_and_update();
            let policies = self.policies.borrow_and_update().clone();
            let mut failure = None;
            for text in policies.iter().filter(|_| is_leader) {
                if let Err(problem) = self.reconcile(text).await {
                    failure = Some(problem.to_string());
                }
            }
            if let Some(problem) = failure.as_ref().filter(|p| logged.as_ref() != Some(*p)) {
                warn!(%problem, "a SharingPolicy's status cannot be written");
            }
            let is_failing = failure.is_some();
            logged = failure;
            tokio::select! {
                Ok(()) = self.policies.changed() => {}
                Ok(()) = self.is_leader.changed() => {}
                () = sleep(RETRY), if is_failing => {}
            }
        }
    }

    async fn reconcile(&self, text: &str) -> Result<(), ClusterError> {
        let Ok(object) = serde_json::from_str::<Value>(text) else {
            return Ok(());
        };
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let read = policy::read_object(&format!("SharingPolicy {name}"), text);
        let now = OffsetDateTime::now_utc();
        let now = now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339);
        let now = now.unwrap_or_default();
        let Some(status) = policy::status(PolicyObject::of(&object), read.as_ref(), &now) else {
            return Ok(());
        };
        // With the resourceVersion, the status is never written to another version of the policy.
        let patch = json!({
            "metadata": {"resourceVersion": object["metadata"]["resourceVersion"]},
            "status": status,
        });
        let object_ref = SHARING_POLICIES.named(name);
        let patch = patch.to_string();
        let patched = self.cluster.patch_status(object_ref, Patch::Merge, patch);
        match patched.await {
            Ok(_) => {
                let condition = &status["conditions"][0];
                let (accepted, reason) = (&condition["status"], &condition["reason"]);
                info!(policy = name, %accepted, %reason, "wrote a SharingPolicy's status");
                Ok(())
            }
            // The policy was changed or deleted. The watch reports that.
            Err(error) if error.is_conflict() || error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }
}
