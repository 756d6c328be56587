//! How many GPUs a pod takes before and after a decision. For summaries only; no decision depends on it.

use std::collections::BTreeMap;

use crate::engine::line::{Placement, PlacementQuery, RequestedResource};
use crate::engine::supply::{Offer, Supply};
use crate::engine::vocabulary::names::is_gpu_resource;
use crate::engine::vocabulary::{Quantity, names};
use crate::facts::Pod;
use crate::facts::pod::{Container, ContainerKind, Place};
use crate::facts::receipt::Receipt;

/// The number of devices that one pod takes; a share is a part of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gpus {
    /// As written, for a share of our making as its author wrote it; a fraction, or an ask that names no resource,
    /// counts as the whole GPU it stands in for.
    pub before: f64,
    /// As decided. If several shares are suitable, the largest counts.
    pub after: f64,
}

/// The usage of a pod whose request stays unchanged.
pub fn unchanged(pod: &Pod<'_>, supply: &Supply) -> Gpus {
    let (mut before, mut after) = (Peak::default(), Peak::default());
    let past = Past::of(pod);
    for (place, container) in pod.containers() {
        for (name, count) in written(container) {
            let count = count as f64;
            let part = match name {
                names::GPU => 1.0,
                shared => largest(supply.offers.iter().filter(|o| o.resource == shared)),
            };
            before.add(place, container, count * past.part(container, part));
            after.add(place, container, count * part);
        }
    }
    Gpus {
        before: before.sum(),
        after: after.sum(),
    }
}

/// How many of each GPU resource a pod has on its node, by their names, as the scheduler counts.
pub fn held<'p>(pod: &'p Pod<'_>) -> BTreeMap<&'p str, u64> {
    let mut peaks: BTreeMap<&str, Peak> = BTreeMap::new();
    for (place, container) in pod.containers() {
        for (name, count) in written(container) {
            let peak = peaks.entry(name).or_default();
            peak.add(place, container, count as f64);
        }
    }
    let counts = peaks.into_iter();
    counts
        .map(|(name, peak)| (name, peak.sum() as u64))
        .collect()
}

/// The GPU resources of a container as written, without duplicates.
fn written<'c>(container: &'c Container<'_>) -> impl Iterator<Item = (&'c str, u64)> {
    let resources = container.resources.as_ref();
    let limits = resources.and_then(|r| r.limits.as_ref());
    let requests = resources.and_then(|r| r.requests.as_ref());
    let limited = move |name: &str| limits.is_some_and(|l| l.contains(name));
    let alone = requests.into_iter().flat_map(|r| r.iter());
    let alone = alone.filter(move |(name, _)| !limited(name));
    let all = limits.into_iter().flat_map(|l| l.iter()).chain(alone);
    let gpus = all.filter(|(name, _)| is_gpu_resource(name));
    gpus.map(|(name, quantity)| {
        let count = Quantity::parse(quantity).map_or(0, Quantity::ceil);
        (name, count)
    })
}

/// What the containers of a pod asked for before a rewrite, by its receipt. The receipt may be anybody's, and says no more
/// here than that a share stands for a whole GPU.
struct Past(BTreeMap<String, BTreeMap<String, String>>);

impl Past {
    fn of(pod: &Pod<'_>) -> Self {
        let receipt = pod.annotation(names::DECISION).and_then(Receipt::read);
        Self(receipt.map(|r| r.requested()).unwrap_or_default())
    }

    /// The part of a device that each of a container's GPUs was before it became `part` of one.
    fn part(&self, container: &Container<'_>, part: f64) -> f64 {
        match self.0.get(container.name()) {
            Some(from) if from.is_empty() || from.contains_key(names::GPU) => 1.0,
            _ => part,
        }
    }
}

/// The usage of a pod before and after a placement.
pub fn of_choice(query: &PlacementQuery<'_, '_>, placement: &Placement<'_>) -> Gpus {
    let (mut before, mut after) = (Peak::default(), Peak::default());
    let reachable = query.reachable();
    let past = Past::of(query.pod);
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let Some(container) = query.pod.at(request.place) else {
            continue;
        };
        let advertised = reachable.iter().flat_map(|group| &group.advertised);
        let offers = advertised.filter_map(|advertised| query.supply.offers.get(advertised.offer));
        let part = largest(offers.filter(|offer| {
            offer.strategy == placement.strategy
                && offer.allocation() == share.allocation
                && query.suits(request, offer)
        }));
        let count = request.count as f64;
        let written = match request.named {
            RequestedResource::Gpu | RequestedResource::Nothing => 1.0,
            RequestedResource::Shared
            | RequestedResource::Slice(_)
            | RequestedResource::SharedSlice(_) => past.part(container, part),
        };
        before.add(request.place, container, count * written);
        after.add(request.place, container, count * part);
    }
    Gpus {
        before: before.sum(),
        after: after.sum(),
    }
}

/// The largest share among offers; a share nobody knows could be anything up to a whole device.
fn largest<'o>(offers: impl Iterator<Item = &'o Offer>) -> f64 {
    offers.map(part).reduce(f64::max).unwrap_or(1.0)
}

/// The part of a device that one share is: of a MIG slice's two parts the larger, for it blocks the rest.
fn part(offer: &Offer) -> f64 {
    let of = |(part, whole): (u32, u32)| f64::from(part) / f64::from(whole.max(1));
    let slice = offer.slice.map_or(1.0, |s| of(s.compute).max(of(s.memory)));
    slice / f64::from(offer.replicas.max(1))
}

/// The most that runs at the same time. Init containers run before the main containers, sidecars run beside them.
#[derive(Default)]
struct Peak {
    running: f64,
    peak: f64,
    sidecars: f64,
}

impl Peak {
    fn add(&mut self, place: Place, container: &Container<'_>, part: f64) {
        if container.is_sidecar(place) {
            self.sidecars += part;
        } else if place.kind == ContainerKind::Init {
            self.peak = self.peak.max(self.sidecars + part);
        } else {
            self.running += part;
        }
    }

    fn sum(&self) -> f64 {
        self.peak.max(self.running + self.sidecars)
    }
}
