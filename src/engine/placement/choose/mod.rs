//! Selects strategy and resource, in this order: the order of the tier, the most architectures and zones that stay
//! possible, the smallest surplus, the larger supply, the name.

mod reach;

use crate::engine::line::{
    AllocatedShare, DeviceRequest, Placement, PlacementQuery, Reach, ShareSize,
};
use crate::engine::rules;
use crate::engine::supply::Offer;
use crate::engine::supply::fleet::Advertised;
use crate::engine::supply::{Allocation, Group, Taint};
use crate::engine::vocabulary::unique::UniqueList;
use crate::engine::vocabulary::{Strategy, names};

use crate::engine::placement::choose::reach::PlaceCounts;

/// The most combinations of offers that are tried on one group of nodes.
const MOST_TRIES: u32 = 256;
/// The same over all groups of nodes.
const MOST_TRIES_IN_ALL: u32 = 2_048;
/// The most combinations of allocations that are compared.
const MOST_CANDIDATES: usize = 64;

/// `nvidia.com/gpu`.
const WHOLE: Allocation<'_> = Allocation::Resource(names::GPU);

/// Returns the best placement, or none if no known supply is suitable.
pub fn choose<'a>(query: &PlacementQuery<'_, 'a>) -> Option<Placement<'a>> {
    let reachable = query.reachable();
    let mut waiting = None;
    for strategy in query.strategies.iter() {
        if rules::removal(query, strategy).is_some() {
            continue;
        }
        let Some((score, placement)) = query.best(strategy, &reachable) else {
            continue;
        };
        if score.available {
            return Some(placement);
        }
        waiting = waiting.or(Some(placement));
    }
    waiting
}

/// How good a candidate is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Score {
    available: bool,
    /// The number of architectures and zones that stay possible, if they matter.
    places_left: PlaceCounts,
    surplus: u64,
    supply: u64,
}

impl Score {
    fn beats(&self, other: &Self) -> bool {
        use std::cmp::Reverse;
        let key = |s: &Self| {
            (
                !s.available,
                Reverse(s.places_left),
                s.surplus,
                Reverse(s.supply),
            )
        };
        key(self) < key(other)
    }
}

impl<'a> PlacementQuery<'_, 'a> {
    /// The best candidate of one strategy.
    fn best(&self, strategy: Strategy, reachable: &[&'a Group]) -> Option<(Score, Placement<'a>)> {
        let mut best: Option<(Score, Vec<Allocation<'a>>, Load<'a>)> = None;
        for names in self.candidates(strategy, reachable) {
            let load = Load::of(self, &names);
            let Some(score) = self.score(strategy, &load, reachable) else {
                continue;
            };
            let better = best.as_ref().is_none_or(|(old, old_names, _)| {
                score.beats(old) || (score == *old && names < *old_names)
            });
            if better {
                best = Some((score, names, load));
            }
        }
        let (score, names, load) = best?;
        let placement = self.placement(strategy, (&names, &load), reachable);
        Some((score, placement))
    }

    /// The combinations of allocations to try: one allocation for all requests without a fixed name, and combinations that
    /// fit together on one group of nodes.
    fn candidates(&self, strategy: Strategy, reachable: &[&'a Group]) -> Vec<Vec<Allocation<'a>>> {
        let mut allocations: Vec<Allocation<'a>> = Vec::new();
        for (_, offer) in reachable.iter().flat_map(|g| self.offers(g)) {
            if offer.strategy == strategy && !allocations.contains(&offer.allocation()) {
                allocations.push(offer.allocation());
            }
        }
        let free = self
            .requests
            .iter()
            .filter(|w| w.fixed_resource().is_none());
        if free.clone().next().is_none() {
            let fixed = self
                .requests
                .iter()
                .filter_map(DeviceRequest::fixed_resource);
            return vec![fixed.map(Allocation::Resource).collect()];
        }
        let with = |free: Allocation<'a>| {
            let fixed =
                |request: &DeviceRequest<'a>| request.fixed_resource().map(Allocation::Resource);
            let each = self.requests.iter();
            each.map(|request| fixed(request).unwrap_or(free)).collect()
        };
        let candidates: Vec<Vec<Allocation<'a>>> =
            allocations.iter().map(|free| with(*free)).collect();
        match allocations.len() > 1 && self.requests.len() > 1 {
            true => self.mixed(strategy, reachable, candidates),
            false => candidates,
        }
    }

    /// Adds combinations of several allocations that fit together on one group of nodes.
    fn mixed(
        &self,
        strategy: Strategy,
        reachable: &[&'a Group],
        mut candidates: Vec<Vec<Allocation<'a>>>,
    ) -> Vec<Vec<Allocation<'a>>> {
        let mut in_all = MOST_TRIES_IN_ALL;
        for group in reachable {
            let offers = self.offers(group).filter(|(_, o)| o.strategy == strategy);
            // Combinations of one allocation are candidates already.
            if offers.count() < 2 || candidates.len() >= MOST_CANDIDATES {
                continue;
            }
            let most = MOST_TRIES.min(in_all);
            let (mut names, mut tries) = (Vec::with_capacity(self.requests.len()), most);
            let fits = self.fit(strategy, group, &mut names, &mut tries);
            in_all -= most - tries;
            if fits && !candidates.contains(&names) {
                candidates.push(names);
            }
        }
        candidates
    }

    /// Finds offers of one group of nodes that together serve the remaining requests, the smallest surplus first. Stops
    /// when no tries are left.
    fn fit(
        &self,
        strategy: Strategy,
        group: &Group,
        names: &mut Vec<Allocation<'a>>,
        tries: &mut u32,
    ) -> bool {
        let Some(request) = self.requests.get(names.len()) else {
            return self
                .surplus(strategy, &Load::of(self, names), group)
                .is_some();
        };
        let offers = self.offers(group);
        let offers = offers.filter(|(advertised, _)| self.is_requested(advertised.offer));
        let named = |o: &&Offer| request.fixed_resource().is_none_or(|f| f == o.resource);
        let mut offers: Vec<&'a Offer> = offers
            .map(|(_, offer)| offer)
            .filter(|o| o.strategy == strategy && request.size.met_by(o).is_ok())
            .filter(named)
            .collect();
        offers.sort_by_key(|o| (request.size.surplus_mib(o), o.resource.as_str()));
        for offer in offers {
            if *tries == 0 {
                return false;
            }
            *tries -= 1;
            names.push(offer.allocation());
            if self.fit(strategy, group, names, tries) {
                return true;
            }
            names.pop();
        }
        false
    }

    fn score(&self, strategy: Strategy, load: &Load<'_>, reachable: &[&'a Group]) -> Option<Score> {
        let mut score: Option<Score> = None;
        let mut reach = self.minds_places().then(Reach::default);
        for group in reachable {
            let Some(surplus) = self.surplus(strategy, load, group) else {
                continue;
            };
            if let Some(reach) = &mut reach {
                reach.join(group);
            }
            let nodes = self.supply.nodes_in(group) as u64;
            let supply: u64 = self
                .offers(group)
                .filter(|(_, o)| {
                    let mut needed = load.needed.iter();
                    o.strategy == strategy
                        && needed.any(|(allocation, _)| *allocation == o.allocation())
                })
                .map(|(advertised, _)| advertised.count.saturating_mul(nodes))
                .fold(0, u64::saturating_add);
            score = Some(match score {
                None => Score {
                    available: group.available,
                    places_left: PlaceCounts::default(),
                    surplus,
                    supply,
                },
                // If nodes are available now, only these count for the surplus.
                Some(old) => Score {
                    available: old.available || group.available,
                    places_left: PlaceCounts::default(),
                    surplus: match (old.available, group.available) {
                        (true, false) => old.surplus,
                        (false, true) => surplus,
                        _ => old.surplus.min(surplus),
                    },
                    supply: old.supply.saturating_add(supply),
                },
            });
        }
        if let (Some(score), Some(reach)) = (&mut score, &reach) {
            score.places_left = self.places_left(reach);
        }
        score
    }

    /// The surplus of a group of nodes for a load. None if the group is not suitable.
    fn surplus(&self, strategy: Strategy, load: &Load<'_>, group: &Group) -> Option<u64> {
        if strategy.is_shared() && !group.has_hostname {
            return None;
        }
        // Next to another name, a second pass would mistake `nvidia.com/gpu` for the default of a LimitRange.
        if load.needed.len() > 1 && load.needed.iter().any(|(a, _)| *a == WHOLE) {
            return None;
        }
        let mut surplus = 0_u64;
        for (at, (allocation, needed)) in load.needed.iter().enumerate() {
            let (advertised, offer) = self.offer(group, strategy, *allocation)?;
            let is_forbidden = self.forbidding(strategy, allocation.name()).is_some();
            if is_forbidden || *needed > advertised.count || !self.is_requested(advertised.offer) {
                return None;
            }
            for (_, size, times) in load.sizes.iter().filter(|(name, ..)| *name == at) {
                size.met_by(offer).ok()?;
                surplus = surplus.saturating_add(size.surplus_mib(offer).saturating_mul(*times));
            }
        }
        Some(surplus)
    }

    fn placement(
        &self,
        strategy: Strategy,
        (names, load): (&[Allocation<'a>], &Load<'a>),
        reachable: &[&'a Group],
    ) -> Placement<'a> {
        let mut shares: Vec<AllocatedShare<'a>> = load
            .needed
            .iter()
            .map(|(a, _)| AllocatedShare::unknown(*a))
            .collect();
        let (mut nodes, mut taints) = (UniqueList::new(), UniqueList::new());
        for group in reachable {
            if self.surplus(strategy, load, group).is_none() {
                continue;
            }
            let mut offers = Vec::with_capacity(1);
            for share in &mut shares {
                let Some((advertised, offer)) = self.offer(group, strategy, share.allocation)
                else {
                    continue;
                };
                let mib = offer.memory_mib.unwrap_or(0);
                share.smallest_mib = share.smallest_mib.min(mib);
                share.largest_mib = share.largest_mib.max(Some(mib));
                share.smallest_percent = share.smallest_percent.min(offer.compute_percent());
                offers.push(advertised.offer);
            }
            nodes.add(offers);
            let gpu = |taint: &&Taint| crate::engine::supply::filter::is_gpu_taint(taint);
            group
                .taints
                .iter()
                .filter(gpu)
                .for_each(|taint| taints.add(taint));
        }
        let share = |allocation: &Allocation<'a>| {
            let mut shares = shares.iter();
            shares.find(|g| g.allocation == *allocation).copied()
        };
        Placement {
            strategy,
            shares: names.iter().filter_map(share).collect(),
            nodes: nodes.into_list(),
            taints: taints.into_list(),
        }
    }

    fn offers<'g>(&self, group: &'g Group) -> impl Iterator<Item = (&'g Advertised, &'a Offer)> {
        let supply = self.supply;
        let advertised = group.advertised.iter();
        advertised.filter_map(|advertised| Some((advertised, supply.offers.get(advertised.offer)?)))
    }

    fn offer<'g>(
        &self,
        group: &'g Group,
        strategy: Strategy,
        allocation: Allocation<'_>,
    ) -> Option<(&'g Advertised, &'a Offer)> {
        self.offers(group)
            .find(|(_, o)| o.strategy == strategy && o.allocation() == allocation)
    }
}

/// What a pod requests of a node with these allocations. Equal requests are counted together.
struct Load<'n> {
    /// Each allocation, and how many of it the pod needs at the same time.
    needed: Vec<(Allocation<'n>, u64)>,
    /// Each size, the index of its allocation in `needed`, and how often it occurs.
    sizes: Vec<(usize, ShareSize, u64)>,
}

impl<'n> Load<'n> {
    fn of(query: &PlacementQuery<'_, '_>, names: &[Allocation<'n>]) -> Self {
        let mut load = Self {
            needed: Vec::with_capacity(1),
            sizes: Vec::with_capacity(1),
        };
        for (request, name) in query.requests.iter().zip(names) {
            let known = load.needed.iter().position(|(known, _)| known == name);
            let at = known.unwrap_or(load.needed.len());
            if known.is_none() {
                load.needed.push((*name, query.needed(names, name)));
            }
            let mut sizes = load.sizes.iter_mut();
            match sizes.find(|(name, size, _)| *name == at && *size == request.size) {
                Some((_, _, times)) => *times += 1,
                None => load.sizes.push((at, request.size, 1)),
            }
        }
        load
    }
}
