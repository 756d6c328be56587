//! Whether a running pod keeps others off nodes by slicegate's labels, which slicegate refuses to new pods.

use crate::engine::line::takes_gpu;
use crate::engine::rules::reserved_selector;
use crate::engine::vocabulary::{Strategy, names};
use crate::facts::Pod;

/// Whether it has required anti-affinity by slicegate's labels that slicegate did not write. The pod's own markers
/// decide, because they never change; its namespace's mode may have been another when the pod was created.
pub fn closes_nodes(pod: &Pod<'_>) -> bool {
    let strategy = pod.label(names::STRATEGY).and_then(Strategy::from_word);
    let has_terms = takes_gpu(pod)
        && pod.annotation(names::DECISION).is_some()
        && strategy.is_none_or(Strategy::is_shared);
    let own = [names::TRUST_BOUNDARY, names::MPS_USER];
    let own: Vec<(&str, &str)> = own
        .into_iter()
        .filter(|_| has_terms)
        .filter_map(|label| Some((label, pod.label(label)?)))
        .collect();
    reserved_selector::is_found(pod, &own)
}
