//! Which GPU resources a pod takes, in one place for every stage and for audits.

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
    let taken = |(name, quantity): (&'c str, &str)| {
        let is_taken = names::is_gpu_resource(name) && !Quantity::is_written_zero(quantity);
        is_taken.then_some(name)
    };
    container.quantities().filter_map(taken)
}
