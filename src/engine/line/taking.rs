//! Which GPU resources a pod takes: said in one place, for every stage and for whoever counts what is there.

use crate::engine::vocabulary::{Quantity, names};
use crate::facts::Pod;
use crate::facts::pod::Container;

/// Whether any of its containers asks for a stock resource.
pub fn takes_gpu(pod: &Pod<'_>) -> bool {
    taken(pod).next().is_some()
}

/// The stock resources its containers ask for, each as often as it stands there.
pub fn taken<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = &'p str> {
    pod.containers()
        .flat_map(|(_, container)| taken_by(container))
}

/// Those of one container.
pub fn taken_by<'c>(container: &'c Container<'_>) -> impl Iterator<Item = &'c str> {
    let resources = container.resources.as_ref();
    let lists = resources.map(|r| [r.limits.as_ref(), r.requests.as_ref()]);
    let pairs = lists.into_iter().flatten().flatten().flat_map(|p| p.iter());
    pairs.filter_map(|(name, quantity)| {
        let zero = Quantity::parse(quantity).is_ok_and(Quantity::is_zero);
        (names::is_gpu_resource(name) && !zero).then_some(name)
    })
}
