//! What the next process has to know of this one: the nodes that are gone and still count, and the last policy that
//! was good. A ConfigMap holds it, because a rolling update leaves nobody who remembers.

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
/// A longer policy is not remembered, so that there is room for the nodes.
const LARGEST_POLICY: usize = 300 << 10;
/// How long after a change it is written: nodes come and go in dozens.
const SETTLE: Duration = Duration::from_secs(5);
/// How long after a failure it is tried again, and how long one answer may take.
const AGAIN: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(5);

/// What is remembered, as text that only who wrote it understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The nodes that are gone.
    pub nodes: Option<String>,
    /// The last policy that was good.
    pub policy: Option<String>,
}

/// Where it is remembered.
pub struct Records {
    /// The cluster.
    pub cluster: Cluster,
    /// slicegate's namespace.
    pub namespace: String,
}

impl Records {
    /// What predecessors left, asked for until it is known: nothing is written over that was not read.
    pub async fn read(&self) -> Content {
        let mut said = None;
        loop {
            let problem = match timeout(ANSWER, self.cluster.get(self.place())).await {
                Ok(Ok(None)) => return Content::default(),
                Ok(Ok(Some(text))) => return content(&text),
                Ok(Err(problem)) => problem.to_string(),
                Err(_) => "the API server does not answer".to_owned(),
            };
            if said.as_ref() != Some(&problem) {
                warn!(%problem, "what was remembered cannot be read, so nodes that are gone are not known");
                said = Some(problem);
            }
            sleep(AGAIN).await;
        }
    }

    /// Writes for ever what is to be remembered, while this process is the one to write, and once what was there
    /// `is_read`. What is not known is left as it is.
    pub async fn keep(
        self,
        mut is_read: watch::Receiver<bool>,
        mut nodes: watch::Receiver<Option<String>>,
        mut policy: watch::Receiver<Option<String>>,
        mut writes: watch::Receiver<bool>,
    ) {
        let _ = is_read.wait_for(|is_read| *is_read).await;
        let mut written = Content::default();
        let mut said = None;
        loop {
            let content = Content {
                nodes: nodes.borrow_and_update().clone(),
                policy: policy.borrow_and_update().clone(),
            };
            let is_writer = *writes.borrow_and_update();
            if !is_writer {
                // Another one writes meanwhile.
                written = Content::default();
            } else if content != written {
                match self.write(&content).await {
                    Ok(()) => (written, said) = (content, None),
                    Err(problem) => {
                        let problem = problem.to_string();
                        if said.as_ref() != Some(&problem) {
                            warn!(%problem, "what is to be remembered cannot be written");
                            said = Some(problem);
                        }
                    }
                }
            }
            let trouble = said.is_some();
            tokio::select! {
                Ok(()) = nodes.changed() => {}
                Ok(()) = policy.changed() => {}
                Ok(()) = writes.changed() => {}
                () = sleep(AGAIN), if trouble => {}
            }
            sleep(SETTLE).await;
        }
    }

    async fn write(&self, content: &Content) -> Result<(), ClusterError> {
        let Content { nodes, policy } = content;
        let data: BTreeMap<&str, &String> = [(NODES, nodes), (POLICY, policy)]
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.as_ref()?)))
            // Both have to fit: a ConfigMap holds 1 MiB.
            .filter(|(key, text)| *key != POLICY || text.len() < LARGEST_POLICY)
            .collect();
        let object = json!({
            "apiVersion": "v1",
            "kind": Kind::CONFIG_MAPS.name,
            "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": "slicegate"}},
            "data": data,
        });
        let place = self.place();
        let patched = self
            .cluster
            .patch(place, Patch::Merge, object.to_string(), DryRun::No);
        match patched.await {
            Err(error) if error.is_not_found() => {
                self.cluster
                    .create(place, object.to_string(), DryRun::No)
                    .await?
            }
            patched => patched?,
        };
        debug!("wrote what is to be remembered");
        Ok(())
    }

    fn place(&self) -> ObjectRef<'_> {
        Kind::CONFIG_MAPS.within(&self.namespace, NAME)
    }
}

fn content(text: &str) -> Content {
    #[derive(Deserialize)]
    struct ConfigMap {
        #[serde(default)]
        data: BTreeMap<String, String>,
    }
    match serde_json::from_str::<ConfigMap>(text) {
        Ok(mut map) => Content {
            nodes: map.data.remove(NODES),
            policy: map.data.remove(POLICY),
        },
        Err(problem) => {
            warn!(%problem, "what was remembered is no ConfigMap");
            Content::default()
        }
    }
}
