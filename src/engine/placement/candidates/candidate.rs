//! Finds the candidates: every offer of every strategy that a pod may use, and why it does not serve the pod.

use std::collections::HashMap;

use crate::engine::line::{DeviceRequest, Placement, PlacementQuery, Shortfall};
use crate::engine::namespaces::quota::{Forbidden, QuotaView};
use crate::engine::placement::candidates::obstacle;
use crate::engine::rules;
use crate::engine::rules::check::Removal;
use crate::engine::supply::fleet::Advertised;
use crate::engine::supply::offer::mib_ceil;
use crate::engine::supply::{Group, Offer};
use crate::engine::vocabulary::Strategy;

/// How far a candidate is from serving the pod; smaller is nearer. By kind, then by the size of the shortfall.
type Distance = (u8, u64);

/// The distance of an offer that is too small and also out of reach.
const UNREACHED: Distance = (5, 0);

/// The distance of a strategy that no node offers.
pub(super) const NOT_THERE: Distance = (10, 0);

/// A candidate, before it is put into words.
pub(super) struct Candidate<'c> {
    pub(super) strategy: Strategy,
    /// None if the strategy is excluded or no node offers it.
    pub(super) offer: Option<&'c Offer>,
    pub(super) why: Why<'c>,
    pub(super) distance: Distance,
}

/// Why a candidate is not suitable, or that it is.
pub(super) enum Why<'c> {
    Removed(&'static Removal),
    NotOffered,
    Short(Shortfall),
    Product,
    Hostname,
    Few { count: u64, needed: u64 },
    Unreached(&'c Group),
    Forbidden(&'c QuotaView, Forbidden),
    Fits { takes_pods: bool },
}

impl Candidate<'_> {
    /// Whether the pod can reach nodes of the kind, if that is known.
    pub(super) fn is_reached(&self) -> bool {
        self.distance < UNREACHED
    }

    /// Whether its strategy comes before that of a placement.
    pub(super) fn ranks_before(
        &self,
        query: &PlacementQuery<'_, '_>,
        placement: &Placement<'_>,
    ) -> bool {
        let mut strategies = query.strategies.iter();
        let first = strategies.find(|s| [self.strategy, placement.strategy].contains(s));
        first == Some(self.strategy) && self.strategy != placement.strategy
    }
}

/// All candidates, in the order in which they are tried.
pub(super) fn candidates<'c>(query: &'c PlacementQuery<'_, '_>) -> Vec<Candidate<'c>> {
    let mut all = Vec::new();
    for strategy in query.strategies.iter() {
        let of_strategy = |why, distance| Candidate {
            strategy,
            offer: None,
            why,
            distance,
        };
        if let Some(removal) = rules::removal(query, strategy) {
            all.push(of_strategy(Why::Removed(removal), (9, 0)));
            continue;
        }
        let before = all.len();
        let mut requests_by_name: HashMap<&str, NamedRequests<'_, '_>> = HashMap::new();
        for (group, is_reached) in query.supply.groups.iter().zip(query.reached()) {
            for (offer, advertised) in query.offers(strategy, group) {
                let name = offer.resource.as_str();
                let requests = requests_by_name
                    .entry(name)
                    .or_insert_with(|| NamedRequests::of(query, name));
                let verdict = requests.verdict((group, *is_reached), (offer, advertised));
                all.extend(verdict.map(|(why, distance)| Candidate {
                    strategy,
                    offer: Some(offer),
                    why,
                    distance,
                }));
            }
        }
        if all.len() == before {
            all.push(of_strategy(Why::NotOffered, NOT_THERE));
        }
    }
    all
}

/// The requests that an offer of one name could serve.
struct NamedRequests<'c, 'a> {
    query: &'c PlacementQuery<'c, 'a>,
    /// Without requests of equal size, which get the same verdict.
    requests: Vec<&'c DeviceRequest<'a>>,
    /// How many of the offer the pod needs at the same time.
    needed: u64,
}

impl<'c, 'a> NamedRequests<'c, 'a> {
    fn of(query: &'c PlacementQuery<'_, 'a>, name: &str) -> Self {
        let names = query.requests.iter();
        let names = names.map(|request| request.fixed_resource().unwrap_or(name));
        let mut requests: Vec<&'c DeviceRequest<'a>> = Vec::new();
        for (request, own) in query.requests.iter().zip(names.clone()) {
            if own == name && !requests.iter().any(|known| known.size == request.size) {
                requests.push(request);
            }
        }
        Self {
            query,
            requests,
            needed: query.needed(names, name),
        }
    }

    /// Why an offer of a group of nodes is not suitable, and its distance. None if the pod names other resources.
    fn verdict(
        &self,
        (group, is_reached): (&'c Group, bool),
        (offer, advertised): (&Offer, Advertised),
    ) -> Option<(Why<'c>, Distance)> {
        self.requests.first()?;
        let query = self.query;
        let mut requests = self.requests.iter();
        if let Some(shortfall) = requests.find_map(|request| request.size.shortfall(offer)) {
            let kind = match shortfall {
                // An offer that is too small and out of reach is the farthest.
                _ if !is_reached => UNREACHED.0,
                // A smaller request would not help.
                Shortfall::Graphics | Shortfall::Video => 4,
                _ => 2,
            };
            return Some((Why::Short(shortfall), (kind, missing(shortfall, offer))));
        }
        if !query.is_requested(advertised.offer) {
            return Some((Why::Product, (4, 0)));
        }
        if offer.strategy.is_shared() && !group.has_hostname {
            return Some((Why::Hostname, (3, 0)));
        }
        let (needed, count) = (self.needed, advertised.count);
        if needed > count {
            return Some((Why::Few { count, needed }, (1, needed - count)));
        }
        if !is_reached {
            let is_meant = obstacle::selects(query, &offer.product);
            return Some((Why::Unreached(group), (3, u64::from(!is_meant))));
        }
        let takes_pods = group.available;
        Some(match query.forbidding(offer.strategy, &offer.resource) {
            Some((quota, why)) => (Why::Forbidden(quota, why), (1, 0)),
            None => (Why::Fits { takes_pods }, (0, 0)),
        })
    }
}

/// The size of a shortfall: MiB, or percent of compute.
fn missing(shortfall: Shortfall, offer: &Offer) -> u64 {
    let mib = offer.memory_mib.unwrap_or(0);
    let (requested, offered) = match shortfall {
        Shortfall::Memory(bytes) => (mib_ceil(bytes), mib),
        Shortfall::Fraction(f) | Shortfall::MemoryFraction(f) => {
            (f.of_ceil(offer.device_mib.unwrap_or(0)), mib)
        }
        Shortfall::Compute(percent) => (percent.into(), offer.compute_percent().into()),
        Shortfall::Graphics | Shortfall::Video => (0, 0),
    };
    requested.saturating_sub(offered)
}
