//! `template-refused`: reports what the API server refuses in a workload before any pod exists.

use crate::engine::line::{DecisionInput, Workload};
use crate::engine::vocabulary::names::{is_gpu_resource, pointer};
use crate::engine::vocabulary::{Findings, Quantity, Rule};
use crate::facts::Pairs;

/// The rule.
pub static RULE: Rule = Rule::denies("template-refused", include_str!("template_refused.md"));

/// Looks for what the API server refuses in a workload's template before any pod exists.
pub fn check(input: &DecisionInput<'_>, findings: &mut Findings<'_>) {
    if input.workload == Workload::Pod {
        return;
    }
    for (place, container) in input.pod.containers() {
        let Some(resources) = &container.resources else {
            continue;
        };
        let path = |list, name| format!("{place}/resources/{list}/{}", pointer(name));
        for (name, quantity) in resources.limits.iter().flat_map(Pairs::iter) {
            if is_gpu_resource(name) && is_fractional(quantity) {
                let message = format!(
                    "{name}: {quantity} must be a whole number in a workload; the API server refuses it"
                );
                let fix = "write 1 and put the fraction into the annotation slicegate.dev/gpu-fraction of the template";
                findings.add(&RULE, path("limits", name), (message, fix));
            }
        }
        for (name, quantity) in resources.requests.iter().flat_map(Pairs::iter) {
            let limit = resources.limits.as_ref().and_then(|l| l.get(name));
            let what = match limit {
                _ if !is_gpu_resource(name) => continue,
                Some(limit) if is_same(limit, quantity) => continue,
                Some(limit) => format!("has limit {limit} and request {quantity}"),
                None => "is requested without a limit".to_owned(),
            };
            let message = format!("{name} {what}; the API server refuses it");
            let fix = format!("write it under limits: {name}: \"{quantity}\"");
            findings.add(&RULE, path("requests", name), (message, fix));
        }
    }
}

fn is_fractional(quantity: &str) -> bool {
    let quantity = Quantity::parse(quantity);
    quantity.is_ok_and(|q| !q.is_negative() && !q.ceil_milli().is_multiple_of(1000))
}

fn is_same(a: &str, b: &str) -> bool {
    match (Quantity::parse(a), Quantity::parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
