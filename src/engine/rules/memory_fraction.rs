//! `memory-fraction`: warns of a program that is told to take more memory than its share.

use crate::engine::profile::{PodForm, Meaning, Setting};
use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::{Findings, Rule};

/// The rule.
pub static RULE: Rule = Rule::warns("memory-fraction", include_str!("memory_fraction.md"));

/// Warns of a framework that is told to take more of the device than its share: under time-slicing and MPS the fraction
/// is one of the whole device.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed { query, placement, .. } = *placed;
    if !placement.strategy.is_shared() {
        return;
    }
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let allocated = f64::from(share.smallest_percent) / 100.0;
        let too_much = |setting: &Setting<'_>| {
            let part: f64 = setting.value.word()?.parse().ok()?;
            (part > allocated && part <= 1.0).then(|| (setting.shown(), part))
        };
        let settings = query.profile.settings(request.place);
        let settings = settings.filter(|setting| setting.meaning == Meaning::MemoryFraction);
        let mut flags = settings
            .clone()
            .filter(|setting| setting.form == PodForm::Flag);
        let mut variables = settings.filter(|setting| setting.is_in_environment());
        let flag = flags.find_map(too_much);
        let Some((what, part)) = flag.or_else(|| variables.find_map(too_much)) else {
            continue;
        };
        let message = format!(
            "container {} is told {what} {part} of the device, its share may be {} %",
            request.container, share.smallest_percent
        );
        let fix = format!("set it to {allocated} or less");
        findings.warn(&RULE, request.place.to_string(), (message, fix));
    }
}
