//! The limits of MPS clients: what was asked for, never above the daemon's own cap.

use crate::engine::line::placement::{AllocatedShare, Placement, PlacementQuery};
use crate::engine::line::request::DeviceRequest;
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
    pub fn of(query: &PlacementQuery<'_, '_>, placement: &Placement<'_>) -> Vec<Self> {
        let is_reused = placement.nodes.is_empty();
        let was_written = is_reused
            && query
                .requests
                .iter()
                .any(|request| has_limit(query, request));
        let limit = |(request, share): (&DeviceRequest<'_>, &AllocatedShare<'_>)| {
            let own = request.size.memory.filter(|_| request.size.memory_is_own);
            let mib_cap = own.map_or(share.smallest_mib, |own| {
                mib_ceil(own).min(share.smallest_mib)
            });
            // The daemon limits each client to its device's share by itself, which is more on a larger one. A kept choice
            // no longer tells whether they differ, but what it wrote for another container does.
            let is_one_size = share.largest_mib == Some(share.smallest_mib) || was_written;
            Self {
                mib: (own.is_some() || is_one_size && mib_cap > 0).then_some(mib_cap),
                mib_cap,
                percent: request
                    .size
                    .percent()
                    .map(|p| p.min(share.smallest_percent)),
                percent_cap: share.smallest_percent,
            }
        };
        query
            .requests
            .iter()
            .zip(&placement.shares)
            .map(limit)
            .collect()
    }
}

fn has_limit(query: &PlacementQuery<'_, '_>, request: &DeviceRequest<'_>) -> bool {
    let container = query.pod.at(request.place);
    container.is_some_and(|c| c.env().iter().any(|e| e.name() == names::MPS_MEMORY))
}
