//! Where the parts of the world come from: files, and watches of the cluster for what is in no file.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::controllers::Controllers;
use super::shared::Shared;
use super::world::{Change, Part, Parts, Watches, WorldFiles, keep};
use super::{Settings, StartError, reload};
use crate::config::policy;

/// Changes that may wait to be taken in; beyond that watches wait.
const CHANGES: usize = 1024;

/// How long the first look at the policy waits for the one that predecessors left.
const PATIENCE: Duration = Duration::from_secs(10);

/// What there is to read and to watch.
pub(super) struct Sources {
    files: WorldFiles,
    parts: Parts,
    /// What the files said.
    first: Vec<Change>,
    watched: Vec<Part>,
}

impl Sources {
    /// Reads every file.
    pub(super) fn open(settings: &Settings) -> Result<Self, StartError> {
        let Settings {
            policy,
            nodes,
            namespaces,
            cluster,
            excluded_namespaces,
            ..
        } = settings;
        let files: [(Part, Option<&Path>); 3] = [
            (Part::Policy, policy.as_deref()),
            (Part::Nodes, nodes.as_deref()),
            (Part::Namespaces, namespaces.as_deref()),
        ];
        let (opened, mut first) = WorldFiles::open(files)?;
        let absent = files.into_iter().filter(|(_, path)| path.is_none());
        let mut watched: Vec<Part> = absent.map(|(part, _)| part).collect();
        if cluster.is_none() {
            watched.clear();
            if policy.is_none() {
                first.push(Change::Policy(Box::new(policy::built_in()?)));
            }
        }
        if watched.contains(&Part::Nodes) {
            watched.push(Part::RuntimeClasses);
        }
        let is_watching_namespaces = watched.contains(&Part::Namespaces);
        if is_watching_namespaces {
            watched.push(Part::Quotas);
        }
        Ok(Self {
            files: opened,
            parts: Parts::new(is_watching_namespaces, excluded_namespaces.clone()),
            first,
            watched,
        })
    }

    /// Starts everything that brings news, and what takes them in.
    pub(super) async fn start(
        self,
        shared: &Arc<Shared>,
        controllers: &Controllers,
        tasks: &mut JoinSet<()>,
    ) {
        let (changes, taken) = mpsc::channel(CHANGES);
        let published = controllers.published();
        tasks.spawn(keep(Arc::clone(shared), self.parts, taken, published));
        for change in self.first {
            // Whoever takes it in ends only with the server.
            let _ = changes.send(change).await;
        }
        if let Some(cluster) = &shared.cluster {
            let watches = || Watches {
                cluster: cluster.clone(),
                changes: changes.clone(),
                shared: Arc::clone(shared),
            };
            for part in &self.watched {
                match part {
                    Part::Nodes => tasks.spawn(watches().nodes()),
                    Part::Namespaces => tasks.spawn(watches().namespaces()),
                    Part::Quotas => {
                        tasks.spawn(watches().cluster_quotas());
                        tasks.spawn(watches().quotas())
                    }
                    Part::RuntimeClasses => tasks.spawn(watches().runtime_classes()),
                    Part::Policy => continue,
                };
            }
            let (left, policy) = oneshot::channel();
            if let Some(records) = controllers.records() {
                let (watches, is_read) = (watches(), controllers.is_read());
                tasks.spawn(async move {
                    let content = records.read().await;
                    watches.remember(content.nodes.as_deref()).await;
                    let _ = left.send(content.policy);
                    is_read.send_replace(true);
                    pending().await
                });
            }
            if self.watched.contains(&Part::Policy) {
                let (watches, policies) = (watches(), controllers.policies());
                tasks.spawn(async move {
                    let left = timeout(PATIENCE, policy).await;
                    let left = left.ok().and_then(Result::ok).flatten();
                    watches.policy(left, policies).await;
                });
            }
        }
        tasks.spawn(reload::world(Arc::clone(shared), self.files, changes));
    }
}
