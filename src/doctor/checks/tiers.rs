//! Whether the nodes can keep what each tier of the policy promises.

use crate::doctor::alike::counted;
use crate::doctor::assessment::Assessment;
use crate::doctor::finding::{Finding, Findings};
use crate::doctor::gathered::seen;
use crate::doctor::plain::{self, Plain};
use crate::engine::supply::Offer;
use crate::engine::vocabulary::Tier;

/// Why nothing serves a tier, in short: the decision names everything that was considered.
fn short(tier: &Tier, offers: &[Offer]) -> String {
    let words: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    let words = words.join(" or ");
    if offers
        .iter()
        .any(|offer| tier.strategies.contains(&offer.strategy))
    {
        format!(
            "{}: none of what is handed out as {words} has its default share",
            tier.name
        )
    } else {
        format!("{}: nothing is handed out as {words}", tier.name)
    }
}

pub(super) fn served(assessment: &Assessment<'_>) -> Findings {
    let (policy, supply) = (assessment.policy()?, seen(&assessment.supply)?);
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
    let finding = if problems.is_empty() {
        Finding::ok(format!(
            "{} of the policy, each served by some node",
            counted(count, "tier")
        ))
    } else {
        Finding::warn(
            format!(
                "{} of {count} cannot be served ({})",
                problems.len(),
                problems.join("; ")
            ),
            "have nodes hand out MPS shares or MIG slices of that size (docs/nodes.md), declare those to come as \
             the policy's supply.pools, or change the tiers; namespaces of such a tier are closed once enforced",
        )
    };
    Ok(vec![finding])
}
