//! A Lease of coordination.k8s.io: of several processes one holds it at a time, and another soon after that one is gone.
//!
//! As client-go's leader election does it: who waits goes by its own clock and by whether the holder's record still
//! changes, so clocks may differ. Whoever cannot renew in time stops before anybody else can begin.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::{Cluster, ClusterError, Kind, Place, Really};

const LEASES: Kind = Kind::new("coordination.k8s.io", "v1", "Lease", "leases");

/// How long a holder that says nothing more still holds it.
const LASTS: Duration = Duration::from_secs(15);
/// After so long without a renewal a holder counts itself out, when it looks next: at most 10 s after the last one.
const GIVES_UP: Duration = Duration::from_secs(8);
/// How often it is renewed, or looked at.
const EVERY: Duration = Duration::from_secs(3);
/// How long the API server may take for it.
const ANSWER: Duration = Duration::from_secs(2);

/// Somebody who would hold a lease.
pub struct Candidate {
    /// Where the lease is.
    pub cluster: Cluster,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What this process is called among the others.
    pub identity: String,
}

/// What a lease said when it last changed.
#[derive(PartialEq, Eq)]
struct Seen {
    holder: String,
    renewed: Option<Timestamp>,
}

/// What a look at the lease came to.
enum Turn {
    Held,
    Others(Seen),
}

impl Candidate {
    /// Tries for ever to get it and to keep it; `held` tells whether it has it.
    pub async fn stand(&self, held: &watch::Sender<bool>) {
        let mut renewed: Option<Instant> = None;
        let mut seen: Option<(Seen, Instant)> = None;
        let mut said: Option<String> = None;
        loop {
            let is_over = |seen: &Option<(Seen, Instant)>, now: &Seen| match seen {
                Some((before, since)) => before == now && since.elapsed() > LASTS,
                None => false,
            };
            let began = Instant::now();
            let turn = tokio::time::timeout(ANSWER, self.turn(|now| is_over(&seen, now)));
            match turn.await {
                Ok(Ok(Turn::Held)) => {
                    (renewed, seen, said) = (Some(began), None, None);
                }
                Ok(Ok(Turn::Others(now))) => {
                    (renewed, said) = (None, None);
                    if seen.as_ref().is_none_or(|(before, _)| *before != now) {
                        seen = Some((now, Instant::now()));
                    }
                }
                Ok(Err(error)) if error.is_conflict() => {}
                Ok(Err(error)) => self.complain(&mut said, error.to_string()),
                Err(_) => self.complain(&mut said, "the API server does not answer".to_owned()),
            }
            let holds = renewed.is_some_and(|at| at.elapsed() < GIVES_UP);
            if held.send_if_modified(|held| std::mem::replace(held, holds) != holds) {
                let (name, identity) = (&self.name, &self.identity);
                match holds {
                    true => info!(lease = %name, identity = %identity, "holds the lease"),
                    false => warn!(lease = %name, identity = %identity, "lost the lease"),
                }
            }
            sleep(EVERY).await;
        }
    }

    /// Gives it back, if it is its own, so that others need not wait.
    ///
    /// # Errors
    /// When the API server cannot be asked; it then ends by itself.
    pub async fn give_back(&self) -> Result<(), ClusterError> {
        let Some(lease) = self.read().await? else {
            return Ok(());
        };
        match self.seen(&lease).holder == self.identity {
            true => self.write(lease, "").await,
            false => Ok(()),
        }
    }

    async fn turn(&self, is_over: impl Fn(&Seen) -> bool) -> Result<Turn, ClusterError> {
        let Some(lease) = self.read().await? else {
            self.create().await?;
            return Ok(Turn::Held);
        };
        let seen = self.seen(&lease);
        let is_free = seen.holder.is_empty() || seen.holder == self.identity || is_over(&seen);
        if !is_free {
            return Ok(Turn::Others(seen));
        }
        self.write(lease, &self.identity).await?;
        Ok(Turn::Held)
    }

    async fn read(&self) -> Result<Option<Lease>, ClusterError> {
        let text = self.cluster.get(self.place()).await?;
        let parsed = text.map(|text| serde_json::from_str(&text)).transpose();
        parsed.map_err(|e| self.unreadable(&e))
    }

    fn seen(&self, lease: &Lease) -> Seen {
        let spec = lease.spec.as_ref();
        Seen {
            holder: spec
                .and_then(|s| s.holder_identity.clone())
                .unwrap_or_default(),
            renewed: spec.and_then(|s| s.renew_time.as_ref()).map(|t| t.0),
        }
    }

    async fn create(&self) -> Result<(), ClusterError> {
        let mut lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace.clone()),
                ..ObjectMeta::default()
            },
            spec: None,
        };
        lease.spec = Some(self.spec(None, &self.identity));
        let text = self.text(&lease)?;
        let created = self.cluster.create(self.place(), text, Really::Yes).await;
        created.map(drop)
    }

    async fn write(&self, mut lease: Lease, holder: &str) -> Result<(), ClusterError> {
        lease.spec = Some(self.spec(lease.spec.take(), holder));
        let text = self.text(&lease)?;
        self.cluster.replace(self.place(), text).await.map(drop)
    }

    fn spec(&self, before: Option<LeaseSpec>, holder: &str) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let before = before.unwrap_or_default();
        let is_new = before.holder_identity.as_deref() != Some(holder);
        let acquired = before.acquire_time.filter(|_| !is_new);
        LeaseSpec {
            holder_identity: Some(holder.to_owned()),
            lease_duration_seconds: i32::try_from(LASTS.as_secs()).ok(),
            acquire_time: acquired.or_else(|| Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(before.lease_transitions.unwrap_or(0) + i32::from(is_new)),
            ..LeaseSpec::default()
        }
    }

    fn place(&self) -> Place<'_> {
        LEASES.within(&self.namespace, &self.name)
    }

    fn text(&self, lease: &Lease) -> Result<String, ClusterError> {
        serde_json::to_string(lease).map_err(|e| self.unreadable(&e))
    }

    fn unreadable(&self, problem: &serde_json::Error) -> ClusterError {
        let Cluster { address, who, .. } = &self.cluster;
        let doing = format!("read {}", self.place());
        ClusterError::answer(doing, address, who, problem.to_string())
    }

    fn complain(&self, said: &mut Option<String>, problem: String) {
        if said.as_ref() != Some(&problem) {
            warn!(lease = %self.name, %problem, "the lease cannot be had");
            *said = Some(problem);
        }
    }
}
