//! Turns a placement into edits. An edit is left out if the pod already has its result.

mod containers;
pub mod missing;
mod neighbours;
mod nodes;
pub mod receipt;
pub mod size;

use std::borrow::Cow;

use crate::engine::line::{Edit, Placement, PlacementQuery, mps_user};
use crate::engine::node_terms::Term;
use crate::engine::rules::check::PodContext;
use crate::engine::vocabulary::{Policy, Strategy, names};
use crate::facts::Pod;
use crate::facts::pod::Place;

pub use crate::engine::edits::containers::{hide_gpus, hide_gpus_from};
pub use crate::engine::edits::nodes::SMALLEST_WEIGHT;

/// The edits of a full rewrite, without the receipt.
pub fn rewrite<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    boundary: Cow<'a, str>,
    limit_range_defaults: &[Place],
    context: PodContext<'_>,
) -> Vec<Edit<'a>> {
    let (pod, strategy) = (query.pod, placement.strategy);
    let mut edits = Vec::with_capacity(16);
    containers::resources(query, placement, limit_range_defaults, &mut edits);
    containers::limits(pod, context.limits, &mut edits);
    if context.hides_gpus {
        edits.extend(hide_gpus(pod, query.requests));
    }
    edits.extend(label(pod, names::TRUST_BOUNDARY, boundary.clone()));
    edits.extend(label(pod, names::STRATEGY, strategy.word().into()));
    if strategy == Strategy::Mps {
        containers::run_as_user(query, &mut edits);
        let user = mps_user(query).label();
        edits.extend(label(pod, names::MPS_USER, user.clone()));
        edits.extend(neighbours::repel(pod, names::MPS_USER, user));
    }
    let mut extras = Vec::new();
    if strategy.is_shared() {
        extras = neighbours::keep_apart(pod, query.policy, boundary.clone(), &mut edits);
    }
    // A whole device has no room for other pods.
    if query.may_pack() && strategy != Strategy::Exclusive {
        edits.extend(neighbours::pack(pod, boundary, strategy));
    }
    edits.extend(nodes::require(query, placement, &extras));
    edits.extend(nodes::prefer_smallest(query, placement));
    nodes::tolerations(query, placement, &mut edits);
    containers::readable_sizes(query, &mut edits);
    edits
}

/// The edits that write the markers: the boundary label and, if the pod may land on a shared device, the terms of the
/// boundary.
pub fn markers_only<'a>(
    pod: &'a Pod<'a>,
    policy: &Policy,
    boundary: Cow<'a, str>,
    may_be_shared: bool,
) -> Vec<Edit<'a>> {
    let mut edits = Vec::from_iter(label(pod, names::TRUST_BOUNDARY, boundary.clone()));
    if may_be_shared {
        let term = Term {
            labels: neighbours::keep_apart(pod, policy, boundary, &mut edits),
            not_nodes: Vec::new(),
        };
        edits.extend(nodes::narrow(pod, &[term]));
    }
    edits
}

/// The edit of a label.
pub fn label<'a>(pod: &Pod<'_>, key: &'static str, value: Cow<'a, str>) -> Option<Edit<'a>> {
    let is_written = pod.label(key) == Some(&*value);
    (!is_written).then_some(Edit::Label { key, value })
}
