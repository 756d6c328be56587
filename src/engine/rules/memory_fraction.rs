//! `memory-fraction`: warns of a program that is told to take more memory than its share.

use crate::engine::profile::{Meaning, Setting, SettingForm};
use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::{Findings, Rule};

/// The rule.
pub static RULE: Rule = Rule::warns("memory-fraction", include_str!("memory_fraction.md"));

/// Warns of a framework that is told to take more of the device than its share: under time-slicing and MPS the fraction
/// is one of the whole device.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed {
        query, placement, ..
    } = *placed;
    if !placement.strategy.is_shared() {
        return;
    }
    for (request, share) in query.requests.iter().zip(&placement.shares) {
        let percent = share.smallest_percent;
        let allocated = f64::from(percent) / 100.0;
        let settings = query.profile.settings(request.place);
        let too_much = settings.filter_map(|setting| {
            let is_fraction = setting.meaning == Meaning::MemoryFraction;
            let part: f64 = setting.value.word().filter(|_| is_fraction)?.parse().ok()?;
            (part > allocated && part <= 1.0).then_some((setting, part))
        });
        let mut flags = too_much
            .clone()
            .filter(|(setting, _)| setting.form == SettingForm::Flag);
        let mut variables = too_much.filter(|(setting, _)| setting.is_in_environment());
        if let Some((setting, part)) = flags.next().or_else(|| variables.next()) {
            let (container, what) = (request.container, Setting::shown(setting));
            let message = format!(
                "container {container} is told {what} {part} of the device, its share may be {percent} %"
            );
            let fix = format!("set it to {allocated} or less");
            findings.warn(&RULE, request.place.to_string(), (message, fix));
        }
    }
}
