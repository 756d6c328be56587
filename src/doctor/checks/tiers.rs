//! Whether the nodes can keep what each tier of the policy promises.

use super::super::alike::counted;
use super::super::finding::Finding;
use super::super::plain::{self, Plain};
use super::super::scene::{Scene, seen};
use super::Findings;
use crate::engine::supply::Offer;
use crate::engine::vocabulary::policy::Tier;

/// Why nothing serves a tier, in short: the decision names everything that was considered.
fn short(tier: &Tier, offers: &[Offer]) -> String {
    let words: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    let words = words.join(" or ");
    match offers
        .iter()
        .any(|offer| tier.strategies.contains(&offer.strategy))
    {
        false => format!("{}: nothing is handed out as {words}", tier.name),
        true => format!(
            "{}: none of what is handed out as {words} has its default share",
            tier.name
        ),
    }
}

pub(super) fn served(scene: &Scene<'_>) -> Findings {
    let (policy, supply) = (scene.policy()?, seen(&scene.supply)?);
    let is_served = |tier: &&Tier| {
        let plain = plain::of_tier(policy, supply, tier);
        matches!(
            plain,
            Some(Plain {
                refused: None,
                is_unplaced: false,
                ..
            })
        )
    };
    let problems = policy.tiers.iter().filter(|tier| !is_served(tier));
    let problems: Vec<String> = problems.map(|tier| short(tier, &supply.offers)).collect();
    let count = policy.tiers.len();
    let finding = match problems.is_empty() {
        true => Finding::ok(format!(
            "{} of the policy, each served by some node",
            counted(count, "tier")
        )),
        false => Finding::warn(
            format!(
                "{} of {count} cannot be served ({})",
                problems.len(),
                problems.join("; ")
            ),
            "have nodes hand out MPS shares or MIG slices of that size (docs/nodes.md), declare those to come as \
             the policy's supply.pools, or change the tiers; namespaces of such a tier are closed once enforced",
        ),
    };
    Ok(vec![finding])
}
