//! Selects strategy and resource, in this order: the order of the tier, the most architectures and zones that stay
//! possible, the smallest surplus, the larger supply, the name.

mod combinations;
mod demand;
mod reach;

use std::cmp::Reverse;

use crate::engine::line::{AllocatedShare, Placement, PlacementQuery};
use crate::engine::placement::choose::combinations::combinations;
use crate::engine::placement::choose::demand::ResourceDemand;
use crate::engine::rules;
use crate::engine::supply::filter::is_gpu_taint;
use crate::engine::supply::places::{ByKind, PlaceKind};
use crate::engine::supply::{Allocation, Group};
use crate::engine::vocabulary::Strategy;
use crate::engine::vocabulary::unique::UniqueList;

pub use reach::places;

/// Returns the best placement, or none if no known supply is suitable.
pub fn choose<'a>(query: &PlacementQuery<'_, 'a>) -> Option<Placement<'a>> {
    let reachable = query.reachable();
    let mut waiting = None;
    for strategy in query.strategies.iter() {
        if rules::removal(query, strategy).is_some() {
            continue;
        }
        let Some((score, placement)) = best(query, strategy, &reachable) else {
            continue;
        };
        if !score.is_waiting {
            return Some(placement);
        }
        waiting = waiting.or(Some(placement));
    }
    waiting
}

/// How good a candidate is: a smaller score is better.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// No suitable node takes pods now.
    is_waiting: bool,
    /// The number of architectures and zones that stay possible, if they matter.
    places: Reverse<[u32; 2]>,
    surplus: u64,
    supply: Reverse<u64>,
}

/// The best candidate of one strategy.
fn best<'a>(
    query: &PlacementQuery<'_, 'a>,
    strategy: Strategy,
    reachable: &[&'a Group],
) -> Option<(Score, Placement<'a>)> {
    let combinations = combinations(query, strategy, reachable).into_iter();
    let scored = combinations.filter_map(|allocations| {
        let demand = ResourceDemand::of(query, strategy, &allocations);
        Some((demand.score(reachable)?, allocations, demand))
    });
    let (score, allocations, demand) =
        scored.min_by(|(a, of_a, _), (b, of_b, _)| (a, of_a).cmp(&(b, of_b)))?;
    Some((score, demand.placement(&allocations, reachable)))
}

impl<'a> ResourceDemand<'_, 'a> {
    fn score(&self, reachable: &[&Group]) -> Option<Score> {
        let query = self.query;
        let depends_on_places = query.depends_on_places();
        let mut places = ByKind::default();
        let mut nearest: Option<(bool, u64)> = None;
        let mut supply = 0_u64;
        for group in reachable {
            let Some(surplus) = self.surplus(group) else {
                continue;
            };
            // If nodes are available now, only these count for the surplus.
            let own = (!group.available, surplus);
            nearest = Some(nearest.map_or(own, |nearest| nearest.min(own)));
            if depends_on_places {
                places.join(&group.places);
            }
            let nodes = query.supply.nodes_in(group) as u64;
            for (allocation, _) in &self.needed {
                if let Some((_, advertised)) = self.offer(group, *allocation) {
                    supply = supply.saturating_add(advertised.count.saturating_mul(nodes));
                }
            }
        }
        let (is_waiting, surplus) = nearest?;
        let places = PlaceKind::ALL.map(|kind| {
            if query.depends_on(kind) {
                places.of(kind).count()
            } else {
                0
            }
        });
        Some(Score {
            is_waiting,
            places: Reverse(places),
            surplus,
            supply: Reverse(supply),
        })
    }

    fn placement(&self, allocations: &[Allocation<'a>], reachable: &[&'a Group]) -> Placement<'a> {
        let needed = self.needed.iter();
        let mut shares: Vec<AllocatedShare<'a>> = needed
            .map(|(allocation, _)| AllocatedShare::unknown(*allocation))
            .collect();
        let (mut nodes, mut taints) = (UniqueList::new(), UniqueList::new());
        for group in reachable {
            if self.surplus(group).is_none() {
                continue;
            }
            let mut offers = Vec::with_capacity(1);
            for share in &mut shares {
                if let Some((offer, advertised)) = self.offer(group, share.allocation) {
                    share.narrow(offer);
                    share.largest_mib = share.largest_mib.max(Some(offer.memory_mib.unwrap_or(0)));
                    offers.push(advertised.offer);
                }
            }
            nodes.add(offers);
            let of_gpus = group.taints.iter().filter(|taint| is_gpu_taint(taint));
            of_gpus.for_each(|taint| taints.add(taint));
        }
        let share = |allocation: &Allocation<'a>| {
            let mut shares = shares.iter();
            shares.find(|share| share.allocation == *allocation)
        };
        Placement {
            strategy: self.strategy,
            shares: allocations.iter().filter_map(share).copied().collect(),
            nodes: nodes.into_list(),
            taints: taints.into_list(),
        }
    }
}
