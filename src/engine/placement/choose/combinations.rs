//! The combinations of allocations that are tried, one allocation for each request.

use crate::engine::line::{DeviceRequest, PlacementQuery};
use crate::engine::placement::choose::demand::ResourceDemand;
use crate::engine::supply::{Allocation, Group, Offer};
use crate::engine::vocabulary::Strategy;

/// The most combinations of offers that are tried on one group of nodes.
const MOST_TRIES: u32 = 256;
/// The same over all groups of nodes.
const MOST_TRIES_IN_ALL: u32 = 2_048;
/// The most combinations of allocations that are compared.
const MOST_COMBINATIONS: usize = 64;

/// The combinations to try: one allocation for all requests without a fixed name, and combinations that fit together on
/// one group of nodes.
pub(super) fn combinations<'a>(
    query: &PlacementQuery<'_, 'a>,
    strategy: Strategy,
    reachable: &[&'a Group],
) -> Vec<Vec<Allocation<'a>>> {
    let requests = query.requests.iter();
    let fixed = requests.map(DeviceRequest::fixed_resource);
    if fixed.clone().all(|fixed| fixed.is_some()) {
        return vec![fixed.flatten().map(Allocation::Resource).collect()];
    }
    let mut allocations: Vec<Allocation<'a>> = Vec::new();
    for group in reachable {
        for (offer, _) in query.offers(strategy, group) {
            if !allocations.contains(&offer.allocation()) {
                allocations.push(offer.allocation());
            }
        }
    }
    let with = |free: &Allocation<'a>| {
        let each = fixed.clone();
        each.map(|fixed| fixed.map_or(*free, Allocation::Resource))
            .collect()
    };
    let mut combinations = allocations.iter().map(with).collect();
    if allocations.len() > 1 && query.requests.len() > 1 {
        add_mixed(query, strategy, reachable, &mut combinations);
    }
    combinations
}

/// Adds combinations of several allocations that fit together on one group of nodes.
fn add_mixed<'a>(
    query: &PlacementQuery<'_, 'a>,
    strategy: Strategy,
    reachable: &[&'a Group],
    combinations: &mut Vec<Vec<Allocation<'a>>>,
) {
    let mut tries_left = MOST_TRIES_IN_ALL;
    for group in reachable {
        // Combinations of one allocation are there already.
        if query.offers(strategy, group).count() < 2 || combinations.len() >= MOST_COMBINATIONS {
            continue;
        }
        let most = MOST_TRIES.min(tries_left);
        let mut search = Search {
            query,
            strategy,
            group,
            allocations: Vec::with_capacity(query.requests.len()),
            tries: most,
        };
        let fits = search.fit();
        tries_left -= most - search.tries;
        if fits && !combinations.contains(&search.allocations) {
            combinations.push(search.allocations);
        }
    }
}

/// The search for offers of one group of nodes that together serve all requests.
struct Search<'q, 'a> {
    query: &'q PlacementQuery<'q, 'a>,
    strategy: Strategy,
    group: &'q Group,
    /// The allocations of the first requests.
    allocations: Vec<Allocation<'a>>,
    /// How many more offers may be tried.
    tries: u32,
}

impl<'a> Search<'_, 'a> {
    /// Whether offers serve the remaining requests, the smallest surplus first.
    fn fit(&mut self) -> bool {
        let query = self.query;
        let Some(request) = query.requests.get(self.allocations.len()) else {
            let demand = ResourceDemand::of(query, self.strategy, &self.allocations);
            return demand.surplus(self.group).is_some();
        };
        let fixed = request.fixed_resource();
        let offers = query.offers(self.strategy, self.group);
        let mut offers: Vec<&'a Offer> = offers
            .filter(|(offer, advertised)| {
                query.is_requested(advertised.offer)
                    && request.size.is_met_by(offer)
                    && fixed.is_none_or(|fixed| fixed == offer.resource)
            })
            .map(|(offer, _)| offer)
            .collect();
        offers.sort_by_key(|offer| (request.size.surplus_mib(offer), offer.resource.as_str()));
        for offer in offers {
            if self.tries == 0 {
                return false;
            }
            self.tries -= 1;
            self.allocations.push(offer.allocation());
            if self.fit() {
                return true;
            }
            self.allocations.pop();
        }
        false
    }
}
