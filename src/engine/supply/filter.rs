//! Which groups of nodes a pod's own selectors and tolerations can reach.

use super::fleet::{Group, Knowledge, Supply, Taint};
use super::reach::{self, Unseen};
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::names::NODE_BOUNDARY;
use crate::facts::pod::{NodeTerm, Requirement, Spec, Toleration};
use crate::facts::text::Pairs;

/// What a pod says about nodes.
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
        let terms = self.terms.into_iter().flatten();
        let expressions = terms.flat_map(|t| t.read.match_expressions.iter().flatten());
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

    /// Whether a pod lets a label have a value, as far as it says anything of that label alone.
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
    fn is_open(&self) -> bool {
        self.node_selector.is_none() && self.terms.is_none() && self.node_name.is_none()
    }

    /// What the node selector says; of a key that stands twice the last one counts.
    pub fn selected(&self) -> impl Iterator<Item = (&'p str, &'p str)> {
        let selector = self.node_selector;
        let pairs = selector.into_iter().flat_map(Pairs::iter);
        pairs.filter(move |(key, value)| selector.and_then(|s| s.get(key)) == Some(value))
    }
}

impl Supply {
    /// For each group whether some node of it could take the pod, once the GPU's own taint is tolerated.
    ///
    /// Label keys no known node carries are taken as given, for nodes that are not there yet.
    pub fn reached(
        &self,
        filter: &NodeFilter<'_>,
        also_tolerated: &dyn Fn(&Taint) -> bool,
    ) -> Vec<bool> {
        self.reach(filter, also_tolerated, Unseen::Given)
    }

    /// The same for the nodes as they are, whatever taints they have: what they do not carry is not given.
    pub fn reached_as_is(&self, filter: &NodeFilter<'_>) -> Vec<bool> {
        self.reach(filter, &|_| true, Unseen::Absent)
    }

    fn reach(
        &self,
        filter: &NodeFilter<'_>,
        also_tolerated: &dyn Fn(&Taint) -> bool,
        unseen: Unseen,
    ) -> Vec<bool> {
        let tolerated = |taint: &Taint| {
            is_gpu_taint(taint)
                || also_tolerated(taint)
                || filter.tolerations.iter().any(|t| tolerates(t, taint))
        };
        let admits =
            |group: &Group| filter.node_name.is_some() || group.taints.iter().all(tolerated);
        let mut reached: Vec<bool> = self.groups.iter().map(admits).collect();
        if !filter.is_open() {
            reach::narrow(self, filter, unseen, &mut reached);
        }
        reached
    }
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
