//! `parallelism`: warns of a program that is told to use more devices than its container gets.

use crate::engine::line::{DeviceRequest, PlacementQuery};
use crate::engine::profile::{Expansion, Meaning};
use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::{Findings, Rule, Strategy, Text, names};

/// The rule.
pub static RULE: Rule = Rule::warns("parallelism", include_str!("parallelism.md"));

/// Warns of a program that is told to use more devices than its container gets.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed { query, placement, .. } = *placed;
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let is_slice = placement.strategy == Strategy::Mig || names::is_mig(share.allocation.name());
        let Some(requested) = requested(query, request, is_slice) else {
            continue;
        };
        findings.warn(&RULE, request.place.to_string(), requested.text(request));
    }
}

/// Settings that concern the container alone.
const HERE: [Meaning; 2] = [Meaning::LocalData, Meaning::PerNode];

/// A setting that needs more devices than the container gets.
struct PodRequest {
    told: String,
    ways: u64,
    /// The largest number that would fit.
    room: u64,
}

fn requested(query: &PlacementQuery<'_, '_>, request: &DeviceRequest<'_>, is_slice: bool) -> Option<PodRequest> {
    let container = query.pod.at(request.place)?;
    let mut settings = query.profile.settings(request.place);
    // Where a container says how many of the copies it runs, the number of all copies does not concern it.
    let is_part = settings.clone().any(|s| s.meaning == Meaning::LocalData);
    settings.find_map(|setting| {
        let room = match setting.meaning {
            Meaning::Tensor | Meaning::Pipeline if is_slice => 1,
            Meaning::Data if is_part => return None,
            Meaning::Tensor | Meaning::Pipeline | Meaning::Data | Meaning::Processes => request.count,
            meaning if HERE.contains(&meaning) => request.count,
            _ => return None,
        };
        let Expansion::Word(word) = setting.value.expanded(container) else {
            return None;
        };
        let ways = word.parse().ok().filter(|ways| *ways > room)?;
        // The workers of a job share the other numbers among them.
        let is_all = HERE.contains(&setting.meaning) || query.profile.worker().is_none();
        is_all.then(|| PodRequest {
            told: setting.shown(),
            ways,
            room,
        })
    })
}

impl PodRequest {
    fn text(self, request: &DeviceRequest<'_>) -> Text {
        let Self { told, ways, room } = self;
        let container = request.container;
        let message = match (request.count, room) {
            (2.., 1) => format!(
                "container {container} runs with {told} {ways}, and CUDA shows a process one MIG slice of the {} it gets",
                request.count
            ),
            (count, _) => format!(
                "container {container} runs with {told} {ways} and gets {count} device{}",
                plural(count)
            ),
        };
        let fix = format!("set {told} to {room}, or ask for {ways} whole GPUs");
        (message, fix)
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
