//! Pods that ask for GPUs in more places than any node has devices, or among more containers than any node runs.

use super::sizes::SizeKind;
use crate::engine::words;
use crate::facts::{Pairs, Pod};

/// More asks, or more containers in a pod that asks, are refused unread: they could only be meant to cost time.
pub(super) const MOST: usize = 1000;

/// Whether there is too much to be read.
pub(super) fn is_one(pod: &Pod<'_>) -> bool {
    let containers = pod.containers().count();
    let named = || {
        let resources = pod.containers().filter_map(|(_, c)| c.resources.as_ref());
        let lists = resources.flat_map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
        lists.flatten().flat_map(Pairs::iter).map(|(name, _)| name)
    };
    let keys = || pod.annotations().into_iter().flat_map(Pairs::iter);
    // Hardly a pod is large enough to look closer.
    if containers <= MOST && named().nth(MOST).is_none() && keys().nth(MOST).is_none() {
        return false;
    }
    let named = named().filter(|name| words::is_gpu_resource(name)).count();
    let sized = keys()
        .filter(|(key, _)| SizeKind::of(key).is_some())
        .count();
    let asks = named + sized;
    asks > MOST || asks > 0 && containers > MOST
}
