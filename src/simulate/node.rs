//! The filters and the score of a single node: TaintToleration, NodeUnschedulable, NodeAffinity.

use std::collections::HashMap;

use crate::engine::vocabulary::Quantity;
use crate::facts::node::Taint;
use crate::facts::pod::{NodeSelectorTerm, Requirement, Toleration};
use crate::facts::{self, Pairs};

/// A filter of kube-scheduler, in the order in which it asks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// The pod names another node.
    NodeName,
    /// A taint keeps the pod off, or the node is cordoned.
    TaintToleration,
    /// `nodeSelector` or required node affinity do not match.
    NodeAffinity,
    /// Too little of a resource is free.
    NodeResourcesFit,
    /// Required affinity or anti-affinity, of the pod or of a pod there.
    InterPodAffinity,
}

/// A node as the scheduler sees it.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Its name.
    pub name: &'a str,
    pub(super) labels: HashMap<&'a str, &'a str>,
    /// In thousandths.
    pub(super) allocatable: HashMap<&'a str, u64>,
    taints: Vec<&'a Taint<'a>>,
    is_cordoned: bool,
}

impl<'a> Node<'a> {
    /// The node as it is now.
    pub fn of(node: &'a facts::Node<'a>) -> Self {
        let (spec, status) = (node.spec.as_ref(), node.status.as_ref());
        let taints = spec.and_then(|s| s.taints.as_ref());
        let allocatable = status.and_then(|s| s.allocatable.as_ref());
        let allocatable = allocatable.into_iter().flat_map(|list| list.iter());
        Self {
            name: &node.metadata.name,
            labels: node.metadata.labels.iter().flat_map(|l| l.iter()).collect(),
            allocatable: allocatable
                .map(|(name, amount)| (name, milli(amount).unwrap_or(0)))
                .collect(),
            taints: taints.into_iter().flatten().collect(),
            is_cordoned: spec.is_some_and(|s| s.unschedulable == Some(true)),
        }
    }

    /// The node once it is ready and not cordoned.
    pub fn once_ready(mut self) -> Self {
        self.is_cordoned = false;
        self.taints
            .retain(|taint| !taint.key.starts_with("node.kubernetes.io/"));
        self
    }

    /// The weights of the preferred terms that match, if the pods with these rules may run here.
    pub(super) fn judge(&self, rules: &NodeRules<'_>) -> Result<i64, Filter> {
        let hard = |taint: &&&Taint<'_>| matches!(&*taint.effect, "NoSchedule" | "NoExecute");
        let cordon = Taint {
            key: "node.kubernetes.io/unschedulable".into(),
            effect: "NoSchedule".into(),
            value: None,
        };
        let cordon = self.is_cordoned.then_some(&cordon);
        let mut taints = self.taints.iter().filter(hard).copied().chain(cordon);
        if taints.any(|taint| !rules.tolerations.iter().any(|t| covers(t, taint))) {
            return Err(Filter::TaintToleration);
        }
        let mut selector = rules.selector.into_iter().flat_map(|pairs| pairs.iter());
        let is_selected = selector.all(|(key, value)| self.labels.get(key) == Some(&value));
        let required = rules.required.as_ref();
        if !is_selected || required.is_some_and(|all| !all.iter().any(|t| self.matches(t))) {
            return Err(Filter::NodeAffinity);
        }
        let preferred = rules
            .preferred
            .iter()
            .filter(|(_, term)| self.matches(term));
        Ok(preferred.map(|(weight, _)| weight).sum())
    }

    /// An empty term matches no node.
    fn matches(&self, term: &NodeSelectorTerm<'_>) -> bool {
        let labels = term.match_expressions.as_deref().unwrap_or_default();
        let fields = term.match_fields.as_deref().unwrap_or_default();
        let field = |key: &str| (key == "metadata.name").then_some(self.name);
        !(labels.is_empty() && fields.is_empty())
            && labels
                .iter()
                .all(|r| holds(r, self.labels.get(&*r.key).copied()))
            && fields.iter().all(|r| holds(r, field(&r.key)))
    }
}

/// What a pod says about nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeRules<'a> {
    pub(super) selector: Option<&'a Pairs<'a>>,
    pub(super) required: Option<Vec<&'a NodeSelectorTerm<'a>>>,
    pub(super) preferred: Vec<(i64, NodeSelectorTerm<'a>)>,
    pub(super) tolerations: &'a [Toleration<'a>],
}

/// A quantity in thousandths; none if it is no quantity.
pub(super) fn milli(quantity: &str) -> Option<u64> {
    Quantity::parse(quantity).ok().map(Quantity::ceil_milli)
}

/// As `Toleration.ToleratesTaint` of core/v1.
fn covers(toleration: &Toleration<'_>, taint: &Taint<'_>) -> bool {
    let key = toleration.key.as_deref().unwrap_or_default();
    let effect = toleration.effect.as_deref().unwrap_or_default();
    let value = toleration.value.as_deref().unwrap_or_default();
    let is_covered = match toleration.operator.as_deref().unwrap_or_default() {
        "Exists" => key.is_empty() || key == &*taint.key,
        "" | "Equal" => key == &*taint.key && value == taint.value.as_deref().unwrap_or_default(),
        _ => false,
    };
    is_covered && (effect.is_empty() || effect == &*taint.effect)
}

/// As `labels.Requirement.Matches` of apimachinery. A requirement that `labels.NewRequirement` refuses never holds.
pub(super) fn holds(requirement: &Requirement<'_>, have: Option<&str>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let is_listed = || have.is_some_and(|have| values.iter().any(|v| &**v == have));
    let number = |text: &str| text.parse::<i64>().ok();
    match (&*requirement.operator, values) {
        ("In", [_, ..]) => is_listed(),
        ("NotIn", [_, ..]) => !is_listed(),
        ("Exists", []) => have.is_some(),
        ("DoesNotExist", []) => have.is_none(),
        ("Gt", [bound]) => number(bound).is_some_and(|b| have.and_then(number) > Some(b)),
        ("Lt", [bound]) => {
            number(bound).is_some_and(|b| have.and_then(number).is_some_and(|h| h < b))
        }
        _ => false,
    }
}
