//! Sets the tier's user id on MPS clients that set none.

use crate::engine::line::edit::Edit;
use crate::engine::line::mps_user::written_user;
use crate::engine::line::placement::Case;

pub(super) fn run_as_user<'a>(case: &Case<'_, 'a>, edits: &mut Vec<Edit<'a>>) {
    let Some(user) = case.tier.and_then(|t| t.run_as_user) else {
        return;
    };
    for want in case.wants {
        let done = edits
            .iter()
            .any(|e| matches!(e, Edit::RunAsUser { place, .. } if *place == want.place));
        if !done && written_user(case.pod, want.place).is_none() {
            edits.push(Edit::RunAsUser {
                place: want.place,
                user,
            });
        }
    }
}
