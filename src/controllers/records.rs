//! Records for the next process, in a ConfigMap: deleted nodes that still count, and the last valid policy. During a
//! rolling update no process keeps them in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::cluster::{Cluster, ClusterError, DryRun, Kind, ObjectRef, Patch};

/// The ConfigMap's name.
pub const NAME: &str = "slicegate-remembered";

const NODES: &str = "nodes.json";
const POLICY: &str = "policy.json";
/// A longer policy is not recorded, so that the nodes have room.
const LARGEST_POLICY: usize = 300 << 10;
/// The pause after a change: dozens of nodes may come or go together.
const SETTLE: Duration = Duration::from_secs(5);
/// The pause after a failure, and the timeout of a read.
const RETRY: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The recorded texts. Their writer alone knows the format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordData {
    /// The deleted nodes.
    pub nodes: Option<String>,
    /// The last valid policy.
    pub policy: Option<String>,
}

/// The ConfigMap with the records.
pub struct Records {
    /// The cluster.
    pub cluster: Cluster,
    /// slicegate's namespace.
    pub namespace: String,
}

impl Records {
    /// Reads the records of earlier processes. Tries until it succeeds, so that no unread records are overwritten.
    pub async fn read(&self) -> RecordData {
        let mut logged = None;
        loop {
            let problem = match timeout(READ_TIMEOUT, self.cluster.get(self.object_ref())).await {
                Ok(Ok(None)) => return RecordData::default(),
                Ok(Ok(Some(text))) => return parse(&text),
                Ok(Err(problem)) => problem.to_string(),
                Err(_) => "the API server does not answer".to_owned(),
            };
            if logged.as_ref() != Some(&problem) {
                warn!(%problem, "the records cannot be read, so deleted nodes are not known");
                logged = Some(problem);
            }
            sleep(RETRY).await;
        }
    }

    /// Writes the records forever, while this process is the leader, and after the old records were read (`is_read`).
    /// An unknown text is not overwritten.
    pub async fn run(
        self,
        mut is_read: watch::Receiver<bool>,
        mut nodes: watch::Receiver<Option<String>>,
        mut policy: watch::Receiver<Option<String>>,
        mut is_leader: watch::Receiver<bool>,
    ) {
        let _ = is_read.wait_for(|is_read| *is_read).await;
        let mut written = RecordData::default();
        let mut logged = None;
        loop {
            let data = RecordData {
                nodes: nodes.borrow_and_update().clone(),
                policy: policy.borrow_and_update().clone(),
            };
            if !*is_leader.borrow_and_update() {
                // Another process may write meanwhile.
                written = RecordData::default();
            } else if data != written {
                match self.write(&data).await.map_err(|e| e.to_string()) {
                    Ok(()) => (written, logged) = (data, None),
                    Err(problem) if logged.as_ref() == Some(&problem) => {}
                    Err(problem) => {
                        warn!(%problem, "the records cannot be written");
                        logged = Some(problem);
                    }
                }
            }
            let has_failed = logged.is_some();
            tokio::select! {
                Ok(()) = nodes.changed() => {}
                Ok(()) = policy.changed() => {}
                Ok(()) = is_leader.changed() => {}
                () = sleep(RETRY), if has_failed => {}
            }
            sleep(SETTLE).await;
        }
    }

    async fn write(&self, data: &RecordData) -> Result<(), ClusterError> {
        let RecordData { nodes, policy } = data;
        let texts: BTreeMap<&str, &String> = [(NODES, nodes), (POLICY, policy)]
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.as_ref()?)))
            // Both have to fit: a ConfigMap holds 1 MiB.
            .filter(|(key, text)| *key != POLICY || text.len() < LARGEST_POLICY)
            .collect();
        let object = json!({
            "apiVersion": "v1",
            "kind": Kind::CONFIG_MAPS.name,
            "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": "slicegate"}},
            "data": texts,
        });
        let (object_ref, object) = (self.object_ref(), object.to_string());
        let patch = object.clone();
        let patched = self
            .cluster
            .patch(object_ref, Patch::Merge, patch, DryRun::No);
        match patched.await {
            Err(error) if error.is_not_found() => {
                let created = self.cluster.create(object_ref, object, DryRun::No);
                created.await?
            }
            patched => patched?,
        };
        debug!("wrote the records");
        Ok(())
    }

    fn object_ref(&self) -> ObjectRef<'_> {
        Kind::CONFIG_MAPS.within(&self.namespace, NAME)
    }
}

fn parse(text: &str) -> RecordData {
    #[derive(Deserialize)]
    struct ConfigMap {
        #[serde(default)]
        data: BTreeMap<String, String>,
    }
    match serde_json::from_str::<ConfigMap>(text) {
        Ok(mut map) => RecordData {
            nodes: map.data.remove(NODES),
            policy: map.data.remove(POLICY),
        },
        Err(problem) => {
            warn!(%problem, "the records are no ConfigMap");
            RecordData::default()
        }
    }
}
