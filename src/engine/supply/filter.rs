//! Which groups of nodes a pod's own selectors and tolerations can reach.

use super::fleet::{FleetNode, Group, Knowledge, Supply, Taint};
use crate::engine::words::{self, NODE_BOUNDARY};
use crate::facts::pod::{NodeSelectorTerm, Requirement, Spec, Toleration};
use crate::facts::text::Pairs;

const NAME_FIELD: &str = "metadata.name";

/// What a pod says about nodes.
#[derive(Debug, Default)]
pub struct NodeFilter<'p> {
    /// All must match.
    pub node_selector: Option<&'p Pairs<'p>>,
    /// Any one must match; an empty one matches nothing. None where the pod requires nothing.
    pub terms: Option<Vec<NodeSelectorTerm<'p>>>,
    /// The pod's own tolerations.
    pub tolerations: &'p [Toleration<'p>],
    /// `spec.nodeName`.
    pub node_name: Option<&'p str>,
}

/// What a label key is that no known node carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unseen {
    /// Taken as given: nodes that are not there yet may carry it.
    Given,
    /// Not there.
    Absent,
}

impl<'p> NodeFilter<'p> {
    /// Reads the parts of a spec that say where the pod may go.
    pub fn of(spec: &'p Spec<'p>) -> Self {
        Self {
            node_selector: spec.node_selector.as_ref().filter(|s| !s.is_empty()),
            terms: spec.required_node_terms(),
            tolerations: spec.tolerations.as_deref().unwrap_or_default(),
            node_name: spec.node_name.as_deref().filter(|n| !n.is_empty()),
        }
    }

    /// Label keys the pod selects by that no known node carries; they are taken as given.
    ///
    /// A fleet that is only assumed carries no labels of anybody's, so nothing is said about it.
    pub fn unknown_keys<'s>(&'s self, supply: &Supply) -> Vec<&'s str> {
        if supply.knowledge == Knowledge::Assumed {
            return Vec::new();
        }
        let terms = self.terms.iter().flatten();
        let expressions = terms.flat_map(|t| t.match_expressions.iter().flatten());
        let mut keys: Vec<&str> = expressions
            .filter(|r| !matches!(&*r.operator, "NotIn" | "DoesNotExist"))
            .map(|r| &*r.key)
            .chain(self.selected().map(|(key, _)| key))
            .filter(|key| !supply.keys.contains(*key) && *key != NODE_BOUNDARY)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether nothing but taints restricts the pod.
    fn is_open(&self) -> bool {
        self.node_selector.is_none() && self.terms.is_none() && self.node_name.is_none()
    }

    fn selected(&self) -> impl Iterator<Item = (&str, &str)> {
        self.node_selector.iter().flat_map(|s| s.iter())
    }
}

impl Supply {
    /// Whether some node of the group could take the pod, once the GPU's own taint is tolerated.
    ///
    /// Label keys no known node carries are taken as given, for nodes that are not there yet.
    pub fn reaches(
        &self,
        group: &Group,
        filter: &NodeFilter<'_>,
        also_tolerated: &dyn Fn(&Taint) -> bool,
    ) -> bool {
        self.reach(group, filter, also_tolerated, Unseen::Given)
    }

    /// The same for the nodes as they are: what they do not carry is not given.
    pub fn reaches_as_is(
        &self,
        group: &Group,
        filter: &NodeFilter<'_>,
        also_tolerated: &dyn Fn(&Taint) -> bool,
    ) -> bool {
        self.reach(group, filter, also_tolerated, Unseen::Absent)
    }

    fn reach(
        &self,
        group: &Group,
        filter: &NodeFilter<'_>,
        also_tolerated: &dyn Fn(&Taint) -> bool,
        unseen: Unseen,
    ) -> bool {
        let tolerated = |taint: &Taint| {
            is_gpu_taint(taint)
                || also_tolerated(taint)
                || filter.tolerations.iter().any(|t| tolerates(t, taint))
        };
        if filter.node_name.is_none() && !group.taints.iter().all(tolerated) {
            return false;
        }
        filter.is_open() || self.selects(group, filter, unseen)
    }

    fn selects(&self, group: &Group, filter: &NodeFilter<'_>, unseen: Unseen) -> bool {
        if let Some(name) = filter.node_name {
            // Nobody can correct this choice later, so a node that is gone does not count.
            let node = self.node_in(group, name);
            return node.is_some_and(|node| self.matches(group, Some(node), filter, unseen));
        }
        if !self.is_wide(filter) {
            return self.matches(group, None, filter, unseen);
        }
        if let Some((key, value)) = filter.selected().find(|(k, _)| self.wide.contains_key(*k)) {
            let values = self.wide.get(key);
            let positions = values.and_then(|v| v.get(value));
            return positions.into_iter().flatten().any(|(g, n)| {
                std::ptr::eq(&raw const self.groups[*g], group)
                    && self.matches(group, group.nodes.get(*n), filter, unseen)
            });
        }
        let mut nodes = group.nodes.iter();
        nodes.any(|node| self.matches(group, Some(node), filter, unseen))
    }

    fn node_in<'g>(&self, group: &'g Group, name: &str) -> Option<&'g FleetNode> {
        let (index, position) = self.names.get(name)?;
        let is_its = std::ptr::eq(&raw const self.groups[*index], group);
        group.nodes.get(*position).filter(|_| is_its)
    }

    fn is_wide(&self, filter: &NodeFilter<'_>) -> bool {
        let wide = |key: &str| self.wide.contains_key(key);
        filter.selected().any(|(key, _)| wide(key))
            || filter.terms.iter().flatten().any(|term| {
                term.match_fields.as_ref().is_some_and(|f| !f.is_empty())
                    || term
                        .match_expressions
                        .iter()
                        .flatten()
                        .any(|r| wide(&r.key))
            })
    }

    fn matches(
        &self,
        group: &Group,
        node: Option<&FleetNode>,
        filter: &NodeFilter<'_>,
        unseen: Unseen,
    ) -> bool {
        let selected = filter
            .selected()
            .all(|(key, value)| match lookup(group, node, key) {
                Some(have) => have == value,
                None => key == NODE_BOUNDARY || self.is_given(key, unseen),
            });
        let term = |term: &NodeSelectorTerm<'_>| {
            let expressions = term.match_expressions.as_deref().unwrap_or_default();
            let fields = term.match_fields.as_deref().unwrap_or_default();
            !(expressions.is_empty() && fields.is_empty())
                && expressions
                    .iter()
                    .all(|r| self.expression(group, node, r, unseen))
                && fields.iter().all(|r| field(node, r))
        };
        selected
            && filter
                .terms
                .as_ref()
                .is_none_or(|terms| terms.iter().any(term))
    }

    fn expression(
        &self,
        group: &Group,
        node: Option<&FleetNode>,
        r: &Requirement<'_>,
        unseen: Unseen,
    ) -> bool {
        let asks_for_it = !matches!(&*r.operator, "NotIn" | "DoesNotExist");
        match lookup(group, node, &r.key) {
            // The administrator may still label the node.
            None if &*r.key == NODE_BOUNDARY => true,
            None if asks_for_it && self.is_given(&r.key, unseen) => true,
            have => holds(r, have),
        }
    }

    /// Whether a key that a node lacks is taken as given, because no node has it.
    fn is_given(&self, key: &str, unseen: Unseen) -> bool {
        unseen == Unseen::Given && !self.keys.contains(key)
    }
}

fn field(node: Option<&FleetNode>, r: &Requirement<'_>) -> bool {
    &*r.key == NAME_FIELD && holds(r, node.map(|n| &*n.name))
}

fn lookup<'g>(group: &'g Group, node: Option<&'g FleetNode>, key: &str) -> Option<&'g str> {
    if let Ok(index) = group.labels.binary_search_by(|(k, _)| k.as_str().cmp(key)) {
        return group.labels.get(index).map(|(_, v)| v.as_str());
    }
    let wide = node?.wide.iter().find(|(k, _)| **k == *key);
    wide.map(|(_, v)| &**v)
}

/// A requirement against a label's value, as `k8s.io/component-helpers` nodeaffinity does it.
pub fn holds(r: &Requirement<'_>, have: Option<&str>) -> bool {
    let values = r.values.as_deref().unwrap_or_default();
    let listed = |have: &str| values.iter().any(|v| &**v == have);
    let compare = |greater: bool| {
        let want = values.first().and_then(|v| v.parse::<i64>().ok());
        match (have.and_then(|v| v.parse::<i64>().ok()), want) {
            (Some(have), Some(want)) if greater => have > want,
            (Some(have), Some(want)) => have < want,
            _ => false,
        }
    };
    match &*r.operator {
        "In" => have.is_some_and(listed),
        "NotIn" => !have.is_some_and(listed),
        "Exists" => have.is_some(),
        "DoesNotExist" => have.is_none(),
        "Gt" => compare(true),
        "Lt" => compare(false),
        _ => false,
    }
}

/// The taint by which GPU nodes keep other pods off; one named like the resource is what `ExtendedResourceToleration` expects.
pub fn is_gpu_taint(taint: &Taint) -> bool {
    words::is_gpu_resource(&taint.key)
}

/// Whether a toleration covers a taint.
pub fn tolerates(toleration: &Toleration<'_>, taint: &Taint) -> bool {
    let effect = toleration.effect.as_deref().unwrap_or_default();
    if !effect.is_empty() && effect != taint.effect {
        return false;
    }
    let key = toleration.key.as_deref().unwrap_or_default();
    let value = toleration.value.as_deref().unwrap_or_default();
    let exists = toleration.operator.as_deref() == Some("Exists");
    if key.is_empty() {
        return exists;
    }
    let equal = matches!(toleration.operator.as_deref(), None | Some("" | "Equal"));
    key == taint.key && (exists || equal && value == taint.value)
}
