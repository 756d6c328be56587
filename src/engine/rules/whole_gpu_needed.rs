//! `whole-gpu-needed`: refuses several GPUs in one container of a tier that only shares.

use crate::engine::line::{DeviceRequest, PlacementQuery, RequestedResource};
use crate::engine::rules::check::Removal;
use crate::engine::vocabulary::{Rule, Strategy, Text, Tier};

/// The rule.
pub static RULE: Rule = Rule::denies("whole-gpu-needed", include_str!("whole_gpu_needed.md"));

/// Takes shares and slices out of the choice of a container with several GPUs, whatever severity the rule has.
pub static SEVERAL_GPUS: Removal = Removal::new(
    &RULE,
    |query, strategy| strategy != Strategy::Exclusive && several(query).is_some(),
    |query, strategy| {
        let request = several(query)?;
        let explicit = query.is_explicit.then_some(strategy);
        let path = request.resources_path();
        Some((path, text(request, query.tier, explicit)))
    },
)
.absolute(None);

/// The first request for several whole devices.
fn several<'c, 'a>(query: &PlacementQuery<'c, 'a>) -> Option<&'c DeviceRequest<'a>> {
    query.requests.iter().find(|request| {
        let named = request.named;
        request.count > 1 && matches!(named, RequestedResource::Gpu | RequestedResource::Nothing)
    })
}

/// Several GPUs in a tier that only shares.
pub fn text(request: &DeviceRequest<'_>, tier: Option<&Tier>, explicit: Option<Strategy>) -> Text {
    let what = match (explicit, tier) {
        (Some(strategy), _) => format!("strategy {strategy} hands out less than whole ones"),
        (None, Some(tier)) => format!("tier {} only shares", tier.name),
        (None, None) => "only shares are at hand".to_owned(),
    };
    let (container, count) = (request.container, request.count);
    (
        format!("container {container} asks for {count} GPUs, and {what}"),
        "ask for one GPU, or name a tier that lists exclusive".to_owned(),
    )
}
