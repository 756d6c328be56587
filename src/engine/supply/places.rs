//! The CPU architectures and zones of nodes: a small set for each group of nodes.

/// A kind of place that a pod may depend on without a selector.
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
    /// The value for a kind.
    pub const fn of(&self, kind: PlaceKind) -> &T {
        &self.0[kind as usize]
    }

    /// The mutable value for a kind.
    pub const fn of_mut(&mut self, kind: PlaceKind) -> &mut T {
        &mut self.0[kind as usize]
    }
}

impl ByKind<Places> {
    /// Adds other places of each kind.
    pub fn join(&mut self, others: &Self) {
        let both = self.0.iter_mut().zip(&others.0);
        both.for_each(|(mine, theirs)| mine.join(theirs));
    }
}

/// Places of one kind, one bit each; the lowest is for nodes without the label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(Vec<u64>);

impl Places {
    pub(super) fn add(&mut self, bit: usize) {
        self.grow(bit / 64 + 1);
        if let Some(word) = self.0.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    pub(super) fn has(&self, bit: usize) -> bool {
        let word = self.0.get(bit / 64);
        word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    fn grow(&mut self, words: usize) {
        self.0.resize(self.0.len().max(words), 0);
    }

    fn join(&mut self, others: &Self) {
        self.grow(others.0.len());
        let both = self.0.iter_mut().zip(&others.0);
        both.for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// How many places. A node without the label may be anywhere, so it counts as all places.
    pub fn count(&self) -> u32 {
        if self.has(0) {
            return u32::MAX;
        }
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}
