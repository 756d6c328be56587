//! The controllers of a server: started beside the webhooks, and ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::debug;

use super::channels::Channels;
use super::events;
use super::settings::ControllerSettings;
use super::shared::Shared;
use crate::cluster::{Cluster, EventRecorder, LeaderElection, ObjectEvent};
use crate::controllers::{GuardController, PolicyStatusController, Records};
use crate::engine::ExcludedNamespaces;

/// The Lease of the leader.
const LEASE: &str = "slicegate";
/// How long the release of the Lease may take.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct Controllers {
    pub(super) settings: ControllerSettings,
    pub(super) excluded_namespaces: ExcludedNamespaces,
    pub(super) cluster: Option<Cluster>,
    pub(super) channels: Channels,
}

impl Controllers {
    /// The records, if that controller runs.
    pub(super) fn records(&self) -> Option<Records> {
        let cluster = self.cluster.clone().filter(|_| self.settings.records)?;
        let namespace = self.settings.namespace.clone();
        Some(Records { cluster, namespace })
    }

    pub(super) fn start(
        &self,
        shared: &Arc<Shared>,
        queued_events: mpsc::Receiver<ObjectEvent>,
        tasks: &mut JoinSet<()>,
    ) {
        let channels = &self.channels;
        if let Some(cluster) = self.cluster.as_ref().filter(|_| self.settings.events) {
            let recorder = EventRecorder::new(cluster, "slicegate", &self.settings.identity);
            tasks.spawn(events::publish(recorder, queued_events));
        }
        let Some(election) = self.election() else {
            return;
        };
        let cluster = election.cluster.clone();
        let is_leader = channels.is_leader.clone();
        tasks.spawn(async move { election.campaign(&is_leader).await });
        if self.settings.guard {
            let guard = GuardController {
                cluster,
                input: channels.guard_input.subscribe(),
                excluded_namespaces: self.excluded_namespaces.clone(),
                is_leader: channels.is_leader.subscribe(),
            };
            let shared = Arc::clone(shared);
            tasks.spawn(guard.run(move |is_current| shared.metrics.guard(is_current)));
        }
        if let Some(records) = self.records() {
            let policies = PolicyStatusController {
                cluster: records.cluster.clone(),
                policies: channels.policies.subscribe(),
                is_leader: channels.is_leader.subscribe(),
            };
            tasks.spawn(policies.run());
            tasks.spawn(records.run(
                channels.is_read.subscribe(),
                channels.deleted_nodes.subscribe(),
                channels.valid_policy.subscribe(),
                channels.is_leader.subscribe(),
            ));
        }
    }

    /// Releases the Lease, so that another replica leads at once.
    pub(super) async fn end(&self) {
        let is_leader = *self.channels.is_leader.borrow();
        let Some(election) = self.election().filter(|_| is_leader) else {
            return;
        };
        match timeout(RELEASE_TIMEOUT, election.release()).await {
            Ok(Ok(())) => debug!("released the lease"),
            Ok(Err(problem)) => debug!(%problem, "the lease was not released and expires"),
            Err(_) => debug!("the lease was not released and expires"),
        }
    }

    fn election(&self) -> Option<LeaderElection> {
        let settings = &self.settings;
        let cluster = self.cluster.clone();
        Some(LeaderElection {
            cluster: cluster.filter(|_| settings.guard || settings.records)?,
            namespace: settings.namespace.clone(),
            name: LEASE.to_owned(),
            identity: settings.identity.clone(),
        })
    }
}
