//! `foreign-sharing`: refuses another sharing system's words where the policy does not list it.

use crate::engine::relevance::sharing_systems::{Spoken, Stands};
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::names::pointer;
use crate::engine::vocabulary::printable::quoted;
use crate::engine::vocabulary::rule::Rule;

/// The rule.
pub static RULE: Rule = Rule::denies("foreign-sharing", include_str!("foreign_sharing.md"));

/// Another system's word in a pod that the policy does not leave to that system.
pub fn found(spoken: &Spoken<'_>, findings: &mut Findings<'_>) {
    let systems: Vec<&str> = spoken.word.systems.iter().map(|s| s.word()).collect();
    let message = format!(
        "the {} {} asks {} for a part of a GPU that slicegate hands out",
        spoken.word.stands.word(),
        quoted(spoken.key),
        systems.join(" or ")
    );
    let fix = format!(
        "remove it and ask with slicegate.dev/gpu-memory or gpu-fraction, or list {} under spec.foreignSharing of the policy",
        systems.join(" or ")
    );
    let path = match spoken.word.stands {
        Stands::Annotation => format!("/metadata/annotations/{}", pointer(spoken.key)),
        Stands::Label => format!("/metadata/labels/{}", pointer(spoken.key)),
        Stands::Resource => "/spec/containers".to_owned(),
    };
    findings.add(&RULE, path, (message, fix));
}
