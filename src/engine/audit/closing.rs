//! Whether a pod that is there keeps others off nodes by slicegate's labels, as nobody may since its creation is judged.

use crate::engine::outsider;
use crate::engine::rules::reserved_selector;
use crate::engine::strategy::Strategy;
use crate::engine::words;
use crate::facts::Pod;

/// Whether it has required anti-affinity by slicegate's labels that slicegate did not write. Judged by its own stamp,
/// since nobody changes that later, and not by its namespace, which may have been another when it was created.
pub fn closes_nodes(pod: &Pod<'_>) -> bool {
    let strategy = pod.label(words::STRATEGY).and_then(Strategy::from_word);
    let has_terms = outsider::takes_gpu(pod)
        && pod.annotation(words::DECISION).is_some()
        && strategy.is_none_or(Strategy::is_shared);
    let own = [words::TRUST_BOUNDARY, words::MPS_USER];
    let own: Vec<(&str, &str)> = own
        .into_iter()
        .filter(|_| has_terms)
        .filter_map(|label| Some((label, pod.label(label)?)))
        .collect();
    reserved_selector::is_found(pod, &own)
}
