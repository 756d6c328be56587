//! `whole-gpu-needed`: refuses several GPUs in one container of a tier that only shares.

use crate::engine::line::placement::Case;
use crate::engine::line::request::{Named, Want};
use crate::engine::vocabulary::policy::Tier;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule::denies("whole-gpu-needed", include_str!("whole_gpu_needed.md"));

/// The container that needs whole devices, where a strategy hands out less.
pub fn removes<'c, 'a>(case: &Case<'c, 'a>, strategy: Strategy) -> Option<&'c Want<'a>> {
    let whole = |w: &&Want<'_>| w.count > 1 && matches!(w.named, Named::Gpu | Named::Nothing);
    if strategy == Strategy::Exclusive {
        return None;
    }
    case.wants.iter().find(whole)
}

/// Several GPUs in a tier that only shares.
pub fn text(want: &Want<'_>, tier: Option<&Tier>, explicit: Option<Strategy>) -> (String, String) {
    let what = match (explicit, tier) {
        (Some(strategy), _) => format!("strategy {strategy} hands out less than whole ones"),
        (None, Some(tier)) => format!("tier {} only shares", tier.name),
        (None, None) => "only shares are at hand".to_owned(),
    };
    (
        format!(
            "container {} asks for {} GPUs, and {what}",
            want.container, want.count
        ),
        "ask for one GPU, or name a tier that lists exclusive".to_owned(),
    )
}
