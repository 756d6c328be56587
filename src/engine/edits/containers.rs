//! Edits of containers: resources, limits, hidden GPUs.

use std::borrow::Cow;

use crate::engine::line::{Edit, Limits, Placement, PlacementQuery, RequestedResource};
use crate::engine::supply::Allocation;
use crate::engine::supply::offer::mib_ceil;
use crate::engine::vocabulary::{Quantity, Strategy, names};
use crate::facts::pod::{Container, EnvVar, Place};

pub(super) fn resources<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    limit_range_defaults: &[Place],
    edits: &mut Vec<Edit<'a>>,
) {
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let old = match request.named {
            RequestedResource::Nothing => None,
            _ => Some(request.fixed_resource().unwrap_or(names::GPU)),
        };
        let Allocation::Resource(resource) = share.allocation;
        let written = query.pod.at(request.place).is_some_and(|container| {
            old == Some(resource) && is_written(container, resource, request.count)
        });
        if !written {
            edits.push(Edit::Resource {
                place: request.place,
                old,
                resource,
                count: request.count,
            });
        }
    }
    edits.extend(limit_range_defaults.iter().map(|place| Edit::DropResource {
        place: *place,
        resource: names::GPU,
    }));
}

/// Whether the limit is already present as a whole number. The API server sets the request from it.
fn is_written(container: &Container<'_>, resource: &str, count: u64) -> bool {
    let limits = container.resources.as_ref().and_then(|r| r.limits.as_ref());
    let limit = limits.and_then(|l| l.get(resource));
    let limit = limit.and_then(|q| Quantity::parse(q).ok());
    limit == Some(Quantity::whole(count))
}

/// Limits for MPS clients.
pub(super) fn environment<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
    edits: &mut Vec<Edit<'a>>,
) {
    if placement.strategy == Strategy::Mps {
        for (request, limits) in query.requests.iter().zip(Limits::of(query, placement)) {
            let Some(container) = query.pod.at(request.place) else {
                continue;
            };
            let has = |name: &str| container.env().iter().any(|e| e.name() == name);
            if let Some(mib) = limits.mib.filter(|_| !has(names::MPS_MEMORY)) {
                edits.push(Edit::Env {
                    place: request.place,
                    name: names::MPS_MEMORY,
                    replaces: None,
                    value: Cow::Owned(format!("0={mib}M")),
                });
            }
            if let Some(percent) = limits.percent.filter(|_| !has(names::MPS_THREADS)) {
                edits.push(Edit::Env {
                    place: request.place,
                    name: names::MPS_THREADS,
                    replaces: None,
                    value: Cow::Owned(percent.to_string()),
                });
            }
        }
    }
}

/// Hides all GPUs from a container that does not set the variable.
pub fn hide(place: Place, container: &Container<'_>, edits: &mut Vec<Edit<'_>>) {
    let mut names = container.env().iter().map(EnvVar::name);
    if !names.any(|name| name == names::VISIBLE_DEVICES) {
        edits.push(Edit::Env {
            place,
            name: names::VISIBLE_DEVICES,
            replaces: None,
            value: Cow::Borrowed("void"),
        });
    }
}

/// Writes the original request as an annotation if the rewrite would lose it: a fraction in a quantity, which becomes a
/// whole number, or memory in node selectors, next to which the terms of the placement are written.
pub(super) fn readable_sizes<'a>(query: &PlacementQuery<'_, 'a>, edits: &mut Vec<Edit<'a>>) {
    let several = query.requests.len() > 1;
    for request in query.requests {
        let key = |of_pod: &'static str, of_container: &str| match several {
            true => Cow::Owned(format!("{of_container}{}", request.container)),
            false => Cow::Borrowed(of_pod),
        };
        let fraction = request
            .size
            .fraction
            .filter(|_| request.size.fraction_in_quantity);
        if let Some(fraction) = fraction {
            edits.push(Edit::Annotation {
                key: key(names::GPU_FRACTION, names::CONTAINER_FRACTION),
                value: fraction.to_string(),
            });
        }
        let memory = request
            .size
            .memory
            .filter(|_| request.size.memory_in_selectors);
        if let Some(bytes) = memory {
            edits.push(Edit::Annotation {
                key: key(names::GPU_MEMORY, names::CONTAINER_MEMORY),
                value: format!("{}Mi", mib_ceil(bytes)),
            });
        }
    }
}
