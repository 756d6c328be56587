//! What a server keeps in order in its cluster beside answering: started here, told what is in force, and ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::debug;

use super::shared::Shared;
use super::world::{self, Published};
use super::{Keep, StartError, events};
use crate::cluster::{Cluster, LeaderElection, ObjectEvent};
use crate::engine::ExcludedNamespaces;
use crate::upkeep::{Basis, Guard, Policies, Records};

/// The Lease that one of the replicas holds.
const LEASE: &str = "slicegate";
/// How long giving it back may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Everything that is kept, and what it goes by.
pub(super) struct Keepers {
    keep: Keep,
    excluded_namespaces: ExcludedNamespaces,
    cluster: Option<Cluster>,
    /// Whether this replica is the one to write.
    writes: watch::Sender<bool>,
    basis: watch::Sender<Option<Basis>>,
    remembered: watch::Sender<Option<String>>,
    policies: watch::Sender<Vec<String>>,
    good_policy: watch::Sender<Option<String>>,
    /// Whether what predecessors left was read.
    is_read: watch::Sender<bool>,
}

impl Keep {
    /// Nothing can be kept without a cluster.
    pub(super) fn alone(&self) -> Result<Option<Cluster>, StartError> {
        match self {
            Self { guard: true, .. } => Err(StartError::Alone("--keep-guard")),
            Self { records: true, .. } => Err(StartError::Alone("--keep-records")),
            Self { events: true, .. } => Err(StartError::Alone("--events")),
            _ => Ok(None),
        }
    }
}

impl Keepers {
    /// Nothing runs yet.
    pub(super) fn new(
        shared: &Shared,
        keep: Keep,
        excluded_namespaces: ExcludedNamespaces,
    ) -> Self {
        Self {
            keep,
            excluded_namespaces,
            cluster: shared.cluster.clone(),
            writes: watch::Sender::new(false),
            basis: watch::Sender::new(None),
            remembered: watch::Sender::new(None),
            policies: watch::Sender::new(Vec::new()),
            good_policy: watch::Sender::new(None),
            is_read: watch::Sender::new(false),
        }
    }

    /// Where is told what is in force.
    pub(super) fn published(&self) -> Published {
        Published {
            basis: self.basis.clone(),
            remembered: self.remembered.clone(),
        }
    }

    /// Where is told which policies there are.
    pub(super) fn policies(&self) -> world::Policies {
        world::Policies {
            seen: self.policies.clone(),
            good: self.good_policy.clone(),
        }
    }

    /// Where is told that what predecessors left was read.
    pub(super) fn is_read(&self) -> watch::Sender<bool> {
        self.is_read.clone()
    }

    /// What predecessors left, where that is kept.
    pub(super) fn records(&self) -> Option<Records> {
        let cluster = self.cluster.clone().filter(|_| self.keep.records)?;
        let namespace = self.keep.namespace.clone();
        Some(Records { cluster, namespace })
    }

    /// Starts what is to be kept.
    pub(super) fn start(
        &self,
        shared: &Arc<Shared>,
        notes: mpsc::Receiver<ObjectEvent>,
        tasks: &mut JoinSet<()>,
    ) {
        if let Some(cluster) = self.cluster.as_ref().filter(|_| self.keep.events) {
            let recorder = cluster.event_recorder("slicegate", &self.keep.identity);
            tasks.spawn(events::tell(recorder, notes));
        }
        let Some(election) = self.election() else {
            return;
        };
        let cluster = election.cluster.clone();
        let writes = self.writes.clone();
        tasks.spawn(async move { election.campaign(&writes).await });
        if self.keep.guard {
            let guard = Guard {
                cluster,
                basis: self.basis.subscribe(),
                excluded_namespaces: self.excluded_namespaces.clone(),
                writes: self.writes.subscribe(),
            };
            let shared = Arc::clone(shared);
            tasks.spawn(guard.keep(move |is_current| shared.metrics.guard(is_current)));
        }
        if let Some(records) = self.records() {
            let policies = Policies {
                cluster: records.cluster.clone(),
                seen: self.policies.subscribe(),
                writes: self.writes.subscribe(),
            };
            tasks.spawn(policies.keep());
            tasks.spawn(records.keep(
                self.is_read.subscribe(),
                self.remembered.subscribe(),
                self.good_policy.subscribe(),
                self.writes.subscribe(),
            ));
        }
    }

    /// Lets another replica take over at once.
    pub(super) async fn end(&self) {
        let Some(election) = self.election().filter(|_| *self.writes.borrow()) else {
            return;
        };
        match timeout(GOODBYE, election.release()).await {
            Ok(Ok(())) => debug!("gave the lease back"),
            Ok(Err(problem)) => debug!(%problem, "the lease ends by itself"),
            Err(_) => debug!("the lease ends by itself"),
        }
    }

    fn election(&self) -> Option<LeaderElection> {
        let Keep {
            guard,
            records,
            namespace,
            identity,
            events: _,
        } = &self.keep;
        let cluster = self.cluster.clone().filter(|_| *guard || *records)?;
        Some(LeaderElection {
            cluster,
            namespace: namespace.clone(),
            name: LEASE.to_owned(),
            identity: identity.clone(),
        })
    }
}
