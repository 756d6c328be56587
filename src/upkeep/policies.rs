//! The status of SharingPolicies: whether each counts, and what is wrong with it.

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

/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// The keeper of their status.
pub struct Policies {
    /// Where they are.
    pub cluster: Cluster,
    /// All there are, each as JSON.
    pub seen: watch::Receiver<Vec<String>>,
    /// Whether this process is the one to write.
    pub writes: watch::Receiver<bool>,
}

impl Policies {
    /// Keeps it for ever.
    pub async fn keep(mut self) {
        let mut said: Option<String> = None;
        loop {
            let writes = *self.writes.borrow_and_update();
            let seen = self.seen.borrow_and_update().clone();
            let mut trouble = None;
            for text in seen.iter().filter(|_| writes) {
                if let Err(problem) = self.one(text).await {
                    trouble = Some(problem.to_string());
                }
            }
            if let Some(problem) = trouble.as_ref().filter(|p| said.as_ref() != Some(*p)) {
                warn!(%problem, "a SharingPolicy's status cannot be written");
            }
            let is_failing = trouble.is_some();
            said = trouble;
            tokio::select! {
                Ok(()) = self.seen.changed() => {}
                Ok(()) = self.writes.changed() => {}
                () = sleep(AGAIN), if is_failing => {}
            }
        }
    }

    async fn one(&self, text: &str) -> Result<(), ClusterError> {
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
        // The version keeps the verdict on what was read.
        let patch = json!({
            "metadata": {"resourceVersion": object["metadata"]["resourceVersion"]},
            "status": status,
        });
        let place = SHARING_POLICIES.named(name);
        let patched = self
            .cluster
            .patch_status(place, Patch::Merge, patch.to_string());
        match patched.await {
            Ok(_) => {
                let condition = &status["conditions"][0];
                let (accepted, reason) = (&condition["status"], &condition["reason"]);
                info!(policy = name, %accepted, %reason, "wrote a SharingPolicy's status");
                Ok(())
            }
            // It was changed or is gone, and that is on its way here.
            Err(error) if error.is_conflict() || error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }
}
