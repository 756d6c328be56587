//! Chooses strategy and resource: the tier's order, then what keeps the most architectures and zones, then least waste, then
//! the larger supply, then the name.

mod reach;

use crate::engine::line::placement::{Case, Choice, Grant};
use crate::engine::line::request::{Ask, Want};
use crate::engine::rules;
use crate::engine::supply::Offer;
use crate::engine::supply::fleet::Sold;
use crate::engine::supply::{Allocation, Group, Taint};
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::strategy::Strategy;
use crate::engine::vocabulary::unique::Once;

use crate::engine::line::reach::Reach;
use crate::engine::placement::choose::reach::Kept;

/// More ways to serve a pod's containers together than are tried on one kind of node.
const MOST_TRIES: u32 = 256;
/// The same over all kinds of nodes.
const MOST_TRIES_IN_ALL: u32 = 2_048;
/// More combinations of resource names than are compared.
const MOST_CANDIDATES: usize = 64;

/// `nvidia.com/gpu`.
const WHOLE: Allocation<'_> = Allocation::Resource(names::GPU);

/// Chooses, or finds that nothing known will do.
pub fn choose<'a>(case: &Case<'_, 'a>) -> Option<Choice<'a>> {
    let reachable = case.reachable();
    let mut waiting = None;
    for strategy in case.strategies.iter() {
        if rules::removal(case, strategy).is_some() {
            continue;
        }
        let Some((score, choice)) = case.best(strategy, &reachable) else {
            continue;
        };
        if score.available {
            return Some(choice);
        }
        waiting = waiting.or(Some(choice));
    }
    waiting
}

/// How good a candidate is: smaller is better.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Score {
    available: bool,
    /// Architectures and zones that are left, where they matter.
    kept: Kept,
    waste: u64,
    supply: u64,
}

impl Score {
    fn beats(&self, other: &Self) -> bool {
        use std::cmp::Reverse;
        let key = |s: &Self| (!s.available, Reverse(s.kept), s.waste, Reverse(s.supply));
        key(self) < key(other)
    }
}

impl<'a> Case<'_, 'a> {
    /// The best candidate of one strategy.
    fn best(&self, strategy: Strategy, reachable: &[&'a Group]) -> Option<(Score, Choice<'a>)> {
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
        let choice = self.choice(strategy, (&names, &load), reachable);
        Some((score, choice))
    }

    /// Which resource names to try: one for all free wants, and what fits all wants together on each kind of node.
    fn candidates(&self, strategy: Strategy, reachable: &[&'a Group]) -> Vec<Vec<Allocation<'a>>> {
        let mut allocations: Vec<Allocation<'a>> = Vec::new();
        for (_, offer) in reachable.iter().flat_map(|g| self.offers(g)) {
            if offer.strategy == strategy && !allocations.contains(&offer.allocation()) {
                allocations.push(offer.allocation());
            }
        }
        let free = self.wants.iter().filter(|w| w.fixed_resource().is_none());
        if free.clone().next().is_none() {
            let fixed = self.wants.iter().filter_map(Want::fixed_resource);
            return vec![fixed.map(Allocation::Resource).collect()];
        }
        let with = |free: Allocation<'a>| {
            let fixed = |want: &Want<'a>| want.fixed_resource().map(Allocation::Resource);
            let each = self.wants.iter();
            each.map(|want| fixed(want).unwrap_or(free)).collect()
        };
        let candidates: Vec<Vec<Allocation<'a>>> =
            allocations.iter().map(|free| with(*free)).collect();
        match allocations.len() > 1 && self.wants.len() > 1 {
            true => self.mixed(strategy, reachable, candidates),
            false => candidates,
        }
    }

    /// The candidates, and what fits all wants together on each kind of node, by several names.
    fn mixed(
        &self,
        strategy: Strategy,
        reachable: &[&'a Group],
        mut candidates: Vec<Vec<Allocation<'a>>>,
    ) -> Vec<Vec<Allocation<'a>>> {
        let mut in_all = MOST_TRIES_IN_ALL;
        for group in reachable {
            let offers = self.offers(group).filter(|(_, o)| o.strategy == strategy);
            // One name was tried already.
            if offers.count() < 2 || candidates.len() >= MOST_CANDIDATES {
                continue;
            }
            let most = MOST_TRIES.min(in_all);
            let (mut names, mut tries) = (Vec::with_capacity(self.wants.len()), most);
            let fits = self.fit(strategy, group, &mut names, &mut tries);
            in_all -= most - tries;
            if fits && !candidates.contains(&names) {
                candidates.push(names);
            }
        }
        candidates
    }

    /// Finds offers of one kind of node that together serve the wants from the next one on, those that waste least
    /// first. Gives up after so many tries.
    fn fit(
        &self,
        strategy: Strategy,
        group: &Group,
        names: &mut Vec<Allocation<'a>>,
        tries: &mut u32,
    ) -> bool {
        let Some(want) = self.wants.get(names.len()) else {
            return self
                .waste(strategy, &Load::of(self, names), group)
                .is_some();
        };
        let offers = self.offers(group);
        let offers = offers.filter(|(sold, _)| self.is_wanted(sold.offer));
        let named = |o: &&Offer| want.fixed_resource().is_none_or(|f| f == o.resource);
        let mut offers: Vec<&'a Offer> = offers
            .map(|(_, offer)| offer)
            .filter(|o| o.strategy == strategy && want.ask.met_by(o).is_ok())
            .filter(named)
            .collect();
        offers.sort_by_key(|o| (want.ask.waste_mib(o), o.resource.as_str()));
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
            let Some(waste) = self.waste(strategy, load, group) else {
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
                .map(|(sold, _)| sold.count.saturating_mul(nodes))
                .fold(0, u64::saturating_add);
            score = Some(match score {
                None => Score {
                    available: group.available,
                    kept: Kept::default(),
                    waste,
                    supply,
                },
                // Only nodes that can be used now say how well a candidate fits, if there are any.
                Some(old) => Score {
                    available: old.available || group.available,
                    kept: Kept::default(),
                    waste: match (old.available, group.available) {
                        (true, false) => old.waste,
                        (false, true) => waste,
                        _ => old.waste.min(waste),
                    },
                    supply: old.supply.saturating_add(supply),
                },
            });
        }
        if let (Some(score), Some(reach)) = (&mut score, &reach) {
            score.kept = self.kept(reach);
        }
        score
    }

    /// What a kind of node wastes on a load; none where it will not do.
    fn waste(&self, strategy: Strategy, load: &Load<'_>, group: &Group) -> Option<u64> {
        if strategy.is_shared() && !group.has_hostname {
            return None;
        }
        // Beside another name a second pass would take `nvidia.com/gpu` for what a LimitRange put back.
        if load.needed.len() > 1 && load.needed.iter().any(|(a, _)| *a == WHOLE) {
            return None;
        }
        let mut waste = 0_u64;
        for (at, (allocation, needed)) in load.needed.iter().enumerate() {
            let (sold, offer) = self.offer(group, strategy, *allocation)?;
            let is_forbidden = self.forbidding(strategy, allocation.name()).is_some();
            if is_forbidden || *needed > sold.count || !self.is_wanted(sold.offer) {
                return None;
            }
            for (_, ask, times) in load.asks.iter().filter(|(name, ..)| *name == at) {
                ask.met_by(offer).ok()?;
                waste = waste.saturating_add(ask.waste_mib(offer).saturating_mul(*times));
            }
        }
        Some(waste)
    }

    fn choice(
        &self,
        strategy: Strategy,
        (names, load): (&[Allocation<'a>], &Load<'a>),
        reachable: &[&'a Group],
    ) -> Choice<'a> {
        let mut grants: Vec<Grant<'a>> = load
            .needed
            .iter()
            .map(|(a, _)| Grant::unknown(*a))
            .collect();
        let (mut nodes, mut taints) = (Once::new(), Once::new());
        for group in reachable {
            if self.waste(strategy, load, group).is_none() {
                continue;
            }
            let mut offers = Vec::with_capacity(1);
            for grant in &mut grants {
                let Some((sold, offer)) = self.offer(group, strategy, grant.allocation) else {
                    continue;
                };
                let mib = offer.memory_mib.unwrap_or(0);
                grant.smallest_mib = grant.smallest_mib.min(mib);
                grant.largest_mib = grant.largest_mib.max(Some(mib));
                grant.smallest_percent = grant.smallest_percent.min(offer.compute_percent());
                offers.push(sold.offer);
            }
            nodes.add(offers);
            let gpu = |taint: &&Taint| crate::engine::supply::filter::is_gpu_taint(taint);
            group
                .taints
                .iter()
                .filter(gpu)
                .for_each(|taint| taints.add(taint));
        }
        let grant = |allocation: &Allocation<'a>| {
            let mut grants = grants.iter();
            grants.find(|g| g.allocation == *allocation).copied()
        };
        Choice {
            strategy,
            grants: names.iter().filter_map(grant).collect(),
            nodes: nodes.into_list(),
            taints: taints.into_list(),
        }
    }

    fn offers<'g>(&self, group: &'g Group) -> impl Iterator<Item = (&'g Sold, &'a Offer)> {
        let supply = self.supply;
        let sold = group.sold.iter();
        sold.filter_map(|sold| Some((sold, supply.offers.get(sold.offer)?)))
    }

    fn offer<'g>(
        &self,
        group: &'g Group,
        strategy: Strategy,
        allocation: Allocation<'_>,
    ) -> Option<(&'g Sold, &'a Offer)> {
        self.offers(group)
            .find(|(_, o)| o.strategy == strategy && o.allocation() == allocation)
    }
}

/// What a pod asks of a node under these resource names, what is alike counted together.
struct Load<'n> {
    /// Each name, and how many the pod needs at once.
    needed: Vec<(Allocation<'n>, u64)>,
    /// Each ask, under which of the names, and how often.
    asks: Vec<(usize, Ask, u64)>,
}

impl<'n> Load<'n> {
    fn of(case: &Case<'_, '_>, names: &[Allocation<'n>]) -> Self {
        let mut load = Self {
            needed: Vec::with_capacity(1),
            asks: Vec::with_capacity(1),
        };
        for (want, name) in case.wants.iter().zip(names) {
            let known = load.needed.iter().position(|(known, _)| known == name);
            let at = known.unwrap_or(load.needed.len());
            if known.is_none() {
                load.needed.push((*name, case.needed(names, name)));
            }
            let mut asks = load.asks.iter_mut();
            match asks.find(|(name, ask, _)| *name == at && *ask == want.ask) {
                Some((_, _, times)) => *times += 1,
                None => load.asks.push((at, want.ask, 1)),
            }
        }
        load
    }
}
