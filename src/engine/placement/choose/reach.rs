//! The architectures and zones of the nodes of a candidate.

use crate::engine::line::{Placement, PlacementQuery, Reach};
use crate::engine::placement::choose::Load;
use crate::engine::rules;
use crate::engine::supply::Allocation;
use crate::engine::supply::fleet::Group;
use crate::engine::supply::places::PlaceKind;
use crate::engine::vocabulary::Strategy;

/// The number of architectures and of zones that stay possible.
pub(super) type PlaceCounts = [u32; 2];

impl<'a> PlacementQuery<'_, 'a> {
    /// Counts the architectures and zones that matter to the pod.
    pub(super) fn places_left(&self, reach: &Reach) -> PlaceCounts {
        PlaceKind::ALL.map(|kind| match self.minds(kind) {
            true => reach.of(kind).count(),
            false => 0,
        })
    }

    /// Where any allowed strategy could serve the pod.
    pub fn could_reach(&self) -> Reach {
        let reachable = self.reachable();
        let mut could = Reach::default();
        for strategy in self.strategies.iter() {
            if rules::removal(self, strategy).is_some() {
                continue;
            }
            for names in self.candidates(strategy, &reachable) {
                self.join(strategy, &names, &reachable, &mut could);
            }
        }
        could
    }

    /// Where a placement serves the pod.
    pub fn reaches(&self, placement: &Placement<'a>) -> Reach {
        let names: Vec<Allocation<'a>> = placement.shares.iter().map(|g| g.allocation).collect();
        let mut reach = Reach::default();
        self.join(placement.strategy, &names, &self.reachable(), &mut reach);
        reach
    }

    fn join(
        &self,
        strategy: Strategy,
        names: &[Allocation<'a>],
        groups: &[&Group],
        to: &mut Reach,
    ) {
        let load = Load::of(self, names);
        let serving = groups.iter();
        let serving = serving.filter(|group| self.surplus(strategy, &load, group).is_some());
        serving.for_each(|group| to.join(group));
    }
}
