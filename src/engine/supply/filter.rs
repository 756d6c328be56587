//! Which groups of nodes a pod's own selectors and tolerations can reach.

use super::node::Taint;
use crate::engine::vocabulary::names;
use crate::facts::pod::{NodeSelectorTerm, NodeTerm, Requirement, Spec, Toleration};
use crate::facts::text::Pairs;

/// A pod's constraints on nodes.
#[derive(Debug, Default)]
pub struct NodeFilter<'p> {
    /// All must match.
    pub node_selector: Option<&'p Pairs<'p>>,
    /// Any one must match; an empty one matches nothing. None where the pod requires nothing.
    pub terms: Option<&'p [NodeTerm<'p>]>,
    /// The pod's own tolerations.
    pub tolerations: &'p [Toleration<'p>],
    /// `spec.nodeName`.
    pub node_name: Option<&'p str>,
}

impl<'p> NodeFilter<'p> {
    /// Reads the scheduling constraints of a pod spec.
    pub fn of(spec: &'p Spec<'p>) -> Self {
        Self {
            node_selector: spec.node_selector.as_ref().filter(|s| !s.is_empty()),
            terms: spec.required_node_terms(),
            tolerations: spec.tolerations.as_deref().unwrap_or_default(),
            node_name: spec.node_name.as_deref().filter(|n| !n.is_empty()),
        }
    }

    /// Whether the pod's requirements on this label alone admit a value.
    pub fn admits(&self, key: &str, value: &str) -> bool {
        let mut selected = self.selected();
        let admits = |term: &NodeTerm<'_>| {
            let own = term.read.match_expressions.iter().flatten();
            let mut own = own.filter(|r| &*r.key == key);
            own.all(|r| holds(r, Some(value)))
        };
        selected.all(|(k, v)| k != key || v == value)
            && self.terms.is_none_or(|terms| terms.iter().any(admits))
    }

    /// Whether nothing but taints restricts the pod.
    pub(super) fn is_open(&self) -> bool {
        self.node_selector.is_none() && self.terms.is_none() && self.node_name.is_none()
    }

    /// The pairs of the node selector; of a repeated key the last one counts.
    pub fn selected(&self) -> impl Iterator<Item = (&'p str, &'p str)> {
        let selector = self.node_selector;
        let pairs = selector.into_iter().flat_map(Pairs::iter);
        pairs.filter(move |(key, value)| selector.and_then(|s| s.get(key)) == Some(value))
    }
}

/// A term without requirements matches no node at all.
pub fn is_empty(term: &NodeSelectorTerm<'_>) -> bool {
    let none = |list: &Option<Vec<Requirement<'_>>>| list.as_ref().is_none_or(Vec::is_empty);
    none(&term.match_expressions) && none(&term.match_fields)
}

/// Whether a label's value meets a requirement, evaluated as in nodeaffinity of `k8s.io/component-helpers`.
pub fn holds(r: &Requirement<'_>, have: Option<&str>) -> bool {
    let values = r.values.as_deref().unwrap_or_default();
    let listed = |have: &str| values.iter().any(|v| &**v == have);
    let compare = |greater: bool| {
        let request = values.first().and_then(|v| v.parse::<i64>().ok());
        match (have.and_then(|v| v.parse::<i64>().ok()), request) {
            (Some(have), Some(request)) if greater => have > request,
            (Some(have), Some(request)) => have < request,
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

/// Whether a taint keeps pods without GPUs off GPU nodes: the admission plugin `ExtendedResourceToleration` expects
/// the resource's name as its key.
pub fn is_gpu_taint(taint: &Taint) -> bool {
    names::is_gpu_resource(&taint.key)
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
