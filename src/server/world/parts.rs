//! The parts a world is made of: each is replaced or changed by itself, and only what depends on it is made anew.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::Part;
use super::nodes::Nodes;
use super::remembered::{Gone, Remembered};
use crate::config::fleet;
use crate::engine::supply::NodeView;
use crate::engine::{
    ClusterQuotaView, ClusterState, ExcludedNamespaces, NamespaceView, Namespaces, Policy,
    ProjectMetadata, QuotaView, RuntimeClasses, Supply,
};

/// A quota's namespace and name.
pub(in crate::server) type QuotaName = (String, String);

/// Something that is new about the world.
#[derive(Debug)]
pub(in crate::server) enum Change {
    /// Another policy.
    Policy(Box<Policy>),
    /// All nodes there are.
    AllNodes(Vec<NodeView>),
    /// A node as it is now.
    Node(Box<NodeView>),
    /// A node that is gone.
    NodeGone(String),
    /// All namespaces there are.
    AllNamespaces(HashMap<String, Space>),
    /// A namespace as it is now.
    Namespace(String, Box<Space>),
    /// A namespace that is gone.
    NamespaceGone(String),
    /// All quotas there are that count GPUs.
    AllQuotas(HashMap<QuotaName, QuotaView>),
    /// A quota as it is now; none where it counts no GPUs.
    Quota(QuotaName, Option<QuotaView>),
    /// All quotas over several namespaces that count GPUs, by their names.
    AllClusterQuotas(HashMap<String, ClusterQuotaView>),
    /// Such a quota as it is now; none where it counts no GPUs.
    ClusterQuota(String, Option<Box<ClusterQuotaView>>),
    /// The handlers of all RuntimeClasses there are.
    AllRuntimeClasses(BTreeMap<String, String>),
    /// A RuntimeClass's handler as it is now; none where the class is gone.
    RuntimeClass(String, Option<String>),
    /// Nodes that were gone before this process began.
    Remembered(Vec<Gone>),
}

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct Space {
    /// What its administrator said.
    pub(in crate::server) view: NamespaceView,
    /// What quotas over several namespaces select it by.
    pub(in crate::server) marks: ProjectMetadata,
}

/// All parts, as far as they are known.
#[derive(Debug)]
pub(in crate::server) struct Parts {
    policy: Option<Arc<Policy>>,
    nodes: Option<Nodes>,
    remembered: Remembered,
    namespaces: Option<HashMap<String, Space>>,
    quotas: Option<HashMap<QuotaName, QuotaView>>,
    /// Most clusters know no such kind, so nothing waits for them.
    cluster_quotas: HashMap<String, ClusterQuotaView>,
    handlers: Option<BTreeMap<String, String>>,
    /// Whether a namespace that is not among them may be too new to have been seen.
    is_watching_namespaces: bool,
    excluded_namespaces: ExcludedNamespaces,
    /// Made of what is above; none when that has changed since.
    supply: Option<Arc<Supply>>,
    known: Option<Arc<Namespaces>>,
    runtime_classes: Option<Arc<RuntimeClasses>>,
}

impl Parts {
    /// Nothing is known. Namespaces from a file are all there are, and hold their quotas themselves.
    pub(in crate::server) fn new(
        is_watching_namespaces: bool,
        excluded_namespaces: ExcludedNamespaces,
    ) -> Self {
        Self {
            policy: None,
            nodes: None,
            remembered: Remembered::default(),
            namespaces: None,
            quotas: (!is_watching_namespaces).then(HashMap::new),
            cluster_quotas: HashMap::new(),
            handlers: None,
            is_watching_namespaces,
            excluded_namespaces,
            supply: None,
            known: None,
            runtime_classes: None,
        }
    }

    /// What has to be known before anything can be judged.
    pub(in crate::server) fn missing(&self) -> Vec<Part> {
        let is_there = |part: &Part| match part {
            Part::Policy => self.policy.is_some(),
            Part::Nodes => self.nodes.is_some(),
            Part::Namespaces => self.namespaces.is_some(),
            Part::Quotas => self.quotas.is_some(),
            Part::RuntimeClasses => self.handlers.is_some(),
        };
        Part::ALL.into_iter().filter(|p| !is_there(p)).collect()
    }

    /// Takes in what is new; which part that is, if it really is. `now` is in seconds since 1970.
    pub(in crate::server) fn apply(&mut self, change: Change, now: u64) -> Option<Part> {
        let (part, is_news) = match change {
            Change::Policy(policy) => (Part::Policy, self.set_policy(*policy)),
            Change::AllNodes(nodes) => (Part::Nodes, self.set_nodes(nodes, now)),
            Change::Node(node) => (Part::Nodes, self.put_node(*node)),
            Change::NodeGone(name) => (Part::Nodes, self.remove_node(&name, now)),
            Change::AllNamespaces(all) => (Part::Namespaces, replace(&mut self.namespaces, all)),
            Change::Namespace(name, space) => (Part::Namespaces, self.put_namespace(name, *space)),
            Change::NamespaceGone(name) => {
                let namespaces = self.namespaces.as_mut();
                let was_there = namespaces.is_some_and(|n| n.remove(&name).is_some());
                (Part::Namespaces, was_there)
            }
            Change::AllQuotas(all) => (Part::Quotas, replace(&mut self.quotas, all)),
            Change::Quota(name, Some(view)) => (Part::Quotas, put(&mut self.quotas, name, view)),
            Change::Quota(name, None) => {
                let quotas = self.quotas.as_mut();
                (
                    Part::Quotas,
                    quotas.is_some_and(|q| q.remove(&name).is_some()),
                )
            }
            Change::AllClusterQuotas(all) => {
                let is_news = self.cluster_quotas != all;
                self.cluster_quotas = all;
                (Part::Quotas, is_news)
            }
            Change::ClusterQuota(name, quota) => {
                let before = match quota.clone() {
                    Some(quota) => self.cluster_quotas.insert(name, *quota),
                    None => self.cluster_quotas.remove(&name),
                };
                (Part::Quotas, before != quota.map(|quota| *quota))
            }
            Change::AllRuntimeClasses(all) => {
                let is_news = self.handlers.as_ref() != Some(&all);
                self.handlers = Some(all);
                (Part::RuntimeClasses, is_news)
            }
            Change::RuntimeClass(name, handler) => (
                Part::RuntimeClasses,
                self.set_runtime_class(name, handler.as_deref()),
            ),
            Change::Remembered(gone) => (Part::Nodes, self.remember(gone)),
        };
        if is_news {
            match part {
                Part::Policy | Part::Nodes => self.supply = None,
                Part::Namespaces | Part::Quotas => self.known = None,
                Part::RuntimeClasses => self.runtime_classes = None,
            }
        }
        is_news.then_some(part)
    }

    /// Forgets nodes that have been gone for long; whether there were any.
    pub(in crate::server) fn forget(&mut self, now: u64) -> bool {
        let Some(policy) = &self.policy else {
            return false;
        };
        let remember = Duration::from_secs(policy.supply.remember_seconds);
        let forgotten = self.remembered.forget(remember, now);
        if forgotten {
            self.supply = None;
        }
        forgotten
    }

    /// The nodes that are gone and still count.
    pub(in crate::server) fn remembered(&self) -> Vec<Gone> {
        self.remembered.all()
    }

    /// The world as it is now, if every part is known.
    pub(in crate::server) fn world(&mut self) -> Option<ClusterState> {
        let policy = Arc::clone(self.policy.as_ref()?);
        let supply = match &self.supply {
            Some(supply) => Arc::clone(supply),
            None => {
                let nodes = self.nodes.as_ref()?.views().chain(self.remembered.nodes());
                let supply = Arc::new(fleet::supply(nodes, &policy));
                Arc::clone(self.supply.insert(supply))
            }
        };
        let namespaces = match &self.known {
            Some(known) => Arc::clone(known),
            None => {
                let known = Arc::new(self.namespaces()?);
                Arc::clone(self.known.insert(known))
            }
        };
        let runtime_classes = match &self.runtime_classes {
            Some(classes) => Arc::clone(classes),
            None => {
                let classes = Arc::new(RuntimeClasses::known(self.handlers.clone()?));
                Arc::clone(self.runtime_classes.insert(classes))
            }
        };
        Some(ClusterState {
            policy,
            supply,
            namespaces,
            runtime_classes,
        })
    }

    fn namespaces(&self) -> Option<Namespaces> {
        let spaces = self.namespaces.as_ref()?;
        let view =
            |(name, space): (&String, &Space)| (name.clone(), self.with_cluster_quotas(space));
        let mut views: HashMap<String, NamespaceView> = spaces.iter().map(view).collect();
        for ((namespace, _), quota) in self.quotas.as_ref()? {
            if let Some(view) = views.get_mut(namespace) {
                view.quotas.push(quota.clone());
            }
        }
        let namespaces = match self.is_watching_namespaces {
            true => Namespaces::watched(views),
            false => Namespaces::known(views),
        };
        Some(namespaces.with_excluded_namespaces(self.excluded_namespaces.clone()))
    }

    fn with_cluster_quotas(&self, space: &Space) -> NamespaceView {
        let mut view = space.view.clone();
        let quotas = self.cluster_quotas.values();
        let selecting = quotas.filter(|quota| quota.selects(&space.marks));
        view.quotas
            .extend(selecting.map(|quota| quota.quota.clone()));
        view
    }

    /// Labels and annotations of others change often, and mean something only where a quota selects by them.
    fn put_namespace(&mut self, name: String, space: Space) -> bool {
        let Some(known) = &mut self.namespaces else {
            return false;
        };
        let view = space.view.clone();
        let before = known.insert(name, space.clone());
        match self.cluster_quotas.is_empty() {
            true => before.is_none_or(|before| before.view != view),
            false => before != Some(space),
        }
    }

    fn set_policy(&mut self, policy: Policy) -> bool {
        let is_same = self.policy.as_ref().is_some_and(|p| **p == policy);
        if !is_same {
            self.policy = Some(Arc::new(policy));
        }
        !is_same
    }

    fn set_runtime_class(&mut self, name: String, handler: Option<&str>) -> bool {
        let Some(known) = &mut self.handlers else {
            return false;
        };
        let before = match handler {
            Some(handler) => known.insert(name, handler.to_owned()),
            None => known.remove(&name),
        };
        before.as_deref() != handler
    }

    fn set_nodes(&mut self, all: Vec<NodeView>, now: u64) -> bool {
        let is_first = self.nodes.is_none();
        let there: HashSet<&str> = all.iter().map(|node| node.name.as_str()).collect();
        let known = self.nodes.iter().flat_map(Nodes::names);
        let gone: Vec<String> = known
            .filter(|name| !there.contains(name.as_str()))
            .cloned()
            .collect();
        self.nodes.get_or_insert_default();
        let mut is_news = is_first || !gone.is_empty();
        for name in gone {
            self.remove_node(&name, now);
        }
        for node in all {
            is_news |= self.put_node(node);
        }
        is_news
    }

    fn put_node(&mut self, node: NodeView) -> bool {
        let Some(nodes) = &mut self.nodes else {
            return false;
        };
        let was_gone = self.remembered.is_back(&node.name);
        nodes.put(node) || was_gone
    }

    fn remove_node(&mut self, name: &str, now: u64) -> bool {
        let removed = self.nodes.as_mut().and_then(|nodes| nodes.remove(name));
        let was_there = removed.is_some();
        if let Some(node) = removed {
            self.remembered.gone(node, now);
        }
        was_there
    }

    /// What is there now is not gone, whatever anybody remembers.
    fn remember(&mut self, gone: Vec<Gone>) -> bool {
        let there: HashSet<String> = self.nodes.iter().flat_map(Nodes::names).cloned().collect();
        let mut is_news = false;
        for gone in gone.into_iter().filter(|g| !there.contains(&g.node.name)) {
            self.remembered.gone(gone.node, gone.since);
            is_news = true;
        }
        is_news
    }
}

fn replace<T: PartialEq>(part: &mut Option<T>, new: T) -> bool {
    let is_news = part.as_ref() != Some(&new);
    *part = Some(new);
    is_news
}

fn put<K: Eq + std::hash::Hash, T: PartialEq>(
    part: &mut Option<HashMap<K, T>>,
    key: K,
    new: T,
) -> bool {
    let Some(known) = part else {
        return false;
    };
    let is_news = known.get(&key) != Some(&new);
    known.insert(key, new);
    is_news
}

#[cfg(test)]
mod tests;
