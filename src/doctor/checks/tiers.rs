//! Whether the nodes can keep what each tier of the policy promises.

use super::super::alike::counted;
use super::super::finding::Finding;
use super::super::scene::{Scene, seen};
use super::Findings;
use crate::engine::policy::Tier;
use crate::engine::supply::Offer;

/// What keeps every offer from a tier; none where one serves it.
fn problem(tier: &Tier, offers: &[Offer]) -> Option<String> {
    let words: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    let words = words.join(" or ");
    let of_strategy = |offer: &&Offer| {
        tier.strategies.contains(&offer.strategy) && offer.strategy.isolation() >= tier.isolation
    };
    let fits = |offer: &Offer| {
        tier.share
            .memory
            .is_none_or(|bytes| offer.has_memory(bytes))
            && tier
                .share
                .fraction
                .is_none_or(|part| offer.has_fraction(part))
    };
    let mut possible = offers.iter().filter(of_strategy).peekable();
    if possible.peek().is_none() {
        return Some(format!("{}: nothing is handed out as {words}", tier.name));
    }
    let is_served = possible.any(fits);
    (!is_served).then(|| {
        format!(
            "{}: what is handed out as {words} is smaller than its default share",
            tier.name
        )
    })
}

pub(super) fn served(scene: &Scene<'_>) -> Findings {
    let (tiers, supply) = (&scene.policy()?.tiers, seen(&scene.supply)?);
    let problems = tiers
        .iter()
        .filter_map(|tier| problem(tier, &supply.offers));
    let problems: Vec<String> = problems.collect();
    let finding = match problems.is_empty() {
        true => Finding::ok(format!(
            "{} of the policy, each served by some node",
            counted(tiers.len(), "tier")
        )),
        false => Finding::warn(
            format!(
                "{} of {} cannot be served ({})",
                problems.len(),
                tiers.len(),
                problems.join("; ")
            ),
            "configure nodes for them, declare those to come as the policy's supply.pools, or change the tiers",
        ),
    };
    Ok(vec![finding])
}
