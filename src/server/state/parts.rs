//! The parts of the cluster's state: each changes by itself, and only what depends on it is made again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::deleted_nodes::{DeletedNode, DeletedNodes};
use super::nodes::Nodes;
use super::part::StatePart;
use super::update::{StateUpdate, Update, WatchedNamespace};
use crate::config::fleet;
use crate::engine::supply::NodeView;
use crate::engine::{
    ClusterQuotaView, ClusterState, ExcludedNamespaces, NamespaceView, Namespaces, Policy,
    QuotaView, RuntimeClasses, Supply,
};

/// All parts, as far as they are known.
#[derive(Debug)]
pub struct Parts {
    policy: Option<Arc<Policy>>,
    nodes: Option<Nodes>,
    deleted_nodes: DeletedNodes,
    namespaces: Option<BTreeMap<String, WatchedNamespace>>,
    quotas: Option<BTreeMap<(String, String), QuotaView>>,
    /// Most clusters do not know the kind, so nothing waits for them.
    cluster_quotas: Option<BTreeMap<String, ClusterQuotaView>>,
    runtime_classes: Option<BTreeMap<String, String>>,
    /// Whether a namespace that is not among them may be too new for the watch.
    is_watching_namespaces: bool,
    excluded_namespaces: ExcludedNamespaces,
    /// Made of the policy and the nodes, unless they changed since.
    supply: Option<Arc<Supply>>,
    /// Made of the namespaces and the quotas, unless they changed since.
    namespace_views: Option<Arc<Namespaces>>,
}

impl Parts {
    /// Nothing is known yet. A file of namespaces is complete and holds their quotas.
    pub fn new(is_watching_namespaces: bool, excluded_namespaces: ExcludedNamespaces) -> Self {
        Self {
            policy: None,
            nodes: None,
            deleted_nodes: DeletedNodes::default(),
            namespaces: None,
            quotas: (!is_watching_namespaces).then(BTreeMap::new),
            cluster_quotas: Some(BTreeMap::new()),
            runtime_classes: None,
            is_watching_namespaces,
            excluded_namespaces,
            supply: None,
            namespace_views: None,
        }
    }

    /// The parts without which there is no state.
    pub fn missing(&self) -> Vec<StatePart> {
        let is_missing = |part: &StatePart| match part {
            StatePart::Policy => self.policy.is_none(),
            StatePart::Nodes => self.nodes.is_none(),
            StatePart::Namespaces => self.namespaces.is_none(),
            StatePart::Quotas => self.quotas.is_none(),
            StatePart::RuntimeClasses => self.runtime_classes.is_none(),
        };
        StatePart::ALL.into_iter().filter(is_missing).collect()
    }

    /// Applies an update. Returns the part that it changed. `now` is in seconds since 1970.
    pub fn apply(&mut self, update: StateUpdate, now: u64) -> Option<StatePart> {
        let (part, has_changed) = match update {
            StateUpdate::Policy(policy) => {
                let policy = Some(Arc::new(*policy));
                let has_changed = self.policy != policy;
                self.policy = policy;
                (StatePart::Policy, has_changed)
            }
            StateUpdate::Nodes(nodes) => (StatePart::Nodes, self.apply_nodes(nodes, now)),
            StateUpdate::DeletedNodes(nodes) => (StatePart::Nodes, self.remember(nodes)),
            StateUpdate::Namespaces(namespaces) => {
                // Labels and annotations change often, and matter only if quotas select by them.
                let has_quotas = self.cluster_quotas.as_ref().is_some_and(|q| !q.is_empty());
                let is_same = |old: &WatchedNamespace, new: &WatchedNamespace| {
                    old.view == new.view && (!has_quotas || old.metadata == new.metadata)
                };
                let has_changed = namespaces.apply(&mut self.namespaces, is_same);
                (StatePart::Namespaces, has_changed)
            }
            StateUpdate::Quotas(quotas) => {
                let has_changed = quotas.apply(&mut self.quotas, PartialEq::eq);
                (StatePart::Quotas, has_changed)
            }
            StateUpdate::ClusterQuotas(quotas) => {
                let has_changed = quotas.apply(&mut self.cluster_quotas, PartialEq::eq);
                (StatePart::Quotas, has_changed)
            }
            StateUpdate::RuntimeClasses(classes) => {
                let has_changed = classes.apply(&mut self.runtime_classes, PartialEq::eq);
                (StatePart::RuntimeClasses, has_changed)
            }
        };
        if !has_changed {
            return None;
        }
        match part {
            StatePart::Policy | StatePart::Nodes => self.supply = None,
            StatePart::Namespaces | StatePart::Quotas => self.namespace_views = None,
            StatePart::RuntimeClasses => {}
        }
        Some(part)
    }

    /// Forgets nodes that were deleted long ago. Returns whether there were any.
    pub fn forget(&mut self, now: u64) -> bool {
        let Some(policy) = &self.policy else {
            return false;
        };
        let remember = Duration::from_secs(policy.supply.remember_seconds);
        let forgotten = self.deleted_nodes.forget(remember, now);
        if forgotten {
            self.supply = None;
        }
        forgotten
    }

    /// The deleted nodes that still count.
    pub fn deleted_nodes(&self) -> Vec<DeletedNode> {
        self.deleted_nodes.all()
    }

    /// The present state, if every part is known.
    pub fn state(&mut self) -> Option<ClusterState> {
        let policy = Arc::clone(self.policy.as_ref()?);
        let runtime_classes = RuntimeClasses::known(self.runtime_classes.clone()?);
        if self.supply.is_none() {
            let nodes = self.nodes.as_ref()?.views();
            let supply = fleet::supply(nodes.chain(self.deleted_nodes.views()), &policy);
            self.supply = Some(Arc::new(supply));
        }
        if self.namespace_views.is_none() {
            self.namespace_views = Some(Arc::new(self.namespaces()?));
        }
        Some(ClusterState {
            policy,
            supply: self.supply.clone()?,
            namespaces: self.namespace_views.clone()?,
            runtime_classes: runtime_classes.into(),
        })
    }

    fn namespaces(&self) -> Option<Namespaces> {
        let mut views: HashMap<String, NamespaceView> = HashMap::new();
        for (name, namespace) in self.namespaces.as_ref()? {
            let mut view = namespace.view.clone();
            let quotas = self.cluster_quotas.iter().flat_map(BTreeMap::values);
            let selecting = quotas.filter(|quota| quota.selects(&namespace.metadata));
            view.quotas
                .extend(selecting.map(|quota| quota.quota.clone()));
            views.insert(name.clone(), view);
        }
        for ((namespace, _), quota) in self.quotas.as_ref()? {
            if let Some(view) = views.get_mut(namespace) {
                view.quotas.push(quota.clone());
            }
        }
        let namespaces = if self.is_watching_namespaces {
            Namespaces::watched(views)
        } else {
            Namespaces::known(views)
        };
        Some(namespaces.with_excluded_namespaces(self.excluded_namespaces.clone()))
    }

    fn apply_nodes(&mut self, update: Update<String, NodeView>, now: u64) -> bool {
        let all = match update {
            Update::All(all) => all,
            Update::One(_, Some(node)) => return self.put_node(node),
            Update::One(name, None) => return self.delete_node(&name, now),
        };
        let mut has_changed = self.nodes.is_none();
        let names = self.nodes.get_or_insert_default().names();
        let deleted: Vec<String> = names.filter(|n| !all.contains_key(*n)).cloned().collect();
        for name in deleted {
            has_changed |= self.delete_node(&name, now);
        }
        for node in all.into_values() {
            has_changed |= self.put_node(node);
        }
        has_changed
    }

    fn put_node(&mut self, node: NodeView) -> bool {
        let Some(nodes) = &mut self.nodes else {
            return false;
        };
        let was_deleted = self.deleted_nodes.remove(&node.name);
        nodes.put(node) || was_deleted
    }

    fn delete_node(&mut self, name: &str, now: u64) -> bool {
        let Some(node) = self.nodes.as_mut().and_then(|nodes| nodes.remove(name)) else {
            return false;
        };
        self.deleted_nodes.add(DeletedNode { node, since: now });
        true
    }

    /// Remembers deleted nodes, unless they exist again.
    fn remember(&mut self, mut deleted: Vec<DeletedNode>) -> bool {
        let nodes = self.nodes.as_ref();
        deleted.retain(|d| !nodes.is_some_and(|nodes| nodes.contains(&d.node.name)));
        let has_changed = !deleted.is_empty();
        for node in deleted {
            self.deleted_nodes.add(node);
        }
        has_changed
    }
}

#[cfg(test)]
mod tests;
