//! The boundary that a running pod's markers name, if its namespace may use it, and terms that its markers do not explain.
//!
//! Label and receipt of a stored pod cannot change; its author can change other annotations at any time. So the
//! markers count, not the current annotations.

use std::borrow::Cow;

use crate::engine::cluster_state::ClusterState;
use crate::engine::line::takes_gpu;
use crate::engine::request::tenancy;
use crate::engine::rules::reserved_selector;
use crate::engine::vocabulary::{CoTenancy, Strategy, names};
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
    let (namespaces, policy) = (&state.namespaces, &state.policy);
    let is_valid = if label == names::ANY {
        let mut tiers = tenancy::allowed_tiers(namespaces.view(namespace), policy).into_iter();
        receipt.is_some() || tiers.any(|tier| tier.co_tenancy == CoTenancy::Any)
    } else {
        let problem = namespaces.problem(namespace, whole(label), policy);
        problem.is_none()
    };
    is_valid.then_some(label)
}

/// The boundary in the receipt, empty where it cannot be read; none without a receipt.
pub(super) fn receipt_says<'a>(pod: &'a Pod<'_>) -> Option<Cow<'a, str>> {
    let receipt = Receipt::read(pod.annotation(names::DECISION)?);
    Some(receipt.map(|r| r.boundary.0).unwrap_or_default())
}

/// The boundary that a label's part divides.
pub(super) fn whole(label: &str) -> &str {
    label.split_once('.').map_or(label, |(whole, _)| whole)
}

/// Whether a running pod keeps others off nodes by required anti-affinity that slicegate refuses to new pods: it selects
/// by slicegate's labels, and slicegate did not write it. The pod's own markers decide; its namespace's mode may have
/// been another when the pod was created.
pub fn closes_nodes(pod: &Pod<'_>) -> bool {
    let strategy = pod.label(names::STRATEGY).and_then(Strategy::from_word);
    let has_terms = takes_gpu(pod)
        && pod.annotation(names::DECISION).is_some()
        && strategy.is_none_or(Strategy::is_shared);
    let own = [names::TRUST_BOUNDARY, names::MPS_USER].into_iter();
    let own = own.filter_map(|label| Some((label, pod.label(label).filter(|_| has_terms)?)));
    reserved_selector::is_found(pod, &own.collect::<Vec<_>>())
}
