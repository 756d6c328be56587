//! How much of the GPUs a pod takes, before and after a decision: for summaries, no decision rests on it.

use super::case::{Case, Choice};
use super::quantity::Quantity;
use super::supply::{Offer, Supply};
use super::want::Named;
use super::words::{self, is_gpu_resource};
use crate::facts::Pod;
use crate::facts::pod::{Container, ContainerKind, Place};

/// Devices that one pod takes, shares as parts of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gpus {
    /// As written; a fraction, or an ask that names no resource, counts as the whole GPU it stands in for.
    pub before: f64,
    /// As decided; of several shares that will do, the largest.
    pub after: f64,
}

/// What a pod takes whose request stays as it is.
pub fn unchanged(pod: &Pod<'_>, supply: &Supply) -> Gpus {
    let mut peak = Peak::default();
    for (place, container) in pod.containers() {
        let resources = container.resources.as_ref();
        let limits = resources.and_then(|r| r.limits.as_ref());
        let requests = resources.and_then(|r| r.requests.as_ref());
        let limited = |name: &str| limits.is_some_and(|l| l.contains(name));
        let alone = requests.into_iter().flat_map(|r| r.iter());
        let alone = alone.filter(|(name, _)| !limited(name));
        let written = limits.into_iter().flat_map(|l| l.iter()).chain(alone);
        for (name, quantity) in written.filter(|(name, _)| is_gpu_resource(name)) {
            let count = Quantity::parse(quantity).map_or(0, Quantity::ceil) as f64;
            let part = match name {
                words::GPU => 1.0,
                shared => largest(supply.offers.iter().filter(|o| o.resource == shared)),
            };
            peak.add(place, container, count * part);
        }
    }
    let sum = peak.sum();
    Gpus {
        before: sum,
        after: sum,
    }
}

/// What a pod takes before and after a choice.
pub fn of_choice(case: &Case<'_, '_>, choice: &Choice<'_>) -> Gpus {
    let (mut before, mut after) = (Peak::default(), Peak::default());
    let reachable = case.reachable();
    for (want, grant) in case.wants.iter().zip(&choice.grants) {
        let Some(container) = case.pod.at(want.place) else {
            continue;
        };
        let sold = reachable.iter().flat_map(|group| &group.sold);
        let offers = sold.filter_map(|sold| case.supply.offers.get(sold.offer));
        let part = largest(offers.filter(|offer| {
            offer.strategy == choice.strategy
                && offer.resource == grant.resource
                && case.suits(want, offer)
        }));
        let count = want.count as f64;
        let written = match want.named {
            Named::Gpu | Named::Nothing => 1.0,
            Named::Shared | Named::Slice(_) | Named::SharedSlice(_) => part,
        };
        before.add(want.place, container, count * written);
        after.add(want.place, container, count * part);
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

/// What runs at once: init containers run before the others, sidecars beside them.
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
