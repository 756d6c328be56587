//! Which pods a quota counts: its scopes, as the API server evaluates them (`pkg/quota/v1/evaluator/core/pods.go`).

use crate::engine::supply::filter::holds;
use crate::engine::vocabulary::Quantity;
use crate::facts::affinity::crosses_namespaces;
use crate::facts::pod::Requirement;
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

pub(super) const CROSS_NAMESPACE_AFFINITY: &str = "CrossNamespacePodAffinity";

/// All scopes of a quota, in both of their forms.
pub(super) fn scopes(spec: &QuotaSpec<'_>) -> Vec<Requirement<'static>> {
    let exists = |name: &Text<'_>| Requirement {
        key: name.clone().into_owned(),
        operator: "Exists".into(),
        values: None,
    };
    let named = spec.scopes.iter().flatten().map(exists);
    let selector = spec.scope_selector.iter();
    let selector = selector.flat_map(|s| s.match_expressions.iter().flatten());
    let selected = selector.cloned().map(|r| {
        let (key, operator, values) = (r.scope_name, r.operator, r.values);
        let requirement = Requirement {
            key,
            operator,
            values,
        };
        requirement.into_owned()
    });
    named.chain(selected).collect()
}

/// Whether a scope includes a pod. Scopes of other objects include none.
pub(super) fn includes(scope: &Requirement<'_>, seen: QuotaPod<'_>) -> bool {
    let pod = seen.pod;
    let spec = pod.spec.as_ref();
    let ends = || {
        spec.and_then(|s| s.active_deadline_seconds)
            .is_some_and(|seconds| seconds >= 0)
    };
    match &*scope.key {
        "Terminating" => ends(),
        "NotTerminating" => !ends(),
        "BestEffort" => is_best_effort(pod),
        "NotBestEffort" => !is_best_effort(pod),
        "PriorityClass" => {
            let class = spec.and_then(|s| s.priority_class_name.as_deref());
            holds(scope, class.filter(|class| !class.is_empty()))
        }
        CROSS_NAMESPACE_AFFINITY => seen.is_given_affinity || has_affinity(pod),
        _ => false,
    }
}

/// Neither the pod's resources nor, without those, its containers' name CPU or memory.
fn is_best_effort(pod: &Pod<'_>) -> bool {
    match pod.spec.as_ref().and_then(|s| s.resources.as_ref()) {
        Some(resources) => !resources.quantities().any(is_compute),
        None => !pod
            .containers()
            .any(|(_, container)| container.quantities().any(is_compute)),
    }
}

fn is_compute((name, quantity): (&str, &str)) -> bool {
    let quantity = Quantity::parse(quantity);
    matches!(name, "cpu" | "memory") && quantity.is_ok_and(|q| !q.is_zero() && !q.is_negative())
}

fn has_affinity(pod: &Pod<'_>) -> bool {
    let affinity = pod.spec.iter().flat_map(|s| &s.affinity);
    let kinds = affinity.flat_map(|a| [&a.pod_affinity, &a.pod_anti_affinity]);
    let mut terms = kinds
        .flatten()
        .flat_map(|kind| [&kind.required, &kind.preferred]);
    terms.any(|terms| terms.iter().flatten().any(|term| crosses_namespaces(*term)))
}

#[cfg(test)]
mod tests;
