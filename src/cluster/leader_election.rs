//! Leader election by a Lease of coordination.k8s.io: one process holds it, and another takes it over soon after.
//!
//! As in client-go: a waiting process measures with its own clock how long the holder's record has not changed, so
//! clocks may differ. A holder that cannot renew stops before another process can acquire the Lease.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::client::Cluster;
use super::dry_run::DryRun;
use super::error::ClusterError;
use super::kind::{Kind, ObjectRef};

const LEASES: Kind = Kind::new("coordination.k8s.io", "v1", "Lease", "leases");

/// How long a Lease is valid after its last renewal.
const LEASE_DURATION: Duration = Duration::from_secs(15);
/// A leader that has not renewed for so long stops leading at its next check: at most 10 s after the last renewal.
const RENEW_DEADLINE: Duration = Duration::from_secs(8);
/// The time between two tries to acquire or to renew.
const RETRY_PERIOD: Duration = Duration::from_secs(3);
/// How long the API server may take for one try.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// The election of a leader among processes that share a Lease.
pub struct LeaderElection {
    /// The cluster with the Lease.
    pub cluster: Cluster,
    /// The Lease's namespace.
    pub namespace: String,
    /// The Lease's name.
    pub name: String,
    /// The name of this process among the others.
    pub identity: String,
}

/// The state of a Lease, to see whether it still changes.
#[derive(PartialEq, Eq)]
struct LeaseRecord {
    holder: String,
    renewed: Option<Timestamp>,
}

impl LeaderElection {
    /// Tries forever to acquire and to renew the Lease; `leads` says whether this process leads.
    pub async fn campaign(&self, leads: &watch::Sender<bool>) {
        let mut renewed: Option<Instant> = None;
        let mut observed: Option<(LeaseRecord, Instant)> = None;
        let mut logged: Option<String> = None;
        loop {
            let has_expired = |record: &LeaseRecord| {
                let unchanged = observed.as_ref().filter(|(before, _)| before == record);
                unchanged.is_some_and(|(_, since)| since.elapsed() > LEASE_DURATION)
            };
            let began = Instant::now();
            match timeout(ATTEMPT_TIMEOUT, self.try_acquire(has_expired)).await {
                Ok(Ok(None)) => (renewed, observed, logged) = (Some(began), None, None),
                Ok(Ok(Some(record))) => {
                    (renewed, logged) = (None, None);
                    let known = observed.take().filter(|(before, _)| *before == record);
                    observed = known.or_else(|| Some((record, Instant::now())));
                }
                Ok(Err(error)) if error.is_conflict() => {}
                Ok(Err(error)) => self.log_once(&mut logged, error.to_string()),
                Err(_) => self.log_once(&mut logged, "the API server does not answer".to_owned()),
            }
            let is_leader = renewed.is_some_and(|at| at.elapsed() < RENEW_DEADLINE);
            if leads.send_if_modified(|leads| std::mem::replace(leads, is_leader) != is_leader) {
                let (name, identity) = (&self.name, &self.identity);
                if is_leader {
                    info!(lease = %name, identity = %identity, "holds the lease");
                } else {
                    warn!(lease = %name, identity = %identity, "lost the lease");
                }
            }
            sleep(RETRY_PERIOD).await;
        }
    }

    /// Releases the Lease if this process holds it, so that others need not wait.
    ///
    /// # Errors
    /// When the API server does not answer; the Lease then expires.
    pub async fn release(&self) -> Result<(), ClusterError> {
        match self.read().await? {
            Some(lease) if record(&lease).holder == self.identity => self.write(lease, "").await,
            _ => Ok(()),
        }
    }

    /// Acquires or renews the Lease, unless another process holds it: then it returns that record.
    async fn try_acquire(
        &self,
        has_expired: impl Fn(&LeaseRecord) -> bool,
    ) -> Result<Option<LeaseRecord>, ClusterError> {
        let Some(lease) = self.read().await? else {
            self.create().await?;
            return Ok(None);
        };
        let record = record(&lease);
        let is_own = record.holder.is_empty() || record.holder == self.identity;
        if !is_own && !has_expired(&record) {
            return Ok(Some(record));
        }
        self.write(lease, &self.identity).await?;
        Ok(None)
    }

    async fn read(&self) -> Result<Option<Lease>, ClusterError> {
        let text = self.cluster.get(self.object_ref()).await?;
        let parsed = text.map(|text| serde_json::from_str(&text)).transpose();
        parsed.map_err(|e| self.unreadable(&e))
    }

    async fn create(&self) -> Result<(), ClusterError> {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(spec(None, &self.identity)),
        };
        let text = self.text(&lease)?;
        let created = self.cluster.create(self.object_ref(), text, DryRun::No);
        created.await.map(drop)
    }

    async fn write(&self, mut lease: Lease, holder: &str) -> Result<(), ClusterError> {
        lease.spec = Some(spec(lease.spec.take(), holder));
        let text = self.text(&lease)?;
        let replaced = self.cluster.replace(self.object_ref(), text);
        replaced.await.map(drop)
    }

    fn object_ref(&self) -> ObjectRef<'_> {
        LEASES.within(&self.namespace, &self.name)
    }

    fn text(&self, lease: &Lease) -> Result<String, ClusterError> {
        serde_json::to_string(lease).map_err(|e| self.unreadable(&e))
    }

    fn unreadable(&self, problem: &serde_json::Error) -> ClusterError {
        let action = format!("read {}", self.object_ref());
        self.cluster.unreadable(action, problem)
    }

    fn log_once(&self, logged: &mut Option<String>, problem: String) {
        if logged.as_ref() != Some(&problem) {
            warn!(lease = %self.name, %problem, "the lease cannot be acquired");
            *logged = Some(problem);
        }
    }
}

fn record(lease: &Lease) -> LeaseRecord {
    let spec = lease.spec.as_ref();
    let holder = spec.and_then(|s| s.holder_identity.clone());
    LeaseRecord {
        holder: holder.unwrap_or_default(),
        renewed: spec.and_then(|s| s.renew_time.as_ref()).map(|t| t.0),
    }
}

fn spec(before: Option<LeaseSpec>, holder: &str) -> LeaseSpec {
    let now = MicroTime(Timestamp::now());
    let before = before.unwrap_or_default();
    let is_new = before.holder_identity.as_deref() != Some(holder);
    let acquired = before.acquire_time.filter(|_| !is_new);
    LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: i32::try_from(LEASE_DURATION.as_secs()).ok(),
        acquire_time: acquired.or_else(|| Some(now.clone())),
        renew_time: Some(now),
        lease_transitions: Some(before.lease_transitions.unwrap_or(0) + i32::from(is_new)),
        ..LeaseSpec::default()
    }
}
