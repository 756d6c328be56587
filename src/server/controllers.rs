//! The controllers of a server: started beside the webhooks, informed of the state in force, and ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::debug;

use super::shared::Shared;
use super::world::{self, Published};
use super::{StartError, events};
use crate::cluster::{Cluster, LeaderElection, ObjectEvent};
use crate::controllers::{GuardController, GuardInput, PolicyStatusController, Records};
use crate::engine::ExcludedNamespaces;

/// The Lease of the leader.
const LEASE: &str = "slicegate";
/// How long the release of the Lease may take.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// Which controllers run. The leader among the replicas writes.
#[derive(Debug)]
pub struct ControllerSettings {
    /// The guard in the API server.
    pub guard: bool,
    /// Events about the owners of refused pods. Every replica publishes its own.
    pub events: bool,
    /// The status of SharingPolicies, and the records for the next process.
    pub records: bool,
    /// slicegate's own namespace.
    pub namespace: String,
    /// The name of this replica.
    pub identity: String,
}

impl ControllerSettings {
    /// An error if a controller is to run without a cluster.
    pub(super) fn without_cluster(&self) -> Result<Option<Cluster>, StartError> {
        match self {
            Self { guard: true, .. } => Err(StartError::Alone("--keep-guard")),
            Self { records: true, .. } => Err(StartError::Alone("--keep-records")),
            Self { events: true, .. } => Err(StartError::Alone("--events")),
            _ => Ok(None),
        }
    }
}

/// The controllers, and the channels that inform them.
pub(super) struct Controllers {
    settings: ControllerSettings,
    excluded_namespaces: ExcludedNamespaces,
    cluster: Option<Cluster>,
    is_leader: watch::Sender<bool>,
    guard_input: watch::Sender<Option<GuardInput>>,
    /// The deleted nodes that still count, as text.
    remembered: watch::Sender<Option<String>>,
    policies: watch::Sender<Vec<String>>,
    good_policy: watch::Sender<Option<String>>,
    /// Whether the records of earlier processes were read.
    is_read: watch::Sender<bool>,
}

impl Controllers {
    /// Nothing runs yet.
    pub(super) fn new(
        shared: &Shared,
        settings: ControllerSettings,
        excluded_namespaces: ExcludedNamespaces,
    ) -> Self {
        Self {
            settings,
            excluded_namespaces,
            cluster: shared.cluster.clone(),
            is_leader: watch::Sender::new(false),
            guard_input: watch::Sender::new(None),
            remembered: watch::Sender::new(None),
            policies: watch::Sender::new(Vec::new()),
            good_policy: watch::Sender::new(None),
            is_read: watch::Sender::new(false),
        }
    }

    /// The channels for the state in force.
    pub(super) fn published(&self) -> Published {
        Published {
            guard_input: self.guard_input.clone(),
            remembered: self.remembered.clone(),
        }
    }

    /// The channels for the policies in the cluster.
    pub(super) fn policies(&self) -> world::Policies {
        world::Policies {
            seen: self.policies.clone(),
            good: self.good_policy.clone(),
        }
    }

    /// The channel that says that the records of earlier processes were read.
    pub(super) fn is_read(&self) -> watch::Sender<bool> {
        self.is_read.clone()
    }

    /// The records, if that controller runs.
    pub(super) fn records(&self) -> Option<Records> {
        let cluster = self.cluster.clone().filter(|_| self.settings.records)?;
        let namespace = self.settings.namespace.clone();
        Some(Records { cluster, namespace })
    }

    /// Starts the controllers.
    pub(super) fn start(
        &self,
        shared: &Arc<Shared>,
        notes: mpsc::Receiver<ObjectEvent>,
        tasks: &mut JoinSet<()>,
    ) {
        if let Some(cluster) = self.cluster.as_ref().filter(|_| self.settings.events) {
            let recorder = cluster.event_recorder("slicegate", &self.settings.identity);
            tasks.spawn(events::tell(recorder, notes));
        }
        let Some(election) = self.election() else {
            return;
        };
        let cluster = election.cluster.clone();
        let is_leader = self.is_leader.clone();
        tasks.spawn(async move { election.campaign(&is_leader).await });
        if self.settings.guard {
            let guard = GuardController {
                cluster,
                input: self.guard_input.subscribe(),
                excluded_namespaces: self.excluded_namespaces.clone(),
                is_leader: self.is_leader.subscribe(),
            };
            let shared = Arc::clone(shared);
            tasks.spawn(guard.run(move |is_current| shared.metrics.guard(is_current)));
        }
        if let Some(records) = self.records() {
            let policies = PolicyStatusController {
                cluster: records.cluster.clone(),
                policies: self.policies.subscribe(),
                is_leader: self.is_leader.subscribe(),
            };
            tasks.spawn(policies.run());
            tasks.spawn(records.run(
                self.is_read.subscribe(),
                self.remembered.subscribe(),
                self.good_policy.subscribe(),
                self.is_leader.subscribe(),
            ));
        }
    }

    /// Releases the Lease, so that another replica leads at once.
    pub(super) async fn end(&self) {
        let Some(election) = self.election().filter(|_| *self.is_leader.borrow()) else {
            return;
        };
        match timeout(RELEASE_TIMEOUT, election.release()).await {
            Ok(Ok(())) => debug!("released the lease"),
            Ok(Err(problem)) => debug!(%problem, "the lease was not released and expires"),
            Err(_) => debug!("the lease was not released and expires"),
        }
    }

    fn election(&self) -> Option<LeaderElection> {
        let ControllerSettings {
            guard,
            records,
            namespace,
            identity,
            events: _,
        } = &self.settings;
        let cluster = self.cluster.clone().filter(|_| *guard || *records)?;
        Some(LeaderElection {
            cluster,
            namespace: namespace.clone(),
            name: LEASE.to_owned(),
            identity: identity.clone(),
        })
    }
}
