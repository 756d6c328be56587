//! How many GPUs a pod takes before and after a decision. For summaries only; no decision depends on it.

use std::collections::BTreeMap;

use crate::engine::line::{Peak, Placement, PlacementQuery, RequestedResource};
use crate::engine::supply::{Offer, Supply};
use crate::engine::vocabulary::names::is_gpu_resource;
use crate::engine::vocabulary::{Quantity, names};
use crate::facts::Pod;
use crate::facts::pod::{Container, Place};
use crate::facts::receipt::Receipt;

/// The number of devices that one pod takes; a share is a part of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gpus {
    /// As the author of the pod wrote it. A fraction, or a request that names no resource, counts as a whole GPU.
    pub before: f64,
    /// As decided. If several shares are suitable, the largest counts.
    pub after: f64,
}

/// The usage of a pod whose request stays unchanged.
pub fn unchanged(pod: &Pod<'_>, supply: &Supply) -> Gpus {
    let mut usage = Usage::of(pod);
    for (place, container) in pod.containers() {
        for (name, count) in written(container) {
            let part = match name {
                names::GPU => 1.0,
                shared => largest(supply.offers.iter().filter(|o| o.resource == shared)),
            };
            usage.add(place, container, count, (usage.past(container, part), part));
        }
    }
    usage.gpus()
}

/// The usage of a pod before and after a placement.
pub fn of_placement(query: &PlacementQuery<'_, '_>, placement: &Placement<'_>) -> Gpus {
    let mut usage = Usage::of(query.pod);
    let reachable = query.reachable();
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let Some(container) = query.pod.at(request.place) else {
            continue;
        };
        let offers = reachable.iter();
        let offers = offers.flat_map(|group| query.offers(placement.strategy, group));
        let part =
            largest(offers.map(|(offer, _)| offer).filter(|offer| {
                offer.allocation() == share.allocation && query.suits(request, offer)
            }));
        let before = match request.named {
            RequestedResource::Gpu | RequestedResource::Nothing => 1.0,
            _ => usage.past(container, part),
        };
        usage.add(request.place, container, request.count, (before, part));
    }
    usage.gpus()
}

/// How many of each GPU resource a pod has on its node, by their names, as the scheduler counts.
pub fn held<'p>(pod: &'p Pod<'_>) -> BTreeMap<&'p str, u64> {
    let mut peaks: BTreeMap<&str, Peak<u128>> = BTreeMap::new();
    for (place, container) in pod.containers() {
        for (name, count) in written(container) {
            let peak = peaks.entry(name).or_default();
            peak.add(place, container.is_sidecar(place), count.into());
        }
    }
    let most = |peak: Peak<u128>| u64::try_from(peak.most()).unwrap_or(u64::MAX);
    let counts = peaks.into_iter().map(|(name, peak)| (name, most(peak)));
    counts.collect()
}

/// The GPU resources of a container as written, without duplicates.
fn written<'c>(container: &'c Container<'_>) -> impl Iterator<Item = (&'c str, u64)> {
    let resources = container.resources.as_ref();
    let limits = resources.and_then(|r| r.limits.as_ref());
    let requests = resources.and_then(|r| r.requests.as_ref());
    let is_limited = move |name: &str| limits.is_some_and(|l| l.contains(name));
    let requests = requests.into_iter().flat_map(|r| r.iter());
    let requests = requests.filter(move |(name, _)| !is_limited(name));
    let all = limits.into_iter().flat_map(|l| l.iter()).chain(requests);
    let gpus = all.filter(|(name, _)| is_gpu_resource(name));
    gpus.map(|(name, quantity)| (name, Quantity::parse(quantity).map_or(0, Quantity::ceil)))
}

struct Usage {
    /// What the containers requested before a rewrite, by the receipt. The receipt may be anybody's; here it only says that
    /// a share stands for a whole GPU.
    requested: BTreeMap<String, BTreeMap<String, String>>,
    before: Peak<f64>,
    after: Peak<f64>,
}

impl Usage {
    fn of(pod: &Pod<'_>) -> Self {
        let receipt = pod.annotation(names::DECISION).and_then(Receipt::read);
        Self {
            requested: receipt.map(|r| r.requested()).unwrap_or_default(),
            before: Peak::default(),
            after: Peak::default(),
        }
    }

    /// The part of a device that each of a container's GPUs was before it became `part` of one.
    fn past(&self, container: &Container<'_>, part: f64) -> f64 {
        match self.requested.get(container.name()) {
            Some(from) if from.is_empty() || from.contains_key(names::GPU) => 1.0,
            _ => part,
        }
    }

    /// Adds devices of a container, with the part of a device that each is before and after.
    fn add(&mut self, place: Place, container: &Container<'_>, count: u64, parts: (f64, f64)) {
        let (is_sidecar, count) = (container.is_sidecar(place), count as f64);
        self.before.add(place, is_sidecar, count * parts.0);
        self.after.add(place, is_sidecar, count * parts.1);
    }

    fn gpus(&self) -> Gpus {
        Gpus {
            before: self.before.most(),
            after: self.after.most(),
        }
    }
}

/// The largest share among offers. A share that no known node offers may be up to a whole device.
fn largest<'o>(offers: impl Iterator<Item = &'o Offer>) -> f64 {
    offers.map(part).reduce(f64::max).unwrap_or(1.0)
}

/// The part of a device that one share is. For a MIG slice, the larger of its parts of compute and memory, because that
/// blocks the rest.
fn part(offer: &Offer) -> f64 {
    let of = |(part, whole): (u32, u32)| f64::from(part) / f64::from(whole.max(1));
    let slice = offer.slice.map_or(1.0, |s| of(s.compute).max(of(s.memory)));
    slice / f64::from(offer.replicas.max(1))
}
