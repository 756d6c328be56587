//! The places, architectures and zones, that matter to a pod which may depend on them without saying so.

use crate::engine::line::placement::PlacementQuery;
use crate::engine::supply::fleet::Group;
use crate::engine::supply::places::{ByKind, PlaceKind, Places};

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

    /// Adds the places of a kind of node.
    pub(in crate::engine) fn join(&mut self, group: &Group) {
        for kind in PlaceKind::ALL {
            self.places.of_mut(kind).join(group.places.of(kind));
        }
    }
}

impl PlacementQuery<'_, '_> {
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
}
