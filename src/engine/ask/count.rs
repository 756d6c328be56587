//! How many times a pod asks for GPUs, before any of it is read.

use super::sizes::SizeKind;
use crate::engine::words;
use crate::facts::{Pairs, Pod};

/// GPU resources in limits and requests, and annotations that ask for a size.
pub fn count(pod: &Pod<'_>) -> usize {
    let resources = pod.containers().filter_map(|(_, c)| c.resources.as_ref());
    let lists = resources.flat_map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
    let named = lists.flatten().flat_map(Pairs::iter);
    let named = named.filter(|(name, _)| words::is_gpu_resource(name));
    let keys = pod.annotations().into_iter().flat_map(Pairs::iter);
    let sized = keys.filter(|(key, _)| SizeKind::of(key).is_some());
    named.count() + sized.count()
}
