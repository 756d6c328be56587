//! `mps-user`: warns of an MPS pod whose user id only its image knows.

use crate::engine::line::{MpsUser, mps_user};
use crate::engine::rules::check::{Placed, Removal};
use crate::engine::rules::no_such_offer;
use crate::engine::vocabulary::{Findings, Rule, Strategy, Text};
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule::warns("mps-user", include_str!("mps_user.md"));

/// Takes MPS out of the choice of a pod whose containers run as several users.
pub static SEVERAL_USERS: Removal = Removal::new(
    &no_such_offer::RULE,
    |query, strategy| strategy == Strategy::Mps && mps_user(query) == MpsUser::Several,
    |_, _| Some(("/spec".to_owned(), several_text())),
)
.absolute(Some(
    "one MPS server serves one user, and the pod has several",
));

/// Takes MPS out of the choice of a pod in a user namespace of its own: its user ids are not those that the MPS server
/// sees.
pub static USER_NAMESPACE: Removal = Removal::new(
    &no_such_offer::RULE,
    |query, strategy| strategy == Strategy::Mps && has_namespace(query.pod),
    |_, _| Some(("/spec/hostUsers".to_owned(), hidden_text())),
)
.absolute(Some(
    "with hostUsers: false the MPS server sees other user ids than the pod says",
));

/// Warns of an MPS pod whose user id is not known.
pub fn check(placed: &Placed<'_, '_>, findings: &mut Findings<'_>) {
    let query = placed.query;
    if placed.placement.strategy == Strategy::Mps && mps_user(query) == MpsUser::Image {
        let path = query
            .requests
            .first()
            .map(|request| request.place.to_string());
        let message = "the user id of an MPS client is the image's secret; one MPS server serves one user at a time";
        let fix = "set securityContext.runAsUser, or runAsUser in the policy's tier";
        findings.warn(&RULE, path.unwrap_or_default(), (message, fix));
    }
}

/// Whether a pod's user ids are not those of the node.
pub fn has_namespace(pod: &Pod<'_>) -> bool {
    pod.spec.as_ref().and_then(|s| s.host_users) == Some(false)
}

fn several_text() -> Text {
    (
        "the containers that take MPS shares run as different users; one MPS server serves one user at a time".to_owned(),
        "set the same securityContext.runAsUser for all of them".to_owned(),
    )
}

/// The finding about a user namespace where only MPS is left.
pub fn hidden_text() -> Text {
    (
        "with hostUsers: false an MPS server sees another user id than the pod's; one MPS server serves one user at a time".to_owned(),
        "leave hostUsers out, or name a tier that offers mig or exclusive".to_owned(),
    )
}
