//! Which pods a quota counts: its scopes, as the API server evaluates them (`pkg/quota/v1/evaluator/core/pods.go`).

use crate::engine::supply::filter::holds;
use crate::engine::vocabulary::Quantity;
use crate::facts::affinity::crosses_namespaces;
use crate::facts::pod::{Requirement, Resources};
use crate::facts::quota::QuotaSpec;
use crate::facts::{Pod, Text};

/// A pod as a quota sees it: after the webhooks.
#[derive(Clone, Copy, Debug)]
pub struct QuotaPod<'p> {
    /// The pod as it is sent.
    pub pod: &'p Pod<'p>,
    /// slicegate adds affinity across namespaces to it.
    pub is_given_affinity: bool,
}

/// One scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Terminating,
    NotTerminating,
    BestEffort,
    NotBestEffort,
    PriorityClass(Requirement<'static>),
    CrossNamespacePodAffinity,
    /// A scope of other objects: it includes no pod.
    Other,
}

const PRIORITY_CLASS: &str = "PriorityClass";

impl Scope {
    /// All scopes of a quota, in both of their forms.
    pub(super) fn all(spec: &QuotaSpec<'_>) -> Vec<Self> {
        let exists = |name: &Text<'_>| Requirement {
            key: name.clone().into_owned(),
            operator: "Exists".into(),
            values: None,
        };
        let scopes = spec.scopes.iter().flatten().map(exists);
        let selector = spec.scope_selector.iter();
        let selector = selector.flat_map(|s| s.match_expressions.iter().flatten());
        let selected = selector.map(|requirement| requirement.as_requirement().into_owned());
        scopes.chain(selected).map(Self::of).collect()
    }

    fn of(requirement: Requirement<'static>) -> Self {
        match &*requirement.key {
            "Terminating" => Self::Terminating,
            "NotTerminating" => Self::NotTerminating,
            "BestEffort" => Self::BestEffort,
            "NotBestEffort" => Self::NotBestEffort,
            "CrossNamespacePodAffinity" => Self::CrossNamespacePodAffinity,
            PRIORITY_CLASS => Self::PriorityClass(requirement),
            _ => Self::Other,
        }
    }

    /// Whether the scope includes a pod.
    pub(super) fn includes(&self, seen: QuotaPod<'_>) -> bool {
        let pod = seen.pod;
        match self {
            Self::Terminating => ends(pod),
            Self::NotTerminating => !ends(pod),
            Self::BestEffort => is_best_effort(pod),
            Self::NotBestEffort => !is_best_effort(pod),
            Self::PriorityClass(requirement) => holds(requirement, priority_class(pod)),
            Self::CrossNamespacePodAffinity => seen.is_given_affinity || has_affinity(pod),
            Self::Other => false,
        }
    }
}

fn ends(pod: &Pod<'_>) -> bool {
    let spec = pod.spec.as_ref();
    let seconds = spec.and_then(|s| s.active_deadline_seconds);
    seconds.is_some_and(|seconds| seconds >= 0)
}

fn priority_class<'p>(pod: &'p Pod<'_>) -> Option<&'p str> {
    let class = pod.spec.as_ref()?.priority_class_name.as_deref();
    class.filter(|class| !class.is_empty())
}

/// Neither the pod's resources nor, without those, its containers' name CPU or memory.
fn is_best_effort(pod: &Pod<'_>) -> bool {
    let whole = pod.spec.as_ref().and_then(|s| s.resources.as_ref());
    match whole {
        Some(resources) => !says_something(resources),
        None => {
            let mut resources = pod.containers().filter_map(|(_, c)| c.resources.as_ref());
            !resources.any(says_something)
        }
    }
}

fn says_something(resources: &Resources<'_>) -> bool {
    let lists = [&resources.requests, &resources.limits];
    let mut pairs = lists.into_iter().flatten().flat_map(|pairs| pairs.iter());
    pairs.any(|(name, quantity)| {
        matches!(name, "cpu" | "memory")
            && Quantity::parse(quantity).is_ok_and(|q| !q.is_zero() && !q.is_negative())
    })
}

fn has_affinity(pod: &Pod<'_>) -> bool {
    let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let kinds = affinity.map(|a| [&a.pod_affinity, &a.pod_anti_affinity]);
    let kinds = kinds.into_iter().flatten().flatten();
    let mut terms = kinds.flat_map(|kind| [&kind.required, &kind.preferred]);
    terms.any(|terms| terms.iter().flatten().any(|term| crosses_namespaces(*term)))
}

#[cfg(test)]
mod tests;
