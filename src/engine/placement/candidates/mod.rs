//! The candidates with their verdicts, for previews and denials. Not computed for pods that are admitted.

mod candidate;
mod obstacle;
mod remedy;
mod words;

use std::collections::HashSet;

use crate::engine::line::{Placement, PlacementQuery};
use crate::engine::placement::candidates::candidate::{Candidate, NOT_THERE, Why, candidates};
use crate::engine::rules::no_such_offer::Nearest;
use crate::engine::vocabulary::Strategy;

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
}

/// Every candidate of every strategy that the pod may use, in the order in which they are tried.
pub fn list(
    query: &PlacementQuery<'_, '_>,
    placement: Option<&Placement<'_>>,
) -> Vec<CandidateVerdict> {
    verdicts(&candidates(query), query, placement).collect()
}

/// The three candidates that come nearest to serving the pod, in words.
pub fn nearest(query: &PlacementQuery<'_, '_>) -> Nearest {
    let mut all = candidates(query);
    all.retain(|candidate| candidate.distance < NOT_THERE);
    all.sort_by_key(|candidate| candidate.distance);
    // There may be thousands; only these are put into words.
    let nearest = verdicts(&all, query, None).take(3);
    let offers = nearest.map(|c| format!("{} by {}: {}", c.offer, c.strategy, c.verdict));
    Nearest {
        request_words: words::request(query),
        offers: offers.collect(),
        fix: remedy::of(query, &all),
    }
}

/// The candidates in words, without those that read like an earlier one.
fn verdicts<'c>(
    all: &'c [Candidate<'_>],
    query: &'c PlacementQuery<'_, '_>,
    placement: Option<&'c Placement<'_>>,
) -> impl Iterator<Item = CandidateVerdict> {
    let mut known = HashSet::new();
    let all = all.iter().map(move |candidate| {
        let (offer, verdict) = words::verdict(candidate, query, placement);
        let ranks_first = placement.is_some_and(|p| candidate.ranks_before(query, p));
        CandidateVerdict {
            strategy: candidate.strategy,
            is_waiting: ranks_first && matches!(candidate.why, Why::Fits { takes_pods: false }),
            offer,
            verdict,
        }
    });
    all.filter(move |c| known.insert((c.strategy, c.offer.clone(), c.verdict.clone())))
}
