//! The user that MPS clients run as: one MPS server serves one user id at a time.

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
    /// The common one of the user ids that containers are written to run as.
    pub fn of(ids: impl IntoIterator<Item = Option<i64>>) -> Self {
        let mut users = ids.into_iter().map(|id| id.map_or(Self::Image, Self::Id));
        let first = users.next().unwrap_or(Self::Image);
        if users.all(|user| user == first) {
            first
        } else {
            Self::Several
        }
    }

    /// The value of the label that keeps MPS clients of different users apart.
    pub fn label(self) -> Cow<'static, str> {
        match self {
            Self::Id(id) => Cow::Owned(id.to_string()),
            Self::Image | Self::Several => Cow::Borrowed(names::IMAGE),
        }
    }
}

/// The user of the pod's MPS clients. Containers without a user id get the tier's.
pub fn mps_user(query: &PlacementQuery<'_, '_>) -> MpsUser {
    let of_tier = query.tier.and_then(|tier| tier.run_as_user).map(i64::from);
    let requests = query.requests.iter();
    MpsUser::of(requests.map(|request| written_user(query.pod, request.place).or(of_tier)))
}

/// The user id that a container is written to run as, by itself or by its pod.
pub fn written_user(pod: &Pod<'_>, place: Place) -> Option<i64> {
    let own = pod.at(place)?.security_context.as_ref();
    let of_pod = pod.spec.as_ref().and_then(|s| s.security_context.as_ref());
    own.and_then(|s| s.run_as_user)
        .or_else(|| of_pod?.run_as_user)
}
