//! How to opt a namespace in: first without effect, and with a tier that the nodes can serve.

use super::assessment::Assessment;
use super::finding::Finding;
use super::gathered::seen;
use super::plain;
use crate::engine::vocabulary::{Isolation, Strategy, Tier, names};

/// Completes a warning that nobody has opted in.
pub(super) fn opt_in(assessment: &Assessment<'_>, warn: impl Fn(String) -> Finding) -> Finding {
    let (Ok(policy), Ok(supply)) = (assessment.policy(), seen(&assessment.supply)) else {
        let fix = "opt a namespace in, first without effect, with a tier of the policy";
        return warn(fix.to_owned()).run(command("TIER"));
    };
    let mut tiers: Vec<&Tier> = policy.tiers.iter().collect();
    // What isolates most people enough, and asks the least of nodes.
    tiers.sort_by_key(|tier| (tier.isolation == Isolation::None, tier.isolation));
    let served: Vec<(&str, Strategy)> = tiers
        .into_iter()
        .filter_map(|tier| Some((tier.name.as_str(), plain::served(policy, supply, tier)?)))
        .collect();
    let shared = served
        .iter()
        .find(|(_, strategy)| *strategy != Strategy::Exclusive);
    const NOTHING: &str = "nodes hand out nothing that can be shared: have the device plugin hand out MPS shares or \
        MIG slices first (docs/nodes.md)";
    match (shared, served.first()) {
        (Some((tier, strategy)), _) => warn(format!(
            "opt a namespace in, first without effect; nodes serve {tier} by {}",
            strategy.word()
        ))
        .run(command(tier)),
        (None, Some((tier, _))) => {
            warn(format!("{NOTHING}; until then {tier} gives whole GPUs")).run(command(tier))
        }
        (None, None) => warn(format!(
            "{NOTHING}; until then they serve no tier of the policy"
        )),
    }
}

fn command(tier: &str) -> String {
    format!(
        "kubectl annotate --overwrite namespace NAMESPACE {}=dry-run {}={tier}",
        names::MODE,
        names::TIER
    )
}
