//! `parallelism`: warns of a program that is told to use more devices than its container gets.

use crate::engine::line::placement::Case;
use crate::engine::line::request::Want;
use crate::engine::profile::{Expansion, Meaning};
use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::findings::{Findings, Text};
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule::warns("parallelism", include_str!("parallelism.md"));

/// Warns of a program that is told to use more devices than its container gets.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed { case, choice, .. } = *placed;
    for (want, grant) in case.wants.iter().zip(&choice.grants) {
        let is_slice = choice.strategy == Strategy::Mig || names::is_mig(grant.allocation.name());
        let Some(asked) = asked(case, want, is_slice) else {
            continue;
        };
        findings.warn(&RULE, want.place.to_string(), asked.text(want));
    }
}

/// What is said of the container alone.
const HERE: [Meaning; 2] = [Meaning::LocalData, Meaning::PerNode];

/// More than a container gets.
struct Asked {
    told: String,
    ways: u64,
    /// The most that would do.
    room: u64,
}

fn asked(case: &Case<'_, '_>, want: &Want<'_>, is_slice: bool) -> Option<Asked> {
    let container = case.pod.at(want.place)?;
    let mut settings = case.profile.settings(want.place);
    // Where a container says how many of the copies are its own, the number of all says nothing of it.
    let is_part = settings.clone().any(|s| s.meaning == Meaning::LocalData);
    settings.find_map(|setting| {
        let room = match setting.meaning {
            Meaning::Tensor | Meaning::Pipeline if is_slice => 1,
            Meaning::Data if is_part => return None,
            Meaning::Tensor | Meaning::Pipeline | Meaning::Data | Meaning::Processes => want.count,
            meaning if HERE.contains(&meaning) => want.count,
            _ => return None,
        };
        let Expansion::Word(word) = setting.value.expanded(container) else {
            return None;
        };
        let ways = word.parse().ok().filter(|ways| *ways > room)?;
        // A worker of several shares the rest of the number with the others.
        let is_all = HERE.contains(&setting.meaning) || case.profile.worker().is_none();
        is_all.then(|| Asked {
            told: setting.shown(),
            ways,
            room,
        })
    })
}

impl Asked {
    fn text(self, want: &Want<'_>) -> Text {
        let Self { told, ways, room } = self;
        let container = want.container;
        let message = match (want.count, room) {
            (2.., 1) => format!(
                "container {container} runs with {told} {ways}, and CUDA shows a process one MIG slice of the {} it gets",
                want.count
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
