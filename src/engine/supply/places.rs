//! Over which CPU architectures and zones nodes lie: small sets, kept for each group of nodes.

use super::filter::NodeFilter;
use super::fleet::Supply;

/// A kind of place that a pod may depend on without saying so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// An image is built for some architectures.
    Architecture,
    /// A volume is often bound to a zone.
    Zone,
}

impl PlaceKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Architecture, Self::Zone];

    /// The label of nodes.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Architecture => "kubernetes.io/arch",
            Self::Zone => "topology.kubernetes.io/zone",
        }
    }
}

/// One value for each kind of place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByKind<T>([T; 2]);

impl<T> ByKind<T> {
    /// That of a kind.
    pub const fn of(&self, kind: PlaceKind) -> &T {
        &self.0[kind as usize]
    }

    /// The same, to be changed.
    pub const fn of_mut(&mut self, kind: PlaceKind) -> &mut T {
        &mut self.0[kind as usize]
    }
}

/// Places of one kind: a bit for each, the lowest for nodes whose label is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<u64>);

impl Places {
    fn add(&mut self, bit: usize) {
        self.reach(bit / 64 + 1);
        if let Some(word) = self.0.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    fn has(&self, bit: usize) -> bool {
        let word = self.0.get(bit / 64);
        word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    fn reach(&mut self, words: usize) {
        if self.0.len() < words {
            self.0.resize(words, 0);
        }
    }

    /// Takes in the others.
    pub fn join(&mut self, others: &Self) {
        self.reach(others.0.len());
        let both = self.0.iter_mut().zip(&others.0);
        both.for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// How many they are. A node without the label may be anywhere, so with one of those nothing is missing.
    pub fn count(&self) -> u32 {
        match self.has(0) {
            true => u32::MAX,
            false => self.0.iter().map(|word| word.count_ones()).sum(),
        }
    }
}

impl Supply {
    /// Notes where each group's nodes are, once all labels are in their columns.
    pub(super) fn locate(&mut self) {
        for kind in PlaceKind::ALL {
            let narrow = self.narrow.get(kind.label());
            let Some(column) = narrow.or_else(|| self.wide.get(kind.label())) else {
                continue;
            };
            let names = column.values().map(str::to_owned).collect();
            for (at, group) in self.groups.iter_mut().enumerate() {
                let rows = match narrow {
                    Some(_) => at..at + 1,
                    None => group.nodes.clone(),
                };
                let places = group.places.of_mut(kind);
                rows.for_each(|row| places.add(column.id(row)));
            }
            *self.places.of_mut(kind) = names;
        }
    }

    /// Whether nodes lie in different places of a kind.
    pub fn is_spread(&self, kind: PlaceKind) -> bool {
        self.places.of(kind).len() > 1
    }

    /// Those of some places that are not among others and that a pod does not rule out itself, by name.
    pub fn missing_places(
        &self,
        kind: PlaceKind,
        (some, others): (&Places, &Places),
        filter: &NodeFilter<'_>,
    ) -> Vec<&str> {
        if others.has(0) {
            return Vec::new();
        }
        let names = self.places.of(kind).iter().enumerate();
        let missing = names.filter(|(at, _)| some.has(at + 1) && !others.has(at + 1));
        let missing = missing.map(|(_, name)| name.as_str());
        let mut missing: Vec<&str> = missing
            .filter(|name| filter.admits(kind.label(), name))
            .collect();
        missing.sort_unstable();
        missing
    }

    /// Places by name.
    pub fn named_places(&self, kind: PlaceKind, places: &Places) -> Vec<&str> {
        let names = self.places.of(kind).iter().enumerate();
        let named = names.filter(|(at, _)| places.has(at + 1));
        let mut named: Vec<&str> = named.map(|(_, name)| name.as_str()).collect();
        named.sort_unstable();
        named
    }
}
