//! The limits of MPS clients: what was asked for, never above the daemon's own cap.

use crate::engine::line::placement::{Case, Choice, Grant};
use crate::engine::line::request::Want;
use crate::engine::supply::offer::mib_ceil;
use crate::engine::vocabulary::names;

/// The limits of one MPS client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in MiB, where some is to be written.
    pub mib: Option<u64>,
    /// The most that a limit on memory may say that stands in the pod.
    pub mib_cap: u64,
    /// Compute in percent, where some was asked for.
    pub percent: Option<u32>,
    /// The daemon's own cap on every node the pod can land on.
    pub percent_cap: u32,
}

impl Limits {
    /// What each want would be limited to.
    pub fn of(case: &Case<'_, '_>, choice: &Choice<'_>) -> Vec<Self> {
        let is_kept = choice.nodes.is_empty();
        let was_written = is_kept && case.wants.iter().any(|want| has_limit(case, want));
        let limit = |(want, grant): (&Want<'_>, &Grant<'_>)| {
            let own = want.ask.memory.filter(|_| want.ask.memory_is_own);
            let mib_cap = own.map_or(grant.smallest_mib, |own| {
                mib_ceil(own).min(grant.smallest_mib)
            });
            // The daemon limits each client to its device's share by itself, which is more on a larger one. A kept choice
            // no longer tells whether they differ, but what it wrote for another container does.
            let is_one_size = grant.largest_mib == Some(grant.smallest_mib) || was_written;
            Self {
                mib: (own.is_some() || is_one_size && mib_cap > 0).then_some(mib_cap),
                mib_cap,
                percent: want.ask.percent().map(|p| p.min(grant.smallest_percent)),
                percent_cap: grant.smallest_percent,
            }
        };
        case.wants.iter().zip(&choice.grants).map(limit).collect()
    }
}

fn has_limit(case: &Case<'_, '_>, want: &Want<'_>) -> bool {
    let container = case.pod.at(want.place);
    container.is_some_and(|c| c.env().iter().any(|e| e.name() == names::MPS_MEMORY))
}
