//! `declared-not-enforced`: warns that nothing enforces a memory request on a time-sliced device.

use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::{Findings, Rule, Strategy};

/// The rule.
pub static RULE: Rule = Rule::warns(
    "declared-not-enforced",
    include_str!("declared_not_enforced.md"),
);

/// Warns of a memory request that nothing enforces.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    if placed.placement.strategy != Strategy::TimeSlicing {
        return;
    }
    let requests = placed.query.requests.iter();
    for request in requests.filter(|request| request.size.memory.is_some()) {
        let message = format!(
            "container {}'s memory ask is met by a fair share of a time-sliced device, which nothing enforces",
            request.container
        );
        let fix = "name a tier of isolation limited or better where the memory has to be a limit";
        findings.warn(&RULE, request.place.to_string(), (message, fix));
    }
}
