//! The sources of the cluster's state: files, and watches of the cluster for everything else.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::controllers::Controllers;
use super::error::StartError;
use super::settings::Settings;
use super::shared::Shared;
use super::state::files::StateFile;
use super::state::part::StatePart;
use super::state::parts::Parts;
use super::state::update::StateUpdate;
use super::state::watch::StateWatch;
use super::state::{apply, policies};
use crate::config::policy;

/// The updates that may wait; with more, files and watches wait.
const QUEUE: usize = 1024;

/// How long the first policy waits for the recorded one.
const RECORD_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Sources {
    files: Vec<StateFile>,
    parts: Parts,
    /// The content of the files.
    updates: Vec<StateUpdate>,
    watched: Vec<StatePart>,
}

impl Sources {
    pub(super) fn open(settings: &Settings) -> Result<Self, StartError> {
        let (mut files, mut updates, mut watched) = (Vec::new(), Vec::new(), Vec::new());
        for (part, path) in [
            (StatePart::Policy, &settings.policy),
            (StatePart::Nodes, &settings.nodes),
            (StatePart::Namespaces, &settings.namespaces),
        ] {
            if let Some(path) = path {
                let (file, content) = StateFile::open(part, path)?;
                files.push(file);
                updates.extend(content);
            } else if settings.cluster.is_some() {
                watched.push(part);
            } else if part == StatePart::Policy {
                updates.push(StateUpdate::Policy(Box::new(policy::built_in()?)));
            }
        }
        let is_watching_namespaces = watched.contains(&StatePart::Namespaces);
        let excluded_namespaces = settings.excluded_namespaces.clone();
        Ok(Self {
            files,
            parts: Parts::new(is_watching_namespaces, excluded_namespaces),
            updates,
            watched,
        })
    }

    /// Starts the tasks that bring updates, and the one that applies them.
    pub(super) async fn start(
        self,
        shared: &Arc<Shared>,
        controllers: &Controllers,
        tasks: &mut JoinSet<()>,
    ) {
        let (updates, received) = mpsc::channel(QUEUE);
        let channels = controllers.channels.clone();
        tasks.spawn(apply::run(
            Arc::clone(shared),
            self.parts,
            received,
            channels,
        ));
        for update in self.updates {
            // The receiver ends only with the server.
            let _ = updates.send(update).await;
        }
        for file in self.files {
            tasks.spawn(file.watch(Arc::clone(shared), updates.clone()));
        }
        let Some(cluster) = shared.cluster.clone() else {
            return;
        };
        let watch = StateWatch {
            cluster,
            updates,
            shared: Arc::clone(shared),
        };
        let (policy, recorded_policy) = oneshot::channel();
        if let Some(records) = controllers.records() {
            let (watch, is_read) = (watch.clone(), controllers.channels.is_read.clone());
            tasks.spawn(async move {
                let records = records.read().await;
                watch.remember(records.nodes.as_deref()).await;
                let _ = policy.send(records.policy);
                is_read.send_replace(true);
                pending().await
            });
        }
        if self.watched.contains(&StatePart::Nodes) {
            tasks.spawn(watch.clone().nodes());
        }
        if self.watched.contains(&StatePart::Namespaces) {
            tasks.spawn(watch.clone().namespaces());
        }
        if self.watched.contains(&StatePart::Policy) {
            let channels = controllers.channels.clone();
            tasks.spawn(async move {
                let recorded = timeout(RECORD_TIMEOUT, recorded_policy).await;
                let recorded = recorded.ok().and_then(Result::ok).flatten();
                policies::watch(watch, recorded, channels).await;
            });
        }
    }
}
