//! The candidates with their verdicts, for previews and denials. Not computed for pods that are admitted.

mod obstacle;
mod remedy;
mod words;

use std::collections::{HashMap, HashSet};

use crate::engine::line::{
    DeviceRequest, Placement, PlacementQuery, ShareSize, Shortfall, Strategies,
};
use crate::engine::namespaces::quota::{Forbidden, QuotaView};
use crate::engine::rules;
use crate::engine::rules::check::Removal;
use crate::engine::supply::Offer;
use crate::engine::supply::fleet::{Advertised, Group};
use crate::engine::supply::offer::mib_ceil;
use crate::engine::vocabulary::Strategy;

use crate::engine::placement::candidates::obstacle::Obstacle;
use crate::engine::placement::candidates::words::{forbidden, short};
pub use crate::engine::placement::candidates::words::{mib_words, request_words};

/// One candidate with its verdict, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateVerdict {
    /// The strategy.
    pub strategy: Strategy,
    /// `nvidia.com/mig-1g.10gb on NVIDIA-A100-SXM4-80GB`; `any` if the strategy itself is excluded, `none` without an
    /// offer.
    pub offer: String,
    /// Why it is not suitable, or that it is the placement.
    pub verdict: String,
    /// It ranks before the placement, but its nodes take no pods now.
    pub is_waiting: bool,
    /// How far it is from serving the pod; smaller is nearer. By kind, then by the size of the shortfall.
    pub distance: (u8, u64),
}

/// The distance of an offer that is too small and also out of reach.
const UNREACHED: (u8, u64) = (5, 0);

/// The distance of a strategy that no node offers.
pub const NOT_THERE: (u8, u64) = (10, 0);

/// Every candidate of every strategy that the pod may use, in the order in which they are tried.
pub fn list(
    query: &PlacementQuery<'_, '_>,
    placement: Option<&Placement<'_>>,
) -> Vec<CandidateVerdict> {
    let chosen = placement.map(|placement| PlacedBy::of(query, placement));
    let all = candidates(query).into_iter();
    once(all.map(|candidate| candidate.say(query, chosen.as_ref()))).collect()
}

/// The candidates that come nearest to serving the pod.
#[derive(Debug)]
pub struct Nearest {
    /// At most the requested number; empty if no node offers anything of the kind.
    pub list: Vec<CandidateVerdict>,
    /// The fix for the obstacle of the first of them.
    pub fix: Option<String>,
}

/// The candidates nearest to serving the pod, up to a limit.
pub fn nearest(query: &PlacementQuery<'_, '_>, most: usize) -> Nearest {
    let mut all = candidates(query);
    all.retain(|candidate| candidate.distance < NOT_THERE);
    all.sort_by_key(|candidate| candidate.distance);
    // There may be thousands; only these are put into words.
    let fix = all.first().and_then(|first| remedy::of(query, first, &all));
    let all = all.iter();
    Nearest {
        list: once(all.map(|candidate| candidate.say(query, None)))
            .take(most)
            .collect(),
        fix,
    }
}

/// Drops entries that read like an earlier one.
fn once(all: impl Iterator<Item = CandidateVerdict>) -> impl Iterator<Item = CandidateVerdict> {
    let mut seen = HashSet::new();
    all.filter(move |c| seen.insert((c.strategy, c.offer.clone(), c.verdict.clone())))
}

/// A candidate, before it is put into words.
struct Candidate<'c> {
    strategy: Strategy,
    offer: Option<&'c Offer>,
    why: Why<'c>,
    distance: (u8, u64),
}

/// Why a candidate is not suitable, or that it is.
enum Why<'c> {
    Ruled(&'static Removal),
    Nobody,
    Short(&'c ShareSize, Shortfall),
    Product,
    Hostname,
    Few { count: u64, needed: u64 },
    Unreached(&'c Group),
    Forbidden(&'c QuotaView, Forbidden),
    Fits { takes_pods: bool },
}

fn candidates<'c>(query: &'c PlacementQuery<'_, '_>) -> Vec<Candidate<'c>> {
    let mut all = Vec::new();
    for strategy in query.strategies.iter() {
        let of_strategy = |why, distance| Candidate {
            strategy,
            offer: None,
            why,
            distance,
        };
        if let Some(removal) = rules::removal(query, strategy) {
            all.push(of_strategy(Why::Ruled(removal), (9, 0)));
            continue;
        }
        let before = all.len();
        of_offers(query, strategy, &mut all);
        if all.len() == before {
            all.push(of_strategy(Why::Nobody, NOT_THERE));
        }
    }
    all
}

fn of_offers<'c>(
    query: &'c PlacementQuery<'_, '_>,
    strategy: Strategy,
    all: &mut Vec<Candidate<'c>>,
) {
    let mut requesting: HashMap<&str, Asking<'_, '_>> = HashMap::new();
    for (group, is_reached) in query.supply.groups.iter().zip(query.reached()) {
        for advertised in &group.advertised {
            let offer = query.supply.offers.get(advertised.offer);
            let Some(offer) = offer.filter(|offer| offer.strategy == strategy) else {
                continue;
            };
            let name = offer.resource.as_str();
            let requesting = requesting
                .entry(name)
                .or_insert_with(|| Asking::of(query, name));
            let node = (group, *is_reached, advertised);
            if let Some((why, distance)) = verdict(query, requesting, node, offer) {
                all.push(Candidate {
                    strategy,
                    offer: Some(offer),
                    why,
                    distance,
                });
            }
        }
    }
}

/// The placement, and the strategies that rank before it.
struct PlacedBy<'c, 'a> {
    placement: &'c Placement<'a>,
    before: Strategies,
}

impl<'c, 'a> PlacedBy<'c, 'a> {
    fn of(query: &PlacementQuery<'_, '_>, placement: &'c Placement<'a>) -> Self {
        let all = query.strategies.iter();
        let before = Strategies::of(all.take_while(|s| *s != placement.strategy));
        Self { placement, before }
    }

    fn comes_after(&self, strategy: Strategy) -> bool {
        !self.before.only(strategy).is_empty()
    }
}

impl Candidate<'_> {
    /// Whether the pod can reach nodes of the kind, if that is known.
    fn is_reached(&self) -> bool {
        self.distance < UNREACHED
    }

    fn say(
        &self,
        query: &PlacementQuery<'_, '_>,
        chosen: Option<&PlacedBy<'_, '_>>,
    ) -> CandidateVerdict {
        let (offer, verdict) = match (self.offer, &self.why) {
            (_, Why::Ruled(removal)) => ("any".to_owned(), removal.words()),
            (None, _) | (_, Why::Nobody) => {
                ("none".to_owned(), "no known node offers it".to_owned())
            }
            (Some(offer), why) => {
                let name = format!("{} on {}", offer.resource, offer.product);
                (name, why.say(query, offer, chosen))
            }
        };
        let is_first = chosen.is_some_and(|chosen| chosen.comes_after(self.strategy));
        CandidateVerdict {
            strategy: self.strategy,
            is_waiting: is_first && matches!(self.why, Why::Fits { takes_pods: false }),
            offer,
            verdict,
            distance: self.distance,
        }
    }
}

impl Why<'_> {
    fn say(
        &self,
        query: &PlacementQuery<'_, '_>,
        offer: &Offer,
        chosen: Option<&PlacedBy<'_, '_>>,
    ) -> String {
        let said = match self {
            Self::Short(size, lack) => return short(size, offer, *lack),
            Self::Few { count, needed } => return format!("{count} on a node, {needed} needed"),
            Self::Forbidden(quota, why) => return forbidden(offer, quota, *why),
            Self::Fits { takes_pods } => return fitting(query, offer, *takes_pods, chosen),
            Self::Product => "not one of the products asked for",
            Self::Hostname => {
                "its nodes have no kubernetes.io/hostname label, so trust boundaries would not hold"
            }
            Self::Unreached(group) => return Obstacle::between(query, group).to_string(),
            Self::Ruled(_) | Self::Nobody => "no known node offers it",
        };
        said.to_owned()
    }
}

/// The requests that an offer of one name could serve.
struct Asking<'c, 'a> {
    requests: Vec<&'c DeviceRequest<'a>>,
    /// How many of it the pod needs at the same time.
    needed: u64,
}

impl<'c, 'a> Asking<'c, 'a> {
    fn of(query: &PlacementQuery<'c, 'a>, name: &str) -> Self {
        let fits = |request: &&DeviceRequest<'_>| {
            request.fixed_resource().is_none_or(|fixed| fixed == name)
        };
        let names = query
            .requests
            .iter()
            .map(|w| w.fixed_resource().unwrap_or(name));
        let names: Vec<&str> = names.collect();
        let mut requests: Vec<&'c DeviceRequest<'a>> = Vec::new();
        for request in query.requests.iter().filter(fits) {
            // Equal requests get the same verdict.
            if !requests.iter().any(|known| known.size == request.size) {
                requests.push(request);
            }
        }
        Self {
            requests,
            needed: query.needed(&names, &name),
        }
    }
}

/// Why an offer of a group of nodes is not suitable, and its distance. None if the pod names other resources.
fn verdict<'c>(
    query: &'c PlacementQuery<'_, '_>,
    requesting: &Asking<'c, '_>,
    (group, is_reached, advertised): (&'c Group, bool, &Advertised),
    offer: &Offer,
) -> Option<(Why<'c>, (u8, u64))> {
    requesting.requests.first()?;
    for request in &requesting.requests {
        if let Err(lack) = request.size.met_by(offer) {
            let missing = missing(&request.size, offer, lack);
            // An offer that is too small and out of reach is the farthest.
            let kind = match (is_reached, lack) {
                (false, _) => UNREACHED.0,
                // A smaller request would not help.
                (true, Shortfall::Graphics | Shortfall::Video) => 4,
                (true, _) => 2,
            };
            return Some((Why::Short(&request.size, lack), (kind, missing)));
        }
    }
    if !query.is_requested(advertised.offer) {
        return Some((Why::Product, (4, 0)));
    }
    if offer.strategy.is_shared() && !group.has_hostname {
        return Some((Why::Hostname, (3, 0)));
    }
    let (needed, count) = (requesting.needed, advertised.count);
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

fn fitting(
    query: &PlacementQuery<'_, '_>,
    offer: &Offer,
    takes_pods: bool,
    chosen: Option<&PlacedBy<'_, '_>>,
) -> String {
    const NOT_TOGETHER: &str = "fits, but not together with the pod's other containers";
    let Some(chosen) = chosen else {
        return NOT_TOGETHER.to_owned();
    };
    let placement = chosen.placement;
    let allocated = placement
        .shares
        .iter()
        .any(|g| g.allocation == offer.allocation());
    match (placement.strategy == offer.strategy, allocated) {
        (true, true) => "chosen".to_owned(),
        (true, false) => {
            let chosen = placement
                .shares
                .first()
                .map_or("the other", |g| g.allocation.name());
            let why = match query.minds_places() {
                true => "keeps more architectures or zones, wastes less or has more of it",
                false => "wastes less or has more of it",
            };
            format!("fits; {chosen} {why}")
        }
        (false, _) if !chosen.comes_after(offer.strategy) => {
            format!("fits; {} comes first", placement.strategy)
        }
        (false, _) if takes_pods => NOT_TOGETHER.to_owned(),
        (false, _) => {
            "fits, but its nodes take no pods now: cordoned, not ready, or gone".to_owned()
        }
    }
}

/// The size of a shortfall: MiB, or percent of compute.
fn missing(size: &ShareSize, offer: &Offer, lack: Shortfall) -> u64 {
    let (requested, offered) = match lack {
        Shortfall::Memory => (size.memory.map(mib_ceil), offer.memory_mib),
        Shortfall::Fraction | Shortfall::MemoryFraction => {
            let device = offer.device_mib.unwrap_or(0);
            let fraction = size.fraction.or(size.memory_fraction);
            (fraction.map(|f| f.of_ceil(device)), offer.memory_mib)
        }
        Shortfall::Compute => {
            let percent = offer.compute_percent();
            (size.compute.map(u64::from), Some(u64::from(percent)))
        }
        Shortfall::Graphics | Shortfall::Video => (None, None),
    };
    requested.unwrap_or(0).saturating_sub(offered.unwrap_or(0))
}
