//! How to opt a namespace in: first as a dry run, with a tier that the nodes can serve.

use super::assessment::Assessment;
use super::finding::Fix;
use super::{kubectl, plain};
use crate::engine::vocabulary::{Isolation, Strategy, Tier, names};

/// What to do while no namespace is opted in.
pub(super) fn opt_in(assessment: &Assessment<'_>) -> Fix {
    let command = |tier: &str| {
        let annotate = kubectl::annotate("NAMESPACE", names::MODE, "dry-run");
        format!("{annotate} {}={tier}", names::TIER)
    };
    let (Ok(policy), Ok(supply)) = (assessment.policy(), &assessment.supply) else {
        let fix = "opt a namespace in, first without effect, with a tier of the policy";
        return Fix::by(fix, command("TIER"));
    };
    let mut tiers: Vec<&Tier> = policy.tiers.iter().collect();
    // First the isolation that is enough for most users and needs the least from nodes.
    tiers.sort_by_key(|tier| (tier.isolation == Isolation::None, tier.isolation));
    let served: Vec<(&str, Strategy)> = tiers
        .into_iter()
        .filter_map(|tier| Some((tier.name.as_str(), plain::served(policy, supply, tier)?)))
        .collect();
    let is_shared = |(_, strategy): &&(&str, Strategy)| *strategy != Strategy::Exclusive;
    if let Some((tier, strategy)) = served.iter().find(is_shared) {
        let fix = format!(
            "opt a namespace in, first without effect; nodes serve {tier} by {}",
            strategy.word()
        );
        return Fix::by(fix, command(tier));
    }
    const NOTHING: &str = "nodes hand out nothing that can be shared: have the device plugin hand out MPS shares or \
        MIG slices first (docs/nodes.md)";
    match served.first() {
        Some((tier, _)) => {
            let fix = format!("{NOTHING}; until then {tier} gives whole GPUs");
            Fix::by(fix, command(tier))
        }
        None => format!("{NOTHING}; until then they serve no tier of the policy").into(),
    }
}
