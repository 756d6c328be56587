//! The boundary that a pod's markers name, if its namespace may use it.
//!
//! Label and receipt of a stored pod cannot change; its author can change other annotations at any time. So the
//! markers count, not the current annotations.

use std::borrow::Cow;

use crate::engine::cluster_state::ClusterState;
use crate::engine::request::tenancy;
use crate::engine::vocabulary::{CoTenancy, names};
use crate::facts::Pod;
use crate::facts::receipt::Receipt;

/// The boundary label, if its namespace may give it and the receipt, if any, names the same.
///
/// An adopted pod, or one that got only the label, has no receipt.
pub(super) fn valid_label<'a>(
    state: &ClusterState,
    namespace: &str,
    pod: &'a Pod<'a>,
) -> Option<&'a str> {
    let label = pod.label(names::TRUST_BOUNDARY)?;
    let receipt = receipt_says(pod);
    if receipt.as_ref().is_some_and(|said| said != label) {
        return None;
    }
    if label == names::ANY {
        let is_given = receipt.is_some() || allows_any_neighbour(state, namespace);
        return is_given.then_some(label);
    }
    let problem = state
        .namespaces
        .problem(namespace, whole(label), &state.policy);
    problem.is_none().then_some(label)
}

/// The boundary in the receipt, empty where it cannot be read; none without a receipt.
pub(super) fn receipt_says<'a>(pod: &'a Pod<'_>) -> Option<Cow<'a, str>> {
    let text = pod.annotation(names::DECISION)?;
    Some(
        Receipt::read(text)
            .map(|r| r.boundary.0)
            .unwrap_or_default(),
    )
}

/// The boundary that a label's part divides.
pub(super) fn whole(label: &str) -> &str {
    label.split_once('.').map_or(label, |(whole, _)| whole)
}

/// Whether a namespace allows a tier with co-tenancy `any`.
fn allows_any_neighbour(state: &ClusterState, namespace: &str) -> bool {
    let view = state.namespaces.view(namespace);
    let tiers = tenancy::allowed_tiers(view, &state.policy);
    tiers.iter().any(|t| t.co_tenancy == CoTenancy::Any)
}
