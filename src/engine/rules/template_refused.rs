//! `template-refused`: reports what the API server refuses in a workload before any pod exists.

use crate::engine::line::{DecisionInput, PodForm};
use crate::engine::vocabulary::{Findings, Quantity, Rule, names};
use crate::engine::vocabulary::names::pointer;
use crate::facts::pod::Place;

/// The rule.
pub static RULE: Rule = Rule::denies("template-refused", include_str!("template_refused.md"));

/// Looks for what the API server refuses in a workload's template before any pod exists.
pub fn check(input: &DecisionInput<'_>, findings: &mut Findings<'_>) {
    if input.form() == PodForm::Pod {
        return;
    }
    for (place, container) in input.pod.containers() {
        let Some(resources) = &container.resources else {
            continue;
        };
        let limits = resources.limits.iter().flat_map(|l| l.iter());
        for (name, quantity) in limits.filter(|(name, _)| names::is_gpu_resource(name)) {
            if is_fractional(quantity) {
                let message = format!(
                    "{name}: {quantity} must be a whole number in a workload; the API server refuses it"
                );
                let fix = "write 1 and put the fraction into the annotation slicegate.dev/gpu-fraction of the template".to_owned();
                findings.add(&RULE, path(place, "limits", name), (message, fix));
            }
        }
        let requests = resources.requests.iter().flat_map(|r| r.iter());
        for (name, quantity) in requests.filter(|(name, _)| names::is_gpu_resource(name)) {
            let limit = resources.limits.as_ref().and_then(|l| l.get(name));
            let message = match limit {
                None => format!("{name} is requested without a limit; the API server refuses it"),
                Some(limit) if differ(limit, quantity) => {
                    format!(
                        "{name} has limit {limit} and request {quantity}; the API server refuses it"
                    )
                }
                Some(_) => continue,
            };
            let fix = format!("write it under limits: {name}: \"{quantity}\"");
            findings.add(&RULE, path(place, "requests", name), (message, fix));
        }
    }
}

fn path(place: Place, part: &str, name: &str) -> String {
    format!("{place}/resources/{part}/{}", pointer(name))
}

fn is_fractional(quantity: &str) -> bool {
    Quantity::parse(quantity)
        .is_ok_and(|q| !q.is_negative() && !q.ceil_milli().is_multiple_of(1000))
}

fn differ(a: &str, b: &str) -> bool {
    match (Quantity::parse(a), Quantity::parse(b)) {
        (Ok(a), Ok(b)) => a != b,
        _ => a != b,
    }
}
