//! `mps-user`: warns of an MPS pod whose user id only its image knows.

use crate::engine::line::mps_user::{MpsUser, mps_user};
use crate::engine::line::placement::Case;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::Rule;
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::warns("mps-user", include_str!("mps_user.md"));

/// Warns of an MPS pod whose user id is not known.
pub fn check(case: &Case<'_, '_>, findings: &mut Findings<'_>) {
    if mps_user(case) != MpsUser::Image {
        return;
    }
    let path = case
        .wants
        .first()
        .map_or_else(String::new, |w| w.place.to_string());
    let message = "the user id of an MPS client is the image's secret; one MPS server serves one user at a time";
    let fix = "set securityContext.runAsUser, or runAsUser in the policy's tier";
    findings.warn(&RULE, path, (message.to_owned(), fix.to_owned()));
}

/// Whether the pod's containers run as several users, which rules MPS out.
pub fn removes(case: &Case<'_, '_>, strategy: Strategy) -> bool {
    strategy == Strategy::Mps && mps_user(case) == MpsUser::Several
}

/// What is said when nothing but MPS was left.
pub fn text() -> (String, String) {
    (
        "the containers that take MPS shares run as different users; one MPS server serves one user at a time".to_owned(),
        "set the same securityContext.runAsUser for all of them".to_owned(),
    )
}

/// Whether the pod has a user namespace of its own, in which its user ids are not those that the MPS server sees.
pub fn is_hidden(case: &Case<'_, '_>, strategy: Strategy) -> bool {
    strategy == Strategy::Mps && has_namespace(case.pod)
}

/// Whether a pod's user ids are not those of the node.
pub(in crate::engine) fn has_namespace(pod: &Pod<'_>) -> bool {
    let spec = pod.spec.as_ref();
    spec.and_then(|s| s.host_users) == Some(false)
}

/// What is said when nothing but MPS was left.
pub fn hidden_text() -> (String, String) {
    (
        "with hostUsers: false an MPS server sees another user id than the pod's; one MPS server serves one user at a time".to_owned(),
        "leave hostUsers out, or name a tier that offers mig or exclusive".to_owned(),
    )
}
