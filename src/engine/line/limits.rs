//! The limits of MPS clients: the request, never above the cap of the MPS daemon.

use crate::engine::line::{Placement, PlacementQuery};
use crate::engine::supply::offer::mib_ceil;
use crate::engine::vocabulary::{Strategy, names};
use crate::facts::pod::Place;

/// The limits of one MPS client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in MiB, if slicegate writes a limit.
    pub mib: Option<u64>,
    /// The highest value that a memory limit in the pod may have.
    pub mib_cap: u64,
    /// Compute in percent, if the pod requests compute.
    pub percent: Option<u32>,
    /// The cap of the daemon on every node where the pod can land.
    pub percent_cap: u32,
}

impl Limits {
    /// The limits for each request; none for strategies other than MPS.
    pub fn of(query: &PlacementQuery<'_, '_>, placement: &Placement<'_>) -> Vec<(Place, Self)> {
        if placement.strategy != Strategy::Mps {
            return Vec::new();
        }
        let is_reused = placement.nodes.is_empty();
        let was_written = is_reused
            && query.requests.iter().any(|request| {
                let container = query.pod.at(request.place);
                container.is_some_and(|c| c.env().iter().any(|e| e.name() == names::MPS_MEMORY))
            });
        let limits = query.requests.iter().zip(&placement.shares);
        let limits = limits.map(|(request, share)| {
            let size = &request.size;
            let own = size.memory.filter(|_| size.memory_is_own);
            let mib_cap = own.map_or(u64::MAX, mib_ceil).min(share.smallest_mib);
            // The daemon limits each client to its share of the device by itself; a share of a larger device is larger. A
            // reused placement no longer shows whether shares differ, but a limit in another container does.
            let is_one_size = share.largest_mib == Some(share.smallest_mib) || was_written;
            let limits = Self {
                mib: (own.is_some() || is_one_size && mib_cap > 0).then_some(mib_cap),
                mib_cap,
                percent: size.percent().map(|p| p.min(share.smallest_percent)),
                percent_cap: share.smallest_percent,
            };
            (request.place, limits)
        });
        limits.collect()
    }
}
