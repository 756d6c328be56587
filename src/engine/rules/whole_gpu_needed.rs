//! `whole-gpu-needed`: refuses several GPUs in one container of a tier that only shares.

use crate::engine::line::{DeviceRequest, PlacementQuery, RequestedResource};
use crate::engine::rules::check::Removal;
use crate::engine::vocabulary::{Rule, Strategy, Text, Tier};

/// The rule.
pub static RULE: Rule = Rule::denies("whole-gpu-needed", include_str!("whole_gpu_needed.md"));

/// Takes shares and slices out of the choice of a container with several GPUs, whatever severity the rule has.
pub static SEVERAL_GPUS: Removal = Removal {
    rule: &RULE,
    is_absolute: true,
    verdict: None,
    removes: |query, strategy| wanting(query, strategy).is_some(),
    finding: |query, strategy| {
        let request = wanting(query, strategy)?;
        let explicit = query.is_explicit.then_some(strategy);
        Some((format!("{}/resources", request.place), text(request, query.tier, explicit)))
    },
};

/// The container that needs whole devices, where a strategy hands out less.
fn wanting<'c, 'a>(query: &PlacementQuery<'c, 'a>, strategy: Strategy) -> Option<&'c DeviceRequest<'a>> {
    let whole = |w: &&DeviceRequest<'_>| w.count > 1 && matches!(w.named, RequestedResource::Gpu | RequestedResource::Nothing);
    if strategy == Strategy::Exclusive {
        return None;
    }
    query.requests.iter().find(whole)
}

/// Several GPUs in a tier that only shares.
pub fn text(request: &DeviceRequest<'_>, tier: Option<&Tier>, explicit: Option<Strategy>) -> Text {
    let what = match (explicit, tier) {
        (Some(strategy), _) => format!("strategy {strategy} hands out less than whole ones"),
        (None, Some(tier)) => format!("tier {} only shares", tier.name),
        (None, None) => "only shares are at hand".to_owned(),
    };
    (
        format!(
            "container {} asks for {} GPUs, and {what}",
            request.container, request.count
        ),
        "ask for one GPU, or name a tier that lists exclusive".to_owned(),
    )
}
