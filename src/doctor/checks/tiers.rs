//! Whether the nodes can keep what each tier of the policy promises.

use super::super::finding::Finding;
use super::super::scene::{Scene, seen};
use super::Findings;
use crate::engine::policy::Tier;
use crate::engine::supply::Offer;

/// What keeps every offer from a tier; none where one serves it.
fn problem(tier: &Tier, offers: &[Offer]) -> Option<String> {
    let words: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    let mut of_strategy = offers.iter().filter(|o| {
        tier.strategies.contains(&o.strategy) && o.strategy.isolation() >= tier.isolation
    });
    let fits = |offer: &Offer| {
        tier.share
            .memory
            .is_none_or(|bytes| offer.has_memory(bytes))
            && tier
                .share
                .fraction
                .is_none_or(|part| offer.has_fraction(part))
    };
    if of_strategy.clone().next().is_none() {
        return Some(format!(
            "nothing hands out {}, so its pods are refused",
            words.join(" or ")
        ));
    }
    (!of_strategy.any(fits)).then(|| {
        format!(
            "what is handed out as {} is smaller than its default share, so its pods are refused \
             unless they ask for less",
            words.join(" or ")
        )
    })
}

pub(super) fn served(scene: &Scene<'_>) -> Findings {
    let (policy, supply) = (scene.policy()?, seen(&scene.supply)?);
    let mut findings = Vec::new();
    let mut served = Vec::new();
    for tier in &policy.tiers {
        match problem(tier, &supply.offers) {
            None => served.push(tier.name.as_str()),
            Some(problem) => findings.push(Finding::warn(
                format!("tier {}: {problem}", tier.name),
                "configure nodes for it, declare those to come as supply.pools, or change the tier",
            )),
        }
    }
    if !served.is_empty() || findings.is_empty() {
        findings.push(Finding::ok(format!(
            "served: {}",
            match served.is_empty() {
                true => "the policy has none".to_owned(),
                false => served.join(", "),
            }
        )));
    }
    Ok(findings)
}
