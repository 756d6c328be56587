//! Which user MPS clients run as: one MPS server serves one user id at a time.

use std::borrow::Cow;

use crate::engine::line::PlacementQuery;
use crate::engine::vocabulary::names;
use crate::facts::Pod;
use crate::facts::pod::Place;

/// The user id of the containers that take a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MpsUser {
    /// All of them run as this one.
    Id(i64),
    /// Only the image knows.
    Image,
    /// They differ, so one MPS server would serve them one after the other.
    Several,
}

impl MpsUser {
    /// The value of the label that keeps MPS clients of different users apart.
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::Id(id) => Cow::Owned(id.to_string()),
            Self::Image | Self::Several => Cow::Borrowed(names::IMAGE),
        }
    }
}

/// Which user the pod's MPS clients run as, the tier's included.
pub fn mps_user(query: &PlacementQuery<'_, '_>) -> MpsUser {
    let users = query
        .requests
        .iter()
        .map(|request| run_as(query, request.place));
    common(users)
}

/// Which user these containers of a pod run as, by what is written.
pub fn written(pod: &Pod<'_>, places: &[Place]) -> MpsUser {
    common(places.iter().map(|place| written_user(pod, *place)))
}

fn common(users: impl Iterator<Item = Option<i64>>) -> MpsUser {
    let mut user = None;
    for own in users {
        let this = own.map_or(MpsUser::Image, MpsUser::Id);
        if user.is_some_and(|u| u != this) {
            return MpsUser::Several;
        }
        user = Some(this);
    }
    user.unwrap_or(MpsUser::Image)
}

fn run_as(query: &PlacementQuery<'_, '_>, place: Place) -> Option<i64> {
    written_user(query.pod, place).or_else(|| query.tier?.run_as_user.map(i64::from))
}

/// The user id that a container is written to run as, by itself or by its pod.
pub fn written_user(pod: &Pod<'_>, place: Place) -> Option<i64> {
    let own = pod.at(place)?.security_context.as_ref();
    own.and_then(|s| s.run_as_user).or_else(|| {
        let shared = pod.spec.as_ref()?.security_context.as_ref()?;
        shared.run_as_user
    })
}
