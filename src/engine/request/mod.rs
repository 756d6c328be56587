//! Reads the requests of a pod from resources and annotations, with findings about mistakes.

mod other_vendors;
mod selectors;
mod sizes;
pub mod tenancy;

use crate::engine::line::{DeviceRequest, PodRequest, RequestedResource, ShareSize, Workload};
use crate::engine::rules::{ask_invalid, share_count};
use crate::engine::vocabulary::names::{annotation_pointer, pointer};
use crate::engine::vocabulary::{Capabilities, Findings, Fraction, Quantity, Strategy, names};
use crate::facts::pod::{Container, ContainerKind, Place};
use crate::facts::{Pairs, Pod};

pub use crate::engine::request::selectors::memory as selected_memory;
use crate::engine::request::sizes::Sizes;

/// Reads the requests of a pod. `has_markers`: the pod carries the labels and the receipt of a finished rewrite.
pub fn read<'p>(
    pod: &'p Pod<'p>,
    workload: Workload,
    has_markers: bool,
    findings: &mut Findings<'_>,
) -> PodRequest<'p> {
    let mut requested = PodRequest::default();
    for (place, container) in pod.containers() {
        named_resources(
            place,
            container,
            workload,
            &mut requested.requests,
            findings,
        );
    }
    if has_markers {
        drop_limit_range_defaults(&mut requested);
    }
    let sizes = Sizes::read(pod, findings);
    if let Some(sizes) = &sizes {
        annotated_containers(pod, sizes, &mut requested.requests, findings);
        requested.has_size = sizes.any();
    }
    // After a rewrite, containers that requested by annotation have a resource too.
    requested.requests.sort_by_key(|request| request.place);
    for request in &mut requested.requests {
        let container = pod.at(request.place);
        requested.has_size |= request.size.fraction_in_quantity;
        request.size.capabilities = container.map(Capabilities::of).unwrap_or_default();
        if let Some(sizes) = &sizes {
            sizes.apply(request, findings);
        }
        // No node has devices of two vendors.
        if request.size.is_some()
            && let Some(resource) = container.and_then(other_vendors::device)
        {
            let text = ask_invalid::other_vendor(request.container, resource);
            let path = request.resources_path();
            findings.add(&ask_invalid::RULE, path, text);
        }
    }
    if !requested.requests.is_empty() || findings.deny() {
        requested.strategy = strategy(pod, findings);
        requested.products = products(pod, findings);
    }
    requested
}

/// Reads limits and requests.
fn named_resources<'p>(
    place: Place,
    container: &'p Container<'p>,
    workload: Workload,
    requests: &mut Vec<DeviceRequest<'p>>,
    findings: &mut Findings<'_>,
) {
    let Some(resources) = &container.resources else {
        return;
    };
    let limits = ("limits", &resources.limits);
    for (field, pairs) in [limits, ("requests", &resources.requests)] {
        let pairs = pairs.iter().flat_map(Pairs::iter);
        for (name, quantity) in pairs.filter(|(name, _)| names::is_gpu_resource(name)) {
            let path = || format!("{place}/resources/{field}/{}", pointer(name));
            if field == "requests"
                && let Some(limit) = limits.1.as_ref().and_then(|limits| limits.get(name))
            {
                if workload == Workload::Pod && !is_same(limit, quantity) {
                    let text = ask_invalid::differ(name, limit, quantity);
                    findings.add(&ask_invalid::RULE, path(), text);
                }
                continue;
            }
            let Some((count, fraction)) = count(name, quantity) else {
                let text = ask_invalid::count(name, quantity);
                findings.add(&ask_invalid::RULE, path(), text);
                continue;
            };
            if count > 1 && name.ends_with(names::SHARED_SUFFIX) {
                // Other mistakes of the request are reported too.
                let text = share_count::many(name, quantity);
                findings.add(&share_count::RULE, path(), text);
            }
            if count > 0 {
                let mut request = request(place, container, kind(name), count);
                request.size.fraction = fraction;
                request.size.fraction_in_quantity = fraction.is_some();
                requests.push(request);
            }
        }
    }
}

fn is_same(limit: &str, request: &str) -> bool {
    let parse = |quantity| Quantity::parse(quantity).ok();
    limit == request || parse(limit).is_some_and(|limit| parse(request) == Some(limit))
}

fn kind(name: &str) -> RequestedResource<'_> {
    match name {
        names::GPU => RequestedResource::Gpu,
        names::GPU_SHARED => RequestedResource::Shared,
        _ if name.ends_with(names::SHARED_SUFFIX) => RequestedResource::SharedSlice(name),
        _ => RequestedResource::Slice(name),
    }
}

/// The count of a resource, and the fraction if the quantity of `nvidia.com/gpu` is below one. None if it is invalid.
fn count(name: &str, quantity: &str) -> Option<(u64, Option<Fraction>)> {
    let quantity = Quantity::parse(quantity).ok()?;
    if quantity.is_negative() {
        return None;
    }
    // The API server rounds resource quantities up to thousandths.
    match quantity.ceil_milli() {
        milli if milli.is_multiple_of(1000) => Some((milli / 1000, None)),
        milli @ 1..1000 if name == names::GPU => Some((1, Fraction::from_milli(milli))),
        _ => None,
    }
}

/// After a finished rewrite to another name, `nvidia.com/gpu` can only be the default of a LimitRange.
fn drop_limit_range_defaults(requested: &mut PodRequest<'_>) {
    let requests = &mut requested.requests;
    let is_gpu = |request: &DeviceRequest<'_>| request.named == RequestedResource::Gpu;
    if !requests.iter().all(is_gpu) {
        let defaults = requests.extract_if(.., |request| is_gpu(request));
        requested.limit_range_defaults = defaults.map(|request| request.place).collect();
    }
}

/// Requests of containers that request by annotation alone.
fn annotated_containers<'p>(
    pod: &'p Pod<'p>,
    sizes: &Sizes<'p>,
    requests: &mut Vec<DeviceRequest<'p>>,
    findings: &mut Findings<'_>,
) {
    let nothing = RequestedResource::Nothing;
    let mut invalid = |text| findings.add(&ask_invalid::RULE, "/metadata/annotations", text);
    for (name, _) in &sizes.containers {
        if requests.iter().any(|request| request.container == *name) {
            continue;
        }
        if let Some((place, container)) = pod.containers().find(|(_, c)| c.name() == *name) {
            requests.push(request(place, container, nothing, 1));
        } else {
            let names: Vec<&str> = pod.containers().map(|(_, c)| c.name()).collect();
            invalid(ask_invalid::no_container(name, &names));
        }
    }
    if !requests.is_empty() || !sizes.pod.some {
        return;
    }
    match pod.list(ContainerKind::Main) {
        [container] => {
            let (kind, index) = (ContainerKind::Main, 0);
            requests.push(request(Place { kind, index }, container, nothing, 1));
        }
        // A second finding about an unknown container would only repeat the first.
        _ if !sizes.containers.is_empty() => {}
        containers => {
            let names: Vec<&str> = containers.iter().map(Container::name).collect();
            invalid(ask_invalid::which_container(&names));
        }
    }
}

/// A request without a size.
fn request<'p>(
    place: Place,
    container: &'p Container<'p>,
    named: RequestedResource<'p>,
    count: u64,
) -> DeviceRequest<'p> {
    DeviceRequest {
        place,
        container: container.name(),
        is_sidecar: container.is_sidecar(place),
        named,
        count,
        size: ShareSize::default(),
    }
}

fn strategy(pod: &Pod<'_>, findings: &mut Findings<'_>) -> Option<Strategy> {
    let word = pod.annotation(names::STRATEGY)?;
    if word == "auto" || word.is_empty() {
        return None;
    }
    let strategy = Strategy::from_word(word);
    if strategy.is_none() {
        let path = annotation_pointer(names::STRATEGY);
        findings.add(
            &ask_invalid::RULE,
            path,
            ask_invalid::value(word, ask_invalid::STRATEGY),
        );
    }
    strategy
}

/// The product patterns of a pod; empty if it accepts every product.
fn products<'p>(pod: &'p Pod<'p>, findings: &mut Findings<'_>) -> Vec<&'p str> {
    let Some(list) = pod.annotation(names::GPU_PRODUCTS) else {
        return Vec::new();
    };
    let patterns = list.split(',').map(str::trim).filter(|p| !p.is_empty());
    let patterns: Vec<&str> = patterns.collect();
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_. *".contains(&b);
    if patterns.is_empty() || !patterns.iter().all(|p| p.bytes().all(is_allowed)) {
        let path = annotation_pointer(names::GPU_PRODUCTS);
        findings.add(
            &ask_invalid::RULE,
            path,
            ask_invalid::value(list, ask_invalid::PRODUCTS),
        );
    }
    patterns
}
