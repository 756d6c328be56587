//! `whole-gpu-needed`: refuses several GPUs in one container of a tier that only shares.

use crate::engine::line::placement::Case;
use crate::engine::line::request::{Named, Want};
use crate::engine::rules::check::Removal;
use crate::engine::vocabulary::findings::Text;
use crate::engine::vocabulary::policy::Tier;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule::denies("whole-gpu-needed", include_str!("whole_gpu_needed.md"));

/// Takes shares and slices out of the choice of a container with several GPUs, whatever the policy makes of the rule.
pub static SEVERAL_GPUS: Removal = Removal {
    rule: &RULE,
    is_absolute: true,
    verdict: None,
    removes: |case, strategy| wanting(case, strategy).is_some(),
    finding: |case, strategy| {
        let want = wanting(case, strategy)?;
        let explicit = case.is_explicit.then_some(strategy);
        Some((format!("{}/resources", want.place), text(want, case.tier, explicit)))
    },
};

/// The container that needs whole devices, where a strategy hands out less.
fn wanting<'c, 'a>(case: &Case<'c, 'a>, strategy: Strategy) -> Option<&'c Want<'a>> {
    let whole = |w: &&Want<'_>| w.count > 1 && matches!(w.named, Named::Gpu | Named::Nothing);
    if strategy == Strategy::Exclusive {
        return None;
    }
    case.wants.iter().find(whole)
}

/// Several GPUs in a tier that only shares.
pub fn text(want: &Want<'_>, tier: Option<&Tier>, explicit: Option<Strategy>) -> Text {
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
