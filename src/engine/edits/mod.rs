//! Turns a placement into edits. An edit is left out if the pod already has its result.

mod containers;
pub mod missing;
mod neighbours;
mod nodes;
pub mod receipt;
pub mod size;
mod user;

use crate::engine::line::{DeviceRequest, Edit, MpsUser, Placement, PlacementQuery, mps_user};
use std::borrow::Cow;

use crate::engine::node_terms::Term;
use crate::engine::vocabulary::{Policy, Strategy, names};
use crate::facts::Pod;
use crate::facts::pod::Place;

pub use crate::engine::edits::containers::hide as hide_from;
pub use crate::engine::edits::nodes::SMALLEST_WEIGHT;
pub use crate::engine::line::Limits;
pub use crate::engine::line::mps_user::written as written_user;

/// The edits of a full rewrite. `hides`: hide GPUs from containers without a request.
pub fn rewrite<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    boundary: Cow<'a, str>,
    limit_range_defaults: &[Place],
    hides: bool,
) -> Vec<Edit<'a>> {
    let mut edits = Vec::with_capacity(16);
    containers::resources(query, placement, limit_range_defaults, &mut edits);
    let mps_user = (placement.strategy == Strategy::Mps).then(|| mps_user(query));
    containers::environment(query, placement, &mut edits);
    if hides {
        hide(query.pod, query.requests, &mut edits);
    }
    label(
        query.pod,
        names::TRUST_BOUNDARY,
        boundary.clone(),
        &mut edits,
    );
    let strategy = Cow::Borrowed(placement.strategy.word());
    label(query.pod, names::STRATEGY, strategy, &mut edits);
    if let Some(user) = mps_user {
        user::run_as_user(query, &mut edits);
        let user = user.label();
        label(query.pod, names::MPS_USER, user.clone(), &mut edits);
        neighbours::repel(query.pod, names::MPS_USER, user, &mut edits);
    }
    let mut extras = Vec::new();
    if placement.strategy.is_shared() {
        neighbours::keep_apart(
            query.pod,
            query.policy,
            boundary.clone(),
            &mut extras,
            &mut edits,
        );
    }
    // A whole device has no room for other pods.
    if query.may_pack() && placement.strategy != Strategy::Exclusive {
        neighbours::pack(query.pod, boundary, placement.strategy, &mut edits);
    }
    nodes::nodes(query, placement, &extras, &mut edits);
    nodes::prefer_smallest(query.pod, query.supply, placement, &mut edits);
    nodes::tolerations(query, placement, &mut edits);
    containers::readable_sizes(query, &mut edits);
    edits
}

/// The edits that write the markers: the label and, if the pod may land on a shared device, the terms of the boundary.
pub fn markers_only<'a>(
    pod: &'a Pod<'a>,
    policy: &Policy,
    boundary: Cow<'a, str>,
    may_be_shared: bool,
) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    label(pod, names::TRUST_BOUNDARY, boundary.clone(), &mut edits);
    if may_be_shared {
        let mut extras = Vec::new();
        neighbours::keep_apart(pod, policy, boundary, &mut extras, &mut edits);
        nodes::narrow(
            pod,
            &[Term {
                labels: extras,
                not_nodes: Vec::new(),
            }],
            &mut edits,
        );
    }
    edits
}

/// The edits that hide all GPUs from containers without a request.
pub fn hide(pod: &Pod<'_>, requests: &[DeviceRequest<'_>], edits: &mut Vec<Edit<'_>>) {
    for (place, container) in pod.containers() {
        if !requests.iter().any(|request| request.place == place) {
            containers::hide(place, container, edits);
        }
    }
}

/// The edit of the strategy label, for a pod whose request stays.
pub fn strategy_label(pod: &Pod<'_>, strategy: Strategy, edits: &mut Vec<Edit<'_>>) {
    label(pod, names::STRATEGY, Cow::Borrowed(strategy.word()), edits);
}

/// The edits that keep MPS clients of different users apart.
pub fn apart_from_users(pod: &Pod<'_>, user: MpsUser) -> Vec<Edit<'static>> {
    let mut edits = Vec::new();
    label(pod, names::MPS_USER, user.label(), &mut edits);
    neighbours::repel(pod, names::MPS_USER, user.label(), &mut edits);
    edits
}

/// The edits for a pod that only gets the boundary label.
pub fn label_only<'a>(pod: &Pod<'_>, boundary: Cow<'a, str>) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    label(pod, names::TRUST_BOUNDARY, boundary, &mut edits);
    edits
}

fn label<'a>(pod: &Pod<'_>, key: &'static str, value: Cow<'a, str>, edits: &mut Vec<Edit<'a>>) {
    if pod.label(key) != Some(&*value) {
        edits.push(Edit::Label { key, value });
    }
}
