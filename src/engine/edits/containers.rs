//! Edits of containers: resources, limits, users, hidden GPUs.

use std::borrow::Cow;

use crate::engine::line::{DeviceRequest, Edit, Limits, Placement, PlacementQuery, written_user};
use crate::engine::supply::Allocation;
use crate::engine::supply::offer::mib_ceil;
use crate::engine::vocabulary::{Quantity, names};
use crate::facts::Pod;
use crate::facts::pod::{Container, Place};

pub(super) fn resources<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    limit_range_defaults: &[Place],
    edits: &mut Vec<Edit<'a>>,
) {
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let (place, count) = (request.place, request.count);
        let old = request.resource();
        let Allocation::Resource(resource) = share.allocation;
        let container = query.pod.at(place);
        let is_written = container.is_some_and(|c| has_limit(c, resource, count));
        if old != Some(resource) || !is_written {
            edits.push(Edit::Resource {
                place,
                old,
                resource,
                count,
            });
        }
    }
    edits.extend(limit_range_defaults.iter().map(|place| Edit::DropResource {
        place: *place,
        resource: names::GPU,
    }));
}

/// Whether the limit is already present as a whole number. The API server sets the request from it.
fn has_limit(container: &Container<'_>, resource: &str, count: u64) -> bool {
    let limits = container.resources.as_ref().and_then(|r| r.limits.as_ref());
    let limit = limits.and_then(|l| l.get(resource));
    let limit = limit.and_then(|q| Quantity::parse(q).ok());
    limit == Some(Quantity::whole(count))
}

pub(super) fn limits(pod: &Pod<'_>, limits: &[(Place, Limits)], edits: &mut Vec<Edit<'_>>) {
    for (place, limits) in limits {
        let Some(container) = pod.at(*place) else {
            continue;
        };
        let lacks = |name| !has_variable(container, name);
        let memory = limits.mib.filter(|_| lacks(names::MPS_MEMORY));
        edits.extend(memory.map(|mib| variable(*place, names::MPS_MEMORY, format!("0={mib}M"))));
        let threads = limits.percent.filter(|_| lacks(names::MPS_THREADS));
        edits.extend(threads.map(|n| variable(*place, names::MPS_THREADS, n.to_string())));
    }
}

/// Sets the user id of the tier on MPS clients that set none.
pub(super) fn run_as_user<'a>(query: &PlacementQuery<'_, 'a>, edits: &mut Vec<Edit<'a>>) {
    let Some(user) = query.tier.and_then(|t| t.run_as_user) else {
        return;
    };
    for request in query.requests {
        let place = request.place;
        let edit = Edit::RunAsUser { place, user };
        if written_user(query.pod, place).is_none() && !edits.contains(&edit) {
            edits.push(edit);
        }
    }
}

/// Hides all GPUs from the containers without a request.
pub fn hide_gpus<'e>(
    pod: &Pod<'_>,
    requests: &[DeviceRequest<'_>],
) -> impl Iterator<Item = Edit<'e>> {
    let others = pod.containers().filter(|(place, _)| {
        let mut places = requests.iter().map(|request| request.place);
        !places.any(|other| other == *place)
    });
    others.filter_map(|(place, container)| hide_gpus_from(place, container))
}

/// Hides all GPUs from a container that does not set the variable.
pub fn hide_gpus_from<'e>(place: Place, container: &Container<'_>) -> Option<Edit<'e>> {
    let is_set = has_variable(container, names::VISIBLE_DEVICES);
    (!is_set).then(|| variable(place, names::VISIBLE_DEVICES, "void"))
}

fn has_variable(container: &Container<'_>, name: &str) -> bool {
    container.env().iter().any(|own| own.name() == name)
}

fn variable<'a>(place: Place, name: &'a str, value: impl Into<Cow<'static, str>>) -> Edit<'a> {
    Edit::Env {
        place,
        name,
        replaces: None,
        value: value.into(),
    }
}

/// Writes the original request as an annotation if the rewrite would lose it: a fraction in a quantity, which becomes a
/// whole number, or memory in node selectors, next to which the terms of the placement are written.
pub(super) fn readable_sizes<'a>(query: &PlacementQuery<'_, 'a>, edits: &mut Vec<Edit<'a>>) {
    for request in query.requests {
        let size = &request.size;
        let mut annotate = |of_pod, of_container, value| {
            let key = if query.requests.len() > 1 {
                Cow::Owned(format!("{of_container}{}", request.container))
            } else {
                Cow::Borrowed(of_pod)
            };
            edits.push(Edit::Annotation { key, value });
        };
        if let Some(fraction) = size.fraction.filter(|_| size.fraction_in_quantity) {
            let value = fraction.to_string();
            annotate(names::GPU_FRACTION, names::CONTAINER_FRACTION, value);
        }
        if let Some(bytes) = size.memory.filter(|_| size.memory_in_selectors) {
            let value = format!("{}Mi", mib_ceil(bytes));
            annotate(names::GPU_MEMORY, names::CONTAINER_MEMORY, value);
        }
    }
}
