//! Memory that a pod requests by node selectors, which is the only way that the stock scheduler knows.

use crate::engine::node_terms;
use crate::engine::request::sizes::LEAST_MEMORY;
use crate::engine::supply::NodeFilter;
use crate::facts::pod::Requirement;

/// The label of GPU Feature Discovery with the MiB of the devices.
const MEMORY: &str = "nvidia.com/gpu.memory";

/// The least memory in MiB of the devices that node selector and required terms select. None if one term leaves memory
/// open, or accepts less than the smallest valid request.
pub fn memory(filter: &NodeFilter<'_>) -> Option<u64> {
    let selector = filter.node_selector.and_then(|labels| labels.get(MEMORY));
    let mut selected = selector.and_then(|mib| mib.parse().ok());
    if let Some(terms) = filter.terms {
        // A term without requirements matches no node.
        let of_terms = node_terms::filled(terms).map(|(_, term)| {
            let requirements = term.match_expressions.iter().flatten();
            let requested = requirements.filter(|r| *r.key == *MEMORY).filter_map(least);
            requested.chain(selected).max()
        });
        // `None` is less than every number: one term that leaves memory open decides.
        selected = of_terms.min().flatten();
    }
    selected.filter(|mib| *mib >= LEAST_MEMORY >> 20)
}

/// The least MiB that a requirement accepts, if it states one.
fn least(requirement: &Requirement<'_>) -> Option<u64> {
    let values = requirement.values.iter().flatten();
    let mut numbers = values.map(|value| value.parse::<u64>().ok());
    match &*requirement.operator {
        "Gt" => numbers.next().flatten()?.checked_add(1),
        // A value that is not a number can mean any memory.
        "In" => numbers.min().flatten(),
        _ => None,
    }
}
