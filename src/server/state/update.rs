//! Updates of the objects that the state is made of.

use std::collections::BTreeMap;

use super::deleted_nodes::DeletedNode;
use crate::engine::supply::NodeView;
use crate::engine::{ClusterQuotaView, NamespaceView, Policy, ProjectMetadata, QuotaView};

/// An update of one kind of objects.
#[derive(Debug)]
pub enum StateUpdate {
    Policy(Box<Policy>),
    Nodes(Update<String, NodeView>),
    Namespaces(Update<String, WatchedNamespace>),
    /// Quotas that count GPUs, by namespace and name.
    Quotas(Update<(String, String), QuotaView>),
    /// Quotas over several namespaces that count GPUs.
    ClusterQuotas(Update<String, ClusterQuotaView>),
    /// The handlers of RuntimeClasses.
    RuntimeClasses(Update<String, String>),
    /// Nodes that were deleted before this process began.
    DeletedNodes(Vec<DeletedNode>),
}

/// An update of objects of one kind, by their names.
#[derive(Debug)]
pub enum Update<K, V> {
    /// All objects that exist.
    All(BTreeMap<K, V>),
    /// The present object of that name, or none.
    One(K, Option<V>),
}

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchedNamespace {
    /// The settings of its administrator.
    pub view: NamespaceView,
    /// What quotas over several namespaces select it by.
    pub metadata: ProjectMetadata,
}

impl<K: Ord, V> Update<K, V> {
    /// Applies the update. Returns whether anything changed. Before the first list, a single object changes nothing.
    pub fn apply(
        self,
        objects: &mut Option<BTreeMap<K, V>>,
        is_same: impl Fn(&V, &V) -> bool,
    ) -> bool {
        match (self, objects) {
            (Self::All(all), objects) => {
                let are_same = |before: &BTreeMap<K, V>| {
                    let mut pairs = before.iter().zip(&all);
                    before.len() == all.len()
                        && pairs
                            .all(|((name, old), (other, new))| name == other && is_same(old, new))
                };
                let has_changed = !objects.as_ref().is_some_and(are_same);
                *objects = Some(all);
                has_changed
            }
            (Self::One(name, Some(new)), Some(objects)) => {
                let is_known = objects.get(&name).is_some_and(|old| is_same(old, &new));
                objects.insert(name, new);
                !is_known
            }
            (Self::One(name, None), Some(objects)) => objects.remove(&name).is_some(),
            (Self::One(..), None) => false,
        }
    }
}
