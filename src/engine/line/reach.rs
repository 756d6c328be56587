//! CPU architectures and zones that a pod may depend on without stating it.

use crate::engine::line::PlacementQuery;
use crate::engine::supply::fleet::Group;
use crate::engine::supply::places::{ByKind, PlaceKind, Places};

/// The architectures and zones of a set of nodes, as far as they matter to a pod.
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
    pub(crate) fn join(&mut self, group: &Group) {
        for kind in PlaceKind::ALL {
            self.places.of_mut(kind).join(group.places.of(kind));
        }
    }
}

impl PlacementQuery<'_, '_> {
    /// Whether the architecture or the zone of a node matters to the pod: the nodes differ in it and, for zones, the pod
    /// mounts volume claims.
    pub fn minds(&self, kind: PlaceKind) -> bool {
        self.supply.is_spread(kind)
            && match kind {
                PlaceKind::Architecture => true,
                PlaceKind::Zone => self.first_claim().is_some(),
            }
    }

    /// The index of the first volume that is a PersistentVolumeClaim. Generic ephemeral volumes do not count: their claims
    /// are created in the zone of the pod.
    pub fn first_claim(&self) -> Option<usize> {
        let spec = self.pod.spec.as_ref();
        let volumes = spec.and_then(|s| s.volumes.as_deref()).unwrap_or_default();
        let mut volumes = volumes.iter();
        volumes.position(|volume| volume.persistent_volume_claim.is_some())
    }

    /// Whether architectures or zones matter.
    pub fn minds_places(&self) -> bool {
        PlaceKind::ALL.into_iter().any(|kind| self.minds(kind))
    }
}
