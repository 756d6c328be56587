//! Where the nodes of a candidate lie, for a pod that may depend on it without saying so.

use crate::engine::line::placement::{Case, Choice};
use crate::engine::placement::choose::Load;
use crate::engine::rules;
use crate::engine::supply::Allocation;
use crate::engine::supply::fleet::Group;
use crate::engine::supply::places::{ByKind, PlaceKind, Places};
use crate::engine::vocabulary::strategy::Strategy;

/// How many places of each kind are left to a pod.
pub(super) type Kept = [u32; 2];

/// Places of the kinds that a pod minds.
#[derive(Debug, Default)]
pub struct Reach {
    places: ByKind<Places>,
}

impl Reach {
    /// The places of a kind.
    pub fn of(&self, kind: PlaceKind) -> &Places {
        self.places.of(kind)
    }

    pub(super) fn join(&mut self, group: &Group) {
        for kind in PlaceKind::ALL {
            self.places.of_mut(kind).join(group.places.of(kind));
        }
    }
}

impl<'a> Case<'_, 'a> {
    /// Whether it matters to the pod in which places of a kind its nodes are: nodes differ in that, and for zones it
    /// mounts claims.
    pub fn minds(&self, kind: PlaceKind) -> bool {
        self.supply.is_spread(kind)
            && match kind {
                PlaceKind::Architecture => true,
                PlaceKind::Zone => self.first_claim().is_some(),
            }
    }

    /// The first volume that is a claim, by its position. What a generic ephemeral volume claims is made where the pod is.
    pub fn first_claim(&self) -> Option<usize> {
        let spec = self.pod.spec.as_ref();
        let volumes = spec.and_then(|s| s.volumes.as_deref()).unwrap_or_default();
        let mut volumes = volumes.iter();
        volumes.position(|volume| volume.persistent_volume_claim.is_some())
    }

    /// Whether any place matters.
    pub fn minds_places(&self) -> bool {
        PlaceKind::ALL.into_iter().any(|kind| self.minds(kind))
    }

    /// How many places these leave.
    pub(super) fn kept(&self, reach: &Reach) -> Kept {
        PlaceKind::ALL.map(|kind| match self.minds(kind) {
            true => reach.of(kind).count(),
            false => 0,
        })
    }

    /// Where the pod could be served by any strategy it may have.
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

    /// Where it is served by a choice.
    pub fn reaches(&self, choice: &Choice<'a>) -> Reach {
        let names: Vec<Allocation<'a>> = choice.grants.iter().map(|g| g.allocation).collect();
        let mut reach = Reach::default();
        self.join(choice.strategy, &names, &self.reachable(), &mut reach);
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
        let serving = serving.filter(|group| self.waste(strategy, &load, group).is_some());
        serving.for_each(|group| to.join(group));
    }
}
