//! `parallelism`: warns of a program that is told to use more devices than its container gets.

use super::distributed_share;
use super::spellings::{Says, says};
use super::told::{Known, told};
use crate::engine::line::placement::{Case, Choice};
use crate::engine::line::request::Want;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::pod::Container;

/// The rule.
pub static RULE: Rule = Rule::warns("parallelism", include_str!("parallelism.md"));

/// Words that are looked at in one container; no command line has so many.
const MOST_WORDS: usize = 32;

/// Warns of a program that is told to use more devices than its container gets.
pub fn check(case: &Case<'_, '_>, choice: &Choice<'_>, findings: &mut Findings<'_>) {
    for (want, grant) in case.wants.iter().zip(&choice.grants) {
        let Some(container) = case.pod.at(want.place) else {
            continue;
        };
        let is_slice = choice.strategy == Strategy::Mig || names::is_mig(grant.resource);
        let Some(asked) = asked(case, container, want.count, is_slice) else {
            continue;
        };
        findings.warn(&RULE, want.place.to_string(), asked.text(want));
    }
}

/// What is said of the container alone.
const HERE: [Says; 2] = [Says::LocalData, Says::PerNode];

/// More than a container gets.
struct Asked {
    told: String,
    ways: u64,
    /// The most that would do.
    room: u64,
}

fn asked(
    case: &Case<'_, '_>,
    container: &Container<'_>,
    count: u64,
    is_slice: bool,
) -> Option<Asked> {
    let said = || told(container).filter_map(|told| Some((told, says(&told)?)));
    // Where a container says how many of the copies are its own, the number of all says nothing of it.
    let is_part = || said().any(|(_, says)| says == Says::LocalData);
    let mut known = said().take(MOST_WORDS).filter_map(|(told, says)| {
        let room = match says {
            Says::Tensor | Says::Pipeline if is_slice => 1,
            Says::Data if is_part() => return None,
            Says::Tensor | Says::Pipeline | Says::Data | Says::Processes => count,
            _ if HERE.contains(&says) => count,
            _ => return None,
        };
        let Known::Word(word) = told.value.known(container) else {
            return None;
        };
        let ways = word.parse().ok().filter(|ways| *ways > room)?;
        let told = told.shown();
        Some((says, Asked { told, ways, room }))
    });
    // A worker of several shares the rest of the number with the others.
    let is_all = |says| HERE.contains(&says) || distributed_share::worker(case).is_none();
    known
        .find(|(says, _)| is_all(*says))
        .map(|(_, asked)| asked)
}

impl Asked {
    fn text(self, want: &Want<'_>) -> (String, String) {
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
