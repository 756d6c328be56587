//! What a pod requests of one node, and what a node that serves it has beyond that.

use crate::engine::line::{PlacementQuery, ShareSize};
use crate::engine::supply::fleet::Advertised;
use crate::engine::supply::{Allocation, Group, Offer};
use crate::engine::vocabulary::{Strategy, names};

/// What a pod requests of a node with one allocation for each request. Equal requests are counted together.
pub(super) struct ResourceDemand<'q, 'a> {
    pub(super) query: &'q PlacementQuery<'q, 'a>,
    pub(super) strategy: Strategy,
    /// Each allocation, and how many of it the pod needs at the same time.
    pub(super) needed: Vec<(Allocation<'a>, u64)>,
    /// Each size, the index of its allocation in `needed`, and how often it occurs.
    sizes: Vec<(usize, ShareSize, u64)>,
}

impl<'q, 'a> ResourceDemand<'q, 'a> {
    pub(super) fn of(
        query: &'q PlacementQuery<'_, 'a>,
        strategy: Strategy,
        allocations: &[Allocation<'a>],
    ) -> Self {
        let mut needed: Vec<(Allocation<'a>, u64)> = Vec::with_capacity(1);
        let mut sizes: Vec<(usize, ShareSize, u64)> = Vec::with_capacity(1);
        for (request, allocation) in query.requests.iter().zip(allocations) {
            let known = needed.iter().position(|(known, _)| known == allocation);
            let at = known.unwrap_or(needed.len());
            if known.is_none() {
                needed.push((*allocation, query.needed(allocations, allocation)));
            }
            let mut known = sizes.iter_mut();
            match known.find(|(of, size, _)| *of == at && *size == request.size) {
                Some((_, _, times)) => *times += 1,
                None => sizes.push((at, request.size, 1)),
            }
        }
        Self {
            query,
            strategy,
            needed,
            sizes,
        }
    }

    /// MiB of a group of nodes above the request. None if the group is not suitable.
    pub(super) fn surplus(&self, group: &Group) -> Option<u64> {
        /// `nvidia.com/gpu`.
        const WHOLE: Allocation<'_> = Allocation::Resource(names::GPU);
        if self.strategy.is_shared() && !group.has_hostname {
            return None;
        }
        // Next to another name, a second pass would mistake `nvidia.com/gpu` for the default of a LimitRange.
        if self.needed.len() > 1 && self.needed.iter().any(|(a, _)| *a == WHOLE) {
            return None;
        }
        let query = self.query;
        let mut surplus = 0_u64;
        for (at, (allocation, needed)) in self.needed.iter().enumerate() {
            let (offer, advertised) = self.offer(group, *allocation)?;
            let is_forbidden = query.forbidding(self.strategy, allocation.name()).is_some();
            if is_forbidden || *needed > advertised.count || !query.is_requested(advertised.offer) {
                return None;
            }
            for (_, size, times) in self.sizes.iter().filter(|(of, ..)| *of == at) {
                if !size.is_met_by(offer) {
                    return None;
                }
                surplus = surplus.saturating_add(size.surplus_mib(offer).saturating_mul(*times));
            }
        }
        Some(surplus)
    }

    /// What each node of a group advertises under an allocation.
    pub(super) fn offer(
        &self,
        group: &Group,
        allocation: Allocation<'_>,
    ) -> Option<(&'a Offer, Advertised)> {
        let mut offers = self.query.offers(self.strategy, group);
        offers.find(|(offer, _)| offer.allocation() == allocation)
    }
}
