//! `scheduler-name`: refuses a shared pod of a scheduler the policy does not list.

use crate::engine::rules::check::Placed;
use crate::engine::vocabulary::{Findings, Policy, Rule, quoted};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::denies("scheduler-name", include_str!("scheduler_name.md"));

/// Looks at the scheduler of a pod that shares a device.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let (query, strategy) = (placed.query, placed.placement.strategy);
    if strategy.is_shared() {
        let what = format!("shares a device by {strategy}");
        refuse(query.pod, query.policy, &what, findings);
    }
}

/// Looks at the scheduler where the request stays as written and may turn out to be a share.
pub fn unless_whole(pod: &Pod<'_>, policy: &Policy, findings: &mut Findings<'_>) {
    refuse(pod, policy, "may share a device", findings);
}

fn refuse(pod: &Pod<'_>, policy: &Policy, what: &str, findings: &mut Findings<'_>) {
    let allowed = &policy.placement.schedulers;
    if !allowed.iter().any(|s| s == pod.scheduler()) {
        let scheduler = quoted(pod.scheduler());
        let message = format!(
            "scheduler {scheduler} places a pod that {what}; two schedulers race past anti-affinity"
        );
        let fix = format!(
            "use {}, or list it under spec.placement.schedulers of the policy",
            allowed.join(" or ")
        );
        findings.add(&RULE, "/spec/schedulerName", (message, fix));
    }
}
