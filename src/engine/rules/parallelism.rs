//! `parallelism`: warns of a program that is told to use more devices than its container gets.

use crate::engine::line::{DeviceRequest, PlacementQuery};
use crate::engine::profile::{Expansion, Meaning};
use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::{Findings, Rule, Strategy, Text, names};

/// The rule.
pub static RULE: Rule = Rule::warns("parallelism", include_str!("parallelism.md"));

/// Warns of a program that is told to use more devices than its container gets.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed {
        query, placement, ..
    } = *placed;
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let is_slice =
            placement.strategy == Strategy::Mig || names::is_mig(share.allocation.name());
        if let Some(text) = too_many(query, request, is_slice) {
            findings.warn(&RULE, request.place.to_string(), text);
        }
    }
}

/// The first setting that needs more devices than the container gets.
fn too_many(
    query: &PlacementQuery<'_, '_>,
    request: &DeviceRequest<'_>,
    is_slice: bool,
) -> Option<Text> {
    let container = query.pod.at(request.place)?;
    let count = request.count;
    let mut settings = query.profile.settings(request.place);
    // Where a container says how many of the copies it runs, the number of all copies does not concern it.
    let is_part = settings.clone().any(|s| s.meaning == Meaning::LocalData);
    settings.find_map(|setting| {
        let is_local = matches!(setting.meaning, Meaning::LocalData | Meaning::PerNode);
        // The largest number that would fit.
        let room = match setting.meaning {
            Meaning::Tensor | Meaning::Pipeline if is_slice => 1,
            Meaning::Data if is_part => return None,
            Meaning::Tensor | Meaning::Pipeline | Meaning::Data | Meaning::Processes => count,
            _ if is_local => count,
            _ => return None,
        };
        let Expansion::Word(word) = setting.value.expanded(container) else {
            return None;
        };
        let ways: u64 = word.parse().ok()?;
        // The workers of a job share the other numbers among them.
        if ways <= room || !is_local && query.profile.worker().is_some() {
            return None;
        }
        let setting = setting.shown();
        let program = format!("container {} runs with {setting} {ways}", request.container);
        let message = match (count, room) {
            (2.., 1) => {
                format!("{program}, and CUDA shows a process one MIG slice of the {count} it gets")
            }
            (1, _) => format!("{program} and gets 1 device"),
            _ => format!("{program} and gets {count} devices"),
        };
        let fix = format!("set {setting} to {room}, or ask for {ways} whole GPUs");
        Some((message, fix))
    })
}
