//! `foreign-sharing`: refuses keys of another sharing system that the policy does not list.

use crate::engine::relevance::sharing_systems::{SystemRequest, KeyKind};
use crate::engine::vocabulary::{Findings, Rule, quoted};
use crate::engine::vocabulary::names::pointer;

/// The rule.
pub static RULE: Rule = Rule::denies("foreign-sharing", include_str!("foreign_sharing.md"));

/// A key of another system in a pod that the policy does not leave to that system.
pub fn found(system_request: &SystemRequest<'_>, findings: &mut Findings<'_>) {
    let systems: Vec<&str> = system_request.word.systems.iter().map(|s| s.word()).collect();
    let message = format!(
        "the {} {} asks {} for a part of a GPU that slicegate hands out",
        system_request.word.kind.word(),
        quoted(system_request.key),
        systems.join(" or ")
    );
    let fix = format!(
        "remove it and ask with slicegate.dev/gpu-memory or gpu-fraction, or list {} under spec.foreignSharing of the policy",
        systems.join(" or ")
    );
    let path = match system_request.word.kind {
        KeyKind::Annotation => format!("/metadata/annotations/{}", pointer(system_request.key)),
        KeyKind::Label => format!("/metadata/labels/{}", pointer(system_request.key)),
        KeyKind::Resource => "/spec/containers".to_owned(),
    };
    findings.add(&RULE, path, (message, fix));
}
