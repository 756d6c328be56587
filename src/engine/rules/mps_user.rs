//! `mps-user`: warns of an MPS pod whose user id only its image knows.

use crate::engine::line::{MpsUser, mps_user};
use crate::engine::rules::check::{Placed, Removal};
use crate::engine::rules::no_such_offer;
use crate::engine::vocabulary::{Findings, Rule, Strategy, Text};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::warns("mps-user", include_str!("mps_user.md"));

/// Takes MPS out of the choice of a pod whose containers run as several users.
pub static SEVERAL_USERS: Removal = Removal {
    rule: &no_such_offer::RULE,
    is_absolute: true,
    verdict: Some("one MPS server serves one user, and the pod has several"),
    removes: |query, strategy| strategy == Strategy::Mps && mps_user(query) == MpsUser::Several,
    finding: |_, _| Some(("/spec".to_owned(), several_text())),
};

/// Takes MPS out of the choice of a pod in a user namespace of its own: its user ids are not those that the MPS server
/// sees.
pub static USER_NAMESPACE: Removal = Removal {
    rule: &no_such_offer::RULE,
    is_absolute: true,
    verdict: Some("with hostUsers: false the MPS server sees other user ids than the pod says"),
    removes: |query, strategy| strategy == Strategy::Mps && has_namespace(query.pod),
    finding: |_, _| Some(("/spec/hostUsers".to_owned(), hidden_text())),
};

/// Warns of an MPS pod whose user id is not known.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let Placed { query, placement, .. } = *placed;
    if placement.strategy != Strategy::Mps || mps_user(query) != MpsUser::Image {
        return;
    }
    let path = query
        .requests
        .first()
        .map_or_else(String::new, |w| w.place.to_string());
    let message = "the user id of an MPS client is the image's secret; one MPS server serves one user at a time";
    let fix = "set securityContext.runAsUser, or runAsUser in the policy's tier";
    findings.warn(&RULE, path, (message.to_owned(), fix.to_owned()));
}

/// The finding where only MPS is left.
fn several_text() -> Text {
    (
        "the containers that take MPS shares run as different users; one MPS server serves one user at a time".to_owned(),
        "set the same securityContext.runAsUser for all of them".to_owned(),
    )
}

/// Whether a pod's user ids are not those of the node.
pub(in crate::engine) fn has_namespace(pod: &Pod<'_>) -> bool {
    let spec = pod.spec.as_ref();
    spec.and_then(|s| s.host_users) == Some(false)
}

/// The finding where only MPS is left.
pub fn hidden_text() -> Text {
    (
        "with hostUsers: false an MPS server sees another user id than the pod's; one MPS server serves one user at a time".to_owned(),
        "leave hostUsers out, or name a tier that offers mig or exclusive".to_owned(),
    )
}
