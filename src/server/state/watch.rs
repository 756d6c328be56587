//! Nodes, namespaces, quotas and RuntimeClasses from the cluster.

use std::collections::BTreeMap;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{info, warn};

use super::node_records;
use super::part::StatePart;
use super::update::{StateUpdate, Update, WatchedNamespace};
use crate::cluster::{Cluster, ClusterError, Heartbeat, Kind, WatchEvent};
use crate::engine::supply::NodeView;
use crate::engine::{ClusterQuotaView, NamespaceView, ProjectMetadata, QuotaView};
use crate::facts::{ClusterResourceQuota, Namespace, Node, ResourceQuota, RuntimeClass};
use crate::server::log::LastProblem;
use crate::server::shared::Shared;

/// The pause if the cluster does not know ClusterResourceQuotas, or slicegate may not read them.
const UNKNOWN_KIND: Duration = Duration::from_secs(300);

/// Reads an object: its name, and its value unless the object is irrelevant.
pub type ReadObject<K, V> = fn(&str) -> Result<(K, Option<V>), serde_json::Error>;

/// Watches that send the changes of a cluster as updates.
#[derive(Clone)]
pub struct StateWatch {
    pub cluster: Cluster,
    pub updates: mpsc::Sender<StateUpdate>,
    pub shared: Arc<Shared>,
}

impl StateWatch {
    /// Watches nodes and RuntimeClasses. Ends only if the connection cannot be prepared.
    pub async fn nodes(self) {
        let nodes: ReadObject<String, NodeView> = |text| {
            let node = NodeView::of_node(&serde_json::from_str::<Node<'_>>(text)?);
            Ok((node.name.clone(), Some(node)))
        };
        let classes: ReadObject<String, String> = |text| {
            let class: RuntimeClass<'_> = serde_json::from_str(text)?;
            let name = class.metadata.name.to_string();
            Ok((name, Some(class.handler.to_string())))
        };
        let nodes = self.follow(StatePart::Nodes, Kind::NODES, nodes, StateUpdate::Nodes);
        let (part, kind) = (StatePart::RuntimeClasses, Kind::RUNTIME_CLASSES);
        let classes = self.follow(part, kind, classes, StateUpdate::RuntimeClasses);
        tokio::select! {
            () = nodes => {}
            () = classes => {}
        }
    }

    /// Watches namespaces and their quotas. Ends only if the connection cannot be prepared.
    pub async fn namespaces(self) {
        let namespaces: ReadObject<String, WatchedNamespace> = |text| {
            let namespace: Namespace<'_> = serde_json::from_str(text)?;
            let watched = WatchedNamespace {
                view: NamespaceView::of(&namespace),
                metadata: ProjectMetadata::of(&namespace),
            };
            Ok((namespace.metadata.name.to_string(), Some(watched)))
        };
        let quotas: ReadObject<(String, String), QuotaView> = |text| {
            let quota: ResourceQuota<'_> = serde_json::from_str(text)?;
            let metadata = &quota.metadata;
            let name = (metadata.namespace.to_string(), metadata.name.to_string());
            Ok((name, QuotaView::of(&quota)))
        };
        let kind = Kind::NAMESPACES;
        tokio::select! {
            () = self.follow(StatePart::Namespaces, kind, namespaces, StateUpdate::Namespaces) => {}
            () = self.follow(StatePart::Quotas, Kind::QUOTAS, quotas, StateUpdate::Quotas) => {}
            () = self.cluster_quotas() => {}
        }
    }

    /// Watches OpenShift's quotas over several namespaces. Nothing waits for them, because most clusters do not know
    /// the kind.
    async fn cluster_quotas(&self) {
        let kind = Kind::CLUSTER_QUOTAS;
        let Ok(events) = self.cluster.watch(kind, None, None, &Heartbeat::new()) else {
            return;
        };
        let mut updates = pin!(updates(events, kind, |text| {
            let quota: ClusterResourceQuota<'_> = serde_json::from_str(text)?;
            Ok((
                quota.metadata.name.to_string(),
                ClusterQuotaView::of(&quota),
            ))
        }));
        while let Some(update) = updates.next().await {
            match update {
                Ok(update) => self.send(StateUpdate::ClusterQuotas(update)).await,
                Err(problem) if problem.is_not_found() || problem.is_forbidden() => {
                    sleep(UNKNOWN_KIND).await;
                }
                Err(_) => {}
            }
        }
    }

    async fn follow<K: Ord, V>(
        &self,
        part: StatePart,
        kind: Kind,
        read: ReadObject<K, V>,
        update: fn(Update<K, V>) -> StateUpdate,
    ) {
        let Some(updates) = self.updates(part, kind, read) else {
            return;
        };
        let mut updates = pin!(updates);
        let mut last_problem = LastProblem::default();
        while let Some(updated) = updates.next().await {
            log_watch(part, &mut last_problem, updated.as_ref().err());
            if let Ok(updated) = updated {
                self.send(update(updated)).await;
            }
        }
    }

    /// The updates of a kind; none if the connection cannot be prepared.
    pub fn updates<K: Ord, V>(
        &self,
        part: StatePart,
        kind: Kind,
        read: ReadObject<K, V>,
    ) -> Option<impl Stream<Item = Result<Update<K, V>, ClusterError>> + use<K, V>> {
        let heartbeat = Heartbeat::new();
        match self.cluster.watch(kind, None, None, &heartbeat) {
            Ok(events) => {
                self.shared.metrics.observe(part, heartbeat);
                Some(updates(events, kind, read))
            }
            Err(problem) => {
                warn!(%problem, "the {} cannot be watched", part.word());
                None
            }
        }
    }

    /// Adds the nodes in the records of earlier processes, as JSON.
    pub async fn remember(&self, nodes: Option<&str>) {
        match nodes.map_or(Ok(Vec::new()), node_records::read) {
            Ok(nodes) => self.send(StateUpdate::DeletedNodes(nodes)).await,
            Err(problem) => warn!(%problem, "the nodes that were remembered cannot be read"),
        }
    }

    pub async fn send(&self, update: StateUpdate) {
        // The receiver ends only with the server.
        let _ = self.updates.send(update).await;
    }
}

/// Logs the first of several equal problems of a watch, and their end.
pub fn log_watch(part: StatePart, last_problem: &mut LastProblem, problem: Option<&ClusterError>) {
    let part = part.word();
    match problem {
        Some(problem) if last_problem.is_new(problem) => {
            warn!(%problem, "the {part} cannot be watched; what is known stays in force");
        }
        None if last_problem.clear() => info!("the {part} are watched again"),
        _ => {}
    }
}

/// The events of a watch as updates. An object that cannot be read is skipped, so that the others count.
fn updates<K: Ord, V>(
    events: impl Stream<Item = WatchEvent>,
    kind: Kind,
    read: ReadObject<K, V>,
) -> impl Stream<Item = Result<Update<K, V>, ClusterError>> {
    let read = move |text: &str| {
        let object = read(text);
        if let Err(problem) = &object {
            let kind = kind.name;
            warn!(%problem, "a {kind} of the API server cannot be read and is passed over");
        }
        object.ok()
    };
    // The list that is being received.
    let mut list: Option<BTreeMap<K, V>> = None;
    events.filter_map(move |event| {
        ready(match event {
            WatchEvent::ListBegin => {
                list = Some(BTreeMap::new());
                None
            }
            WatchEvent::ListEnd => list.take().map(|all| Ok(Update::All(all))),
            WatchEvent::Failed(problem) => Some(Err(problem)),
            WatchEvent::Deleted(text) => read(&text).map(|(name, _)| Ok(Update::One(name, None))),
            WatchEvent::Applied(text) => read(&text).and_then(|(name, object)| {
                let Some(list) = &mut list else {
                    return Some(Ok(Update::One(name, object)));
                };
                list.extend(object.map(|object| (name, object)));
                None
            }),
        })
    })
}
