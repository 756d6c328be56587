//! The size of the node selector terms of a pod after a rewrite.

use crate::engine::line::Edit;
use crate::engine::node_terms::{LabelCondition, Term};
use crate::engine::relevance::pod_size::{Excess, TermSize, first};
use crate::engine::vocabulary::pod_limits::{PATCH, REQUIREMENTS, TERMS, VALUES};
use crate::facts::Pod;
use crate::facts::pod::Spec;

/// The first limit that the node selector terms exceed after the rewrite.
pub fn excess_of_terms(pod: &Pod<'_>, edits: &[Edit<'_>]) -> Option<Excess> {
    let narrowed = edits.iter().find_map(|edit| match edit {
        Edit::Nodes(narrowed) => Some(narrowed),
        _ => None,
    })?;
    let spec = pod.spec.as_ref();
    let user = spec.and_then(Spec::required_node_terms).unwrap_or_default();
    let mut size = TermSize::default();
    for entry in narrowed {
        let own = entry.of.and_then(|index| user.get(index));
        size += own.map(TermSize::of).unwrap_or_default();
        size += added(&entry.add);
    }
    first([
        (&TERMS, narrowed.len()),
        (&REQUIREMENTS, size.requirements),
        (&VALUES, size.values),
        (&PATCH, size.bytes),
    ])
}

fn added(term: &Term<'_>) -> TermSize {
    /// Bytes of JSON around a value, and around a requirement.
    const AROUND: (usize, usize) = (3, 40);
    let mut size = TermSize {
        requirements: term.labels.len() + term.not_nodes.len(),
        values: term.not_nodes.len(),
        bytes: term.not_nodes.iter().map(|n| n.len()).sum(),
    };
    for need in &term.labels {
        size.bytes += need.key.len();
        if let LabelCondition::OneOf(values) = &need.condition {
            size.values += values.len();
            size.bytes += values.iter().map(|v| v.len() + AROUND.0).sum::<usize>();
        }
    }
    size.bytes += size.requirements * AROUND.1;
    size
}
