//! Reads the requests of a pod from resources and annotations, with findings about mistakes.

mod other_vendors;
mod products;
mod selectors;
mod sizes;
pub mod tenancy;

use crate::engine::line::{DeviceRequest, PodForm, PodRequest, RequestedResource, ShareSize};
use crate::engine::rules::{ask_invalid, share_count};
use crate::engine::vocabulary::names::pointer;
use crate::engine::vocabulary::{Capabilities, Findings, Fraction, Quantity, Strategy, names};
use crate::facts::Pod;
use crate::facts::pod::{Container, ContainerKind, Place};

pub use crate::engine::request::selectors::memory as selected_memory;
use crate::engine::request::sizes::Sizes;

/// Reads the requests of a pod. `has_markers`: the pod carries the labels and the receipt of a finished rewrite.
pub fn read<'p>(
    pod: &'p Pod<'p>,
    form: PodForm,
    has_markers: bool,
    findings: &mut Findings<'_>,
) -> PodRequest<'p> {
    let mut requested = PodRequest::default();
    named_resources(pod, form, &mut requested, findings);
    if has_markers {
        drop_limit_range_defaults(&mut requested);
    }
    let sizes = Sizes::read(pod, findings);
    if let Some(sizes) = &sizes {
        annotated_containers(pod, sizes, &mut requested, findings);
        requested.has_size = sizes.any();
    }
    // After a rewrite, containers that requested by annotation have a resource too.
    requested.requests.sort_by_key(|request| request.place);
    for request in &mut requested.requests {
        requested.has_size |= request.size.fraction_in_quantity;
        request.size.capabilities = pod
            .at(request.place)
            .map(Capabilities::of)
            .unwrap_or_default();
        if let Some(sizes) = &sizes {
            sizes.apply(request, findings);
        }
        if request.size.is_some() {
            beside_another_vendor(pod, request, findings);
        }
    }
    if !requested.requests.is_empty() || findings.deny() {
        requested.strategy = strategy(pod, findings);
        requested.products = products::products(pod, findings);
    }
    requested
}

/// Reads limits and requests.
fn named_resources<'p>(
    pod: &'p Pod<'p>,
    form: PodForm,
    requested: &mut PodRequest<'p>,
    findings: &mut Findings<'_>,
) {
    for (place, container) in pod.containers() {
        let Some(resources) = &container.resources else {
            continue;
        };
        let limits = resources.limits.as_ref();
        let requests = resources.requests.as_ref();
        let named = |part: &'static str, pairs: Option<&'p crate::facts::Pairs<'p>>| {
            let pairs = pairs.into_iter().flat_map(|p| p.iter());
            pairs
                .filter(|(name, _)| names::is_gpu_resource(name))
                .map(move |(name, quantity)| (part, name, quantity))
        };
        for (part, name, quantity) in named("limits", limits).chain(named("requests", requests)) {
            let limit = limits.and_then(|l| l.get(name));
            if part == "requests" && limit.is_some() {
                if form == PodForm::Pod && !same(limit, Some(quantity)) {
                    let path = format!("{place}/resources/requests/{}", pointer(name));
                    let limit = limit.unwrap_or_default();
                    findings.add(
                        &ask_invalid::RULE,
                        path,
                        ask_invalid::differ(name, limit, quantity),
                    );
                }
                continue;
            }
            let path = || format!("{place}/resources/{part}/{}", pointer(name));
            let request = |count, fraction: Option<Fraction>| DeviceRequest {
                place,
                container: container.name(),
                is_sidecar: container.is_sidecar(place),
                named: kind(name),
                count,
                size: ShareSize {
                    fraction,
                    fraction_in_quantity: fraction.is_some(),
                    ..ShareSize::default()
                },
            };
            match quantity_count(name, quantity) {
                Ok(None) => {}
                Ok(Some((count, fraction))) => requested.requests.push(request(count, fraction)),
                Err(CountProblem::Invalid) => {
                    findings.add(
                        &ask_invalid::RULE,
                        path(),
                        ask_invalid::count(name, quantity),
                    );
                }
                Err(CountProblem::ManyShares(count)) => {
                    let text = share_count::many(name, quantity);
                    findings.add(&share_count::RULE, path(), text);
                    // Other mistakes of the request are reported too.
                    requested.requests.push(request(count, None));
                }
            }
        }
    }
}

fn same(a: Option<&str>, b: Option<&str>) -> bool {
    let parse = |q: Option<&str>| q.and_then(|q| Quantity::parse(q).ok());
    a == b || parse(a).is_some_and(|a| parse(b) == Some(a))
}

fn kind(name: &str) -> RequestedResource<'_> {
    match name {
        names::GPU => RequestedResource::Gpu,
        names::GPU_SHARED => RequestedResource::Shared,
        _ if name.ends_with(names::SHARED_SUFFIX) => RequestedResource::SharedSlice(name),
        _ => RequestedResource::Slice(name),
    }
}

enum CountProblem {
    Invalid,
    ManyShares(u64),
}

/// The count of a resource, and the fraction if the quantity of `nvidia.com/gpu` is below one. None for 0.
fn quantity_count(
    name: &str,
    quantity: &str,
) -> Result<Option<(u64, Option<Fraction>)>, CountProblem> {
    let quantity = Quantity::parse(quantity).map_err(|_| CountProblem::Invalid)?;
    if quantity.is_negative() {
        return Err(CountProblem::Invalid);
    }
    // The API server rounds resource quantities up to thousandths.
    let milli = quantity.ceil_milli();
    match milli {
        0 => Ok(None),
        _ if milli.is_multiple_of(1000) => {
            let count = milli / 1000;
            let is_share = name.ends_with(names::SHARED_SUFFIX);
            if count > 1 && is_share {
                return Err(CountProblem::ManyShares(count));
            }
            Ok(Some((count, None)))
        }
        1..1000 if name == names::GPU => Ok(Some((1, Fraction::from_milli(milli)))),
        _ => Err(CountProblem::Invalid),
    }
}

/// After a finished rewrite to another name, `nvidia.com/gpu` can only be the default of a LimitRange.
fn drop_limit_range_defaults(requested: &mut PodRequest<'_>) {
    if requested
        .requests
        .iter()
        .all(|w| w.named == RequestedResource::Gpu)
    {
        return;
    }
    let (limit_range_defaults, requests) = std::mem::take(&mut requested.requests)
        .into_iter()
        .partition(|w| w.named == RequestedResource::Gpu);
    requested.requests = requests;
    let limit_range_defaults: Vec<DeviceRequest<'_>> = limit_range_defaults;
    requested.limit_range_defaults = limit_range_defaults.iter().map(|w| w.place).collect();
}

/// Requests of containers that request by annotation alone.
fn annotated_containers<'p>(
    pod: &'p Pod<'p>,
    sizes: &Sizes<'p>,
    requested: &mut PodRequest<'p>,
    findings: &mut Findings<'_>,
) {
    for (name, _) in &sizes.containers {
        if requested.requests.iter().any(|w| w.container == *name) {
            continue;
        }
        match pod.containers().find(|(_, c)| c.name() == *name) {
            Some((place, container)) => requested.requests.push(one_share(place, container)),
            None => {
                let names: Vec<&str> = pod.containers().map(|(_, c)| c.name()).collect();
                let text = ask_invalid::no_container(name, &names);
                findings.add(&ask_invalid::RULE, "/metadata/annotations", text);
            }
        }
    }
    if !requested.requests.is_empty() || !sizes.pod.some {
        return;
    }
    match pod.list(ContainerKind::Main) {
        [container] => {
            let place = Place {
                kind: ContainerKind::Main,
                index: 0,
            };
            requested.requests.push(one_share(place, container));
        }
        // A second finding about an unknown container would only repeat the first.
        _ if !sizes.containers.is_empty() => {}
        containers => {
            let names: Vec<&str> = containers.iter().map(Container::name).collect();
            let text = ask_invalid::which_container(&names);
            findings.add(&ask_invalid::RULE, "/metadata/annotations", text);
        }
    }
}

fn one_share<'p>(place: Place, container: &'p Container<'p>) -> DeviceRequest<'p> {
    DeviceRequest {
        place,
        container: container.name(),
        is_sidecar: container.is_sidecar(place),
        named: RequestedResource::Nothing,
        count: 1,
        size: ShareSize::default(),
    }
}

/// Reports a share that is requested in a container with a device of another vendor. No node has both.
fn beside_another_vendor(pod: &Pod<'_>, request: &DeviceRequest<'_>, findings: &mut Findings<'_>) {
    let device = pod.at(request.place).and_then(other_vendors::device);
    if let Some(resource) = device {
        let text = ask_invalid::other_vendor(request.container, resource);
        let path = format!("{}/resources", request.place);
        findings.add(&ask_invalid::RULE, path, text);
    }
}

fn strategy(pod: &Pod<'_>, findings: &mut Findings<'_>) -> Option<Strategy> {
    let word = pod.annotation(names::STRATEGY)?;
    if word == "auto" || word.is_empty() {
        return None;
    }
    let strategy = Strategy::from_word(word);
    if strategy.is_none() {
        let path = names::annotation_pointer(names::STRATEGY);
        let text = ask_invalid::value(word, ask_invalid::STRATEGY);
        findings.add(&ask_invalid::RULE, path, text);
    }
    strategy
}
