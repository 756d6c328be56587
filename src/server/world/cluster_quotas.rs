//! OpenShift's ClusterResourceQuotas as they are and as they change; most clusters do not know that kind.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use tracing::warn;

use super::parts::Change;
use super::watches::Watches;
use crate::cluster::{Heartbeat, Kind, WatchEvent};
use crate::engine::ClusterQuotaView;
use crate::facts::ClusterResourceQuota;

/// How long a cluster is left alone that does not know the kind, or lets nobody see it.
const RARELY: Duration = Duration::from_secs(300);

/// A quota's name, and what it says of GPUs.
type Named = (String, Option<ClusterQuotaView>);

impl Watches {
    /// Quotas over several namespaces, for ever. Nothing waits for them, because there may be no such kind.
    pub(in crate::server) async fn cluster_quotas(self) {
        let heartbeat = Heartbeat::new();
        let events = self
            .cluster
            .watch(Kind::CLUSTER_QUOTAS, None, None, &heartbeat);
        let Ok(events) = events else { return };
        let mut events = pin!(events);
        // Set while everything there is comes one by one.
        let mut all: Option<HashMap<String, ClusterQuotaView>> = None;
        while let Some(event) = events.next().await {
            let change = match event {
                WatchEvent::ListBegin => {
                    all = Some(HashMap::new());
                    None
                }
                WatchEvent::ListEnd => all.take().map(Change::AllClusterQuotas),
                WatchEvent::Failed(problem) => {
                    if problem.is_not_found() || problem.is_forbidden() {
                        tokio::time::sleep(RARELY).await;
                    }
                    None
                }
                WatchEvent::Deleted(text) => {
                    read(&text).map(|(name, _)| Change::ClusterQuota(name, None))
                }
                WatchEvent::Applied(text) => match (read(&text), &mut all) {
                    (Some((name, quota)), Some(all)) => {
                        all.extend(quota.map(|quota| (name, quota)));
                        None
                    }
                    (quota, _) => {
                        quota.map(|(name, quota)| Change::ClusterQuota(name, quota.map(Box::new)))
                    }
                },
            };
            if let Some(change) = change {
                self.send(change).await;
            }
        }
    }
}

/// One that cannot be read is passed over: the others still count.
fn read(text: &str) -> Option<Named> {
    let quota: Result<ClusterResourceQuota<'_>, _> = serde_json::from_str(text);
    match quota {
        Ok(quota) => Some((
            quota.metadata.name.to_string(),
            ClusterQuotaView::of(&quota),
        )),
        Err(problem) => {
            warn!(%problem, "a ClusterResourceQuota of the API server cannot be read and is passed over");
            None
        }
    }
}
