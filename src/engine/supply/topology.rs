//! The architectures and zones of a fleet's nodes, by name.

use super::filter::NodeFilter;
use super::fleet::Supply;
use super::places::{PlaceKind, Places};

impl Supply {
    /// Sets the places of each group, once all labels are in their columns.
    pub(super) fn locate(&mut self) {
        for kind in PlaceKind::ALL {
            let narrow = self.narrow.get(kind.label());
            let Some(column) = narrow.or_else(|| self.wide.get(kind.label())) else {
                continue;
            };
            let names = column.values().map(str::to_owned).collect();
            for (at, group) in self.groups.iter_mut().enumerate() {
                let of_group = narrow.map(|_| at..at + 1);
                let rows = of_group.unwrap_or_else(|| group.nodes.clone());
                let places = group.places.of_mut(kind);
                rows.for_each(|row| places.add(column.id(row)));
            }
            *self.places.of_mut(kind) = names;
        }
    }

    /// Whether nodes are in more than one place of a kind.
    pub fn is_spread(&self, kind: PlaceKind) -> bool {
        self.places.of(kind).len() > 1
    }

    /// The names of those of `some` that `others` lack and that the pod itself does not exclude.
    pub fn missing_places(
        &self,
        kind: PlaceKind,
        (some, others): (&Places, &Places),
        filter: &NodeFilter<'_>,
    ) -> Vec<&str> {
        if others.has(0) {
            return Vec::new();
        }
        let mut missing = self.names(kind, |place| some.has(place) && !others.has(place));
        missing.retain(|name| filter.admits(kind.label(), name));
        missing
    }

    /// The names of places, sorted.
    pub fn named_places(&self, kind: PlaceKind, places: &Places) -> Vec<&str> {
        self.names(kind, |place| places.has(place))
    }

    fn names(&self, kind: PlaceKind, is_in: impl Fn(usize) -> bool) -> Vec<&str> {
        let names = self.places.of(kind).iter().enumerate();
        let names = names.filter(|(at, _)| is_in(at + 1));
        let mut names: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}
