//! Memory that a pod asks for in the only way the stock scheduler knows: by the label of the nodes it will go to.

use crate::engine::node_terms;
use crate::engine::request::sizes::LEAST_MEMORY;
use crate::engine::supply::NodeFilter;
use crate::facts::pod::Requirement;

/// MiB of a node's devices, as GPU Feature Discovery writes them.
const MEMORY: &str = "nvidia.com/gpu.memory";

/// The least memory in MiB of the devices that node selector and required terms lead to; none where one of the ways to
/// match leaves it open, or is content with less than anybody may ask for.
pub fn memory(filter: &NodeFilter<'_>) -> Option<u64> {
    selected(filter).filter(|mib| *mib >= LEAST_MEMORY >> 20)
}

fn selected(filter: &NodeFilter<'_>) -> Option<u64> {
    let selector = filter.node_selector.and_then(|labels| labels.get(MEMORY));
    let selected = selector.and_then(|mib| mib.parse().ok());
    let Some(terms) = filter.terms else {
        return selected;
    };
    // A term without requirements matches no node.
    let of_terms = node_terms::filled(terms).map(|(_, term)| {
        let requirements = term.match_expressions.iter().flatten();
        let requested = requirements.filter(|r| *r.key == *MEMORY).filter_map(least);
        requested.chain(selected).max()
    });
    // None is less than any: one term that leaves it open is enough.
    of_terms.min().flatten()
}

/// The least MiB that a requirement lets through, where it says one.
fn least(requirement: &Requirement<'_>) -> Option<u64> {
    let values = requirement.values.iter().flatten();
    let mut numbers = values.map(|value| value.parse::<u64>().ok());
    match &*requirement.operator {
        "Gt" => numbers.next().flatten()?.checked_add(1),
        // A value that is no number can be any memory.
        "In" => numbers.min().flatten(),
        _ => None,
    }
}
