//! The architectures and zones where a pod can run.

use crate::engine::line::{Placement, PlacementQuery};
use crate::engine::placement::choose::combinations::combinations;
use crate::engine::placement::choose::demand::ResourceDemand;
use crate::engine::rules;
use crate::engine::supply::places::{ByKind, Places};

/// Where any allowed strategy could serve the pod, and where a placement serves it.
pub fn places<'a>(
    query: &PlacementQuery<'_, 'a>,
    placement: &Placement<'a>,
) -> (ByKind<Places>, ByKind<Places>) {
    let reachable = query.reachable();
    let join = |strategy, allocations: &[_], places: &mut ByKind<Places>| {
        let demand = ResourceDemand::of(query, strategy, allocations);
        for group in &reachable {
            if demand.surplus(group).is_some() {
                places.join(&group.places);
            }
        }
    };
    let (mut possible, mut placed) = <(ByKind<Places>, ByKind<Places>)>::default();
    for strategy in query.strategies.iter() {
        if rules::removal(query, strategy).is_none() {
            for allocations in combinations(query, strategy, &reachable) {
                join(strategy, &allocations, &mut possible);
            }
        }
    }
    let allocations: Vec<_> = placement.shares.iter().map(|s| s.allocation).collect();
    join(placement.strategy, &allocations, &mut placed);
    (possible, placed)
}
