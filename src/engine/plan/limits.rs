//! The limits of MPS clients: what was asked for, never above the daemon's own cap.

use crate::engine::case::{Case, Choice, Grant};
use crate::engine::supply::offer::mib_ceil;
use crate::engine::want::Want;

/// The limits of one MPS client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in MiB.
    pub mib: u64,
    /// Compute in percent, where some was asked for.
    pub percent: Option<u32>,
    /// The daemon's own cap on every node the pod can land on.
    pub percent_cap: u32,
}

impl Limits {
    /// What each want would be limited to.
    pub fn of(case: &Case<'_, '_>, choice: &Choice<'_>) -> Vec<Self> {
        let limit = |(want, grant): (&Want<'_>, &Grant<'_>)| Self {
            mib: match want.ask.memory {
                Some(bytes) if want.ask.memory_is_own => mib_ceil(bytes).min(grant.smallest_mib),
                _ => grant.smallest_mib,
            },
            percent: want.ask.percent().map(|p| p.min(grant.smallest_percent)),
            percent_cap: grant.smallest_percent,
        };
        case.wants.iter().zip(&choice.grants).map(limit).collect()
    }
}
