//! Sets the tier's user id on MPS clients that set none.

use crate::engine::line::mps_user::written_user;
use crate::engine::line::{Edit, PlacementQuery};

pub(super) fn run_as_user<'a>(query: &PlacementQuery<'_, 'a>, edits: &mut Vec<Edit<'a>>) {
    let Some(user) = query.tier.and_then(|t| t.run_as_user) else {
        return;
    };
    for request in query.requests {
        let done = edits
            .iter()
            .any(|e| matches!(e, Edit::RunAsUser { place, .. } if *place == request.place));
        if !done && written_user(query.pod, request.place).is_none() {
            edits.push(Edit::RunAsUser {
                place: request.place,
                user,
            });
        }
    }
}
