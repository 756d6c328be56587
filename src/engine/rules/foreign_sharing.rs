//! `foreign-sharing`: refuses keys of another sharing system that the policy does not list.

use crate::engine::relevance::sharing_systems::SystemRequest;
use crate::engine::vocabulary::{Findings, Rule, quoted};

/// The rule.
pub static RULE: Rule = Rule::denies("foreign-sharing", include_str!("foreign_sharing.md"));

/// A key of another system in a pod that the policy does not leave to that system.
pub fn found(system_request: &SystemRequest<'_>, findings: &mut Findings<'_>) {
    let SystemRequest { name, key } = *system_request;
    let systems: Vec<&str> = name.systems.iter().map(|s| s.word()).collect();
    let systems = systems.join(" or ");
    let message = format!(
        "the {} {} asks {systems} for a part of a GPU that slicegate hands out",
        name.kind.word(),
        quoted(key),
    );
    let fix = format!(
        "remove it and ask with slicegate.dev/gpu-memory or gpu-fraction, or list {systems} under spec.foreignSharing of the policy"
    );
    findings.add(&RULE, name.kind.pointer(key), (message, fix));
}
