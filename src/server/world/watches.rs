//! Policy, nodes, namespaces, quotas and RuntimeClasses from the cluster, as they are and as they change.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _};
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use super::Part;
use super::parts::{Change, QuotaName, Space};
use super::policies;
use super::records;
use crate::cluster::{Cluster, ClusterError, Heartbeat, Kind, WatchEvent};
use crate::controllers::SHARING_POLICIES;
use crate::engine::supply::NodeView;
use crate::engine::{NamespaceView, ProjectMetadata, QuotaView};
use crate::facts::{Namespace, Node, ResourceQuota, RuntimeClass};
use crate::server::shared::Shared;

/// What is made known of the policies.
pub(in crate::server) struct Policies {
    /// All of them, each as JSON.
    pub(in crate::server) seen: watch::Sender<Vec<String>>,
    /// The last good one, as text; none before there is one.
    pub(in crate::server) good: watch::Sender<Option<String>>,
}

/// Watches of one cluster.
pub(in crate::server) struct Watches {
    /// The cluster.
    pub(in crate::server) cluster: Cluster,
    /// Who takes in what is new.
    pub(in crate::server) changes: mpsc::Sender<Change>,
    /// Whose metrics tell how old everything is.
    pub(in crate::server) shared: Arc<Shared>,
}

impl Watches {
    /// Nodes, for ever.
    pub(in crate::server) async fn nodes(self) {
        let kind = Following {
            part: Part::Nodes,
            kind: Kind::NODES,
            read: |text| {
                let node: Node<'_> = serde_json::from_str(text)?;
                Ok(NodeView::of_node(&node))
            },
            all: Change::AllNodes,
            is: |node| Change::Node(Box::new(node)),
            gone: |node| Change::NodeGone(node.name),
        };
        self.follow(kind).await;
    }

    /// Namespaces, for ever.
    pub(in crate::server) async fn namespaces(self) {
        let kind = Following {
            part: Part::Namespaces,
            kind: Kind::NAMESPACES,
            read: |text| {
                let namespace: Namespace<'_> = serde_json::from_str(text)?;
                let name = namespace.metadata.name.to_string();
                let space = Space {
                    view: NamespaceView::of(&namespace),
                    marks: ProjectMetadata::of(&namespace),
                };
                Ok((name, space))
            },
            all: |all| Change::AllNamespaces(all.into_iter().collect()),
            is: |(name, space)| Change::Namespace(name, Box::new(space)),
            gone: |(name, _)| Change::NamespaceGone(name),
        };
        self.follow(kind).await;
    }

    /// Quotas, for ever.
    pub(in crate::server) async fn quotas(self) {
        let kind = Following {
            part: Part::Quotas,
            kind: Kind::QUOTAS,
            read: |text| {
                let quota: ResourceQuota<'_> = serde_json::from_str(text)?;
                let metadata = &quota.metadata;
                let name = (metadata.namespace.to_string(), metadata.name.to_string());
                Ok((name, QuotaView::of(&quota)))
            },
            all: |all: Vec<(QuotaName, Option<QuotaView>)>| {
                let counting = all.into_iter();
                let counting = counting.filter_map(|(name, view)| Some((name, view?)));
                Change::AllQuotas(counting.collect::<HashMap<_, _>>())
            },
            is: |(name, view)| Change::Quota(name, view),
            gone: |(name, _)| Change::Quota(name, None),
        };
        self.follow(kind).await;
    }

    /// RuntimeClasses, for ever.
    pub(in crate::server) async fn runtime_classes(self) {
        let kind = Following {
            part: Part::RuntimeClasses,
            kind: Kind::RUNTIME_CLASSES,
            read: |text| {
                let class: RuntimeClass<'_> = serde_json::from_str(text)?;
                Ok((class.metadata.name.to_string(), class.handler.to_string()))
            },
            all: |all| Change::AllRuntimeClasses(all.into_iter().collect()),
            is: |(name, handler)| Change::RuntimeClass(name, Some(handler)),
            gone: |(name, _)| Change::RuntimeClass(name, None),
        };
        self.follow(kind).await;
    }

    /// What predecessors left, taken in before the nodes are there, as JSON.
    pub(in crate::server) async fn remember(&self, nodes: Option<&str>) {
        match nodes.map(records::read).transpose() {
            Ok(gone) => {
                self.send(Change::Remembered(gone.unwrap_or_default()))
                    .await
            }
            Err(problem) => warn!(%problem, "the nodes that were remembered cannot be read"),
        }
    }

    /// The policy, for ever. `last_good` is one that was in force before this process began, as JSON.
    pub(in crate::server) async fn policy(self, last_good: Option<String>, told: Policies) {
        let Some(events) = self.events(Part::Policy, SHARING_POLICIES) else {
            return;
        };
        let mut events = pin!(events);
        let mut said = Said::default();
        let mut following = FollowingPolicies::new(last_good);
        while let Some(event) = events.next().await {
            let is_new = match event {
                WatchEvent::Failed(error) if error.is_not_found() && following.is_new() => {
                    let has_none = self.cluster.is_api_server().await;
                    if has_none && said.once("the cluster does not know SharingPolicies") {
                        info!(
                            "the cluster does not know SharingPolicies; the built-in policy counts until it does"
                        );
                    }
                    has_none
                }
                WatchEvent::Failed(error) => {
                    said.failed(&error, Part::Policy);
                    false
                }
                event => {
                    said.works(Part::Policy);
                    following.takes(event)
                }
            };
            if is_new {
                told.seen.send_replace(following.policies.all());
                self.put_in_force(&mut following, &told).await;
            }
        }
    }

    async fn put_in_force(&self, following: &mut FollowingPolicies, told: &Policies) {
        let change = match following.policies.in_force() {
            Ok(policy) => {
                told.good.send_replace(Some(following.policies.essence()));
                following.refused = None;
                policy
            }
            Err(problem) => {
                if following.refuses() {
                    self.shared.metrics.policy_reload(false);
                    warn!(%problem, "the policy was not taken, the one before stays in force");
                }
                // A process that begins has none before but the one that its predecessors left.
                let Some(text) = following.last_good.take() else {
                    return;
                };
                let Ok(policy) = policies::read(&text) else {
                    return;
                };
                info!(policy_hash = %policy.hash, "the last policy that was good is in force");
                told.good.send_replace(Some(text));
                policy
            }
        };
        following.last_good = None;
        self.send(Change::Policy(Box::new(change))).await;
    }

    async fn follow<T>(self, following: Following<T>) {
        let part = following.part;
        let Some(events) = self.events(part, following.kind) else {
            return;
        };
        let mut events = pin!(events);
        let mut said = Said::default();
        // Set while everything there is comes one by one.
        let mut all: Option<Vec<T>> = None;
        while let Some(event) = events.next().await {
            let change = match event {
                WatchEvent::Failed(error) => {
                    said.failed(&error, part);
                    continue;
                }
                WatchEvent::ListBegin => {
                    all = Some(Vec::new());
                    continue;
                }
                WatchEvent::ListEnd => all.take().map(following.all),
                WatchEvent::Applied(text) => {
                    following.object(&text).and_then(|object| match &mut all {
                        Some(all) => {
                            all.push(object);
                            None
                        }
                        None => Some((following.is)(object)),
                    })
                }
                WatchEvent::Deleted(text) => following.object(&text).map(following.gone),
            };
            said.works(part);
            if let Some(change) = change {
                self.send(change).await;
            }
        }
    }

    fn events(&self, part: Part, kind: Kind) -> Option<impl Stream<Item = WatchEvent> + use<>> {
        let heartbeat = Heartbeat::new();
        match self.cluster.watch(kind, None, None, &heartbeat) {
            Ok(events) => {
                self.shared.metrics.lives(part, heartbeat);
                Some(events)
            }
            Err(problem) => {
                warn!(%problem, "the {} cannot be watched", part.word());
                None
            }
        }
    }

    pub(super) async fn send(&self, change: Change) {
        // Whoever takes it in ends only with the server.
        let _ = self.changes.send(change).await;
    }
}

/// How the objects of a kind become changes.
struct Following<T> {
    part: Part,
    kind: Kind,
    read: fn(&str) -> Result<T, serde_json::Error>,
    all: fn(Vec<T>) -> Change,
    is: fn(T) -> Change,
    gone: fn(T) -> Change,
}

impl<T> Following<T> {
    /// One that cannot be read is passed over: the others still count.
    fn object(&self, text: &str) -> Option<T> {
        let object = (self.read)(text);
        if let Err(problem) = &object {
            let kind = self.kind.name;
            warn!(%problem, "a {kind} of the API server cannot be read and is passed over");
        }
        object.ok()
    }
}

/// The policies, and whether all of them were seen.
struct FollowingPolicies {
    policies: policies::Policies,
    coming: Option<policies::Policies>,
    last_good: Option<String>,
    /// What the policy says that was refused last.
    refused: Option<String>,
    /// Whether all of them were ever seen.
    seen: bool,
}

impl FollowingPolicies {
    fn new(last_good: Option<String>) -> Self {
        Self {
            policies: policies::Policies::default(),
            coming: None,
            last_good,
            refused: None,
            seen: false,
        }
    }

    /// Whether it is known anew which policies there are.
    fn takes(&mut self, event: WatchEvent) -> bool {
        let is_listing = self.coming.is_some();
        let policies = self.coming.as_mut().unwrap_or(&mut self.policies);
        let taken = match event {
            WatchEvent::ListBegin => {
                self.coming = Some(policies::Policies::default());
                return false;
            }
            WatchEvent::ListEnd => {
                self.policies = self.coming.take().unwrap_or_default();
                self.seen = true;
                return true;
            }
            WatchEvent::Applied(text) => policies.put(text),
            WatchEvent::Deleted(text) => policies.remove(&text),
            WatchEvent::Failed(_) => return false,
        };
        if let Err(problem) = &taken {
            warn!(%problem, "a SharingPolicy of the API server cannot be read and is passed over");
        }
        taken.is_ok() && !is_listing
    }

    /// Whether nothing is known of them yet. Later on a 404 may be anybody's who answers in the API server's place, and
    /// what is known stays: policies that go are said to be gone one by one.
    fn is_new(&self) -> bool {
        !self.seen
    }

    /// Whether this is refused for the first time; slicegate's own word in its status is nothing new.
    fn refuses(&mut self) -> bool {
        let now = Some(self.policies.essence());
        std::mem::replace(&mut self.refused, now.clone()) != now
    }
}

/// What was said about a watch, so that it is not said again at every try.
#[derive(Default)]
struct Said(Option<String>);

impl Said {
    fn failed(&mut self, error: &ClusterError, part: Part) {
        let text = error.to_string();
        if self.once(&text) {
            warn!(problem = %text, "the {} cannot be watched; what is known stays in force", part.word());
        }
    }

    /// Whether this was not what was said last.
    fn once(&mut self, text: &str) -> bool {
        let is_new = self.0.as_deref() != Some(text);
        self.0 = Some(text.to_owned());
        is_new
    }

    fn works(&mut self, part: Part) {
        if self.0.take().is_some() {
            info!("the {} are watched again", part.word());
        }
    }
}
