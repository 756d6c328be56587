//! How much of a text is kept, so that what is read of it needs no more memory than is meant.

/// How many entries of lists and maps are kept. The fields of a type are no entries, and always kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many more are kept, by what leaving out one more would be.
    left: [usize; 4],
    pub(super) matters: fn(&str) -> bool,
    pub(super) cut: Cut,
}

/// What was left out; each includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Nothing.
    #[default]
    Nothing,
    /// Entries of maps, under keys that do not matter.
    Keys,
    /// Entries of lists.
    Entries,
    /// Entries of maps, under keys that matter.
    KeysThatMatter,
}

impl Bounds {
    /// Keeps so many entries of all lists together and as many of all maps. Of maps, after that, only those are kept
    /// whose keys matter, as many again.
    pub const fn new(entries: usize, matters: fn(&str) -> bool) -> Self {
        Self {
            left: [entries; 4],
            matters,
            cut: Cut::Nothing,
        }
    }

    /// Whether one more entry is kept. If not, it is left out as such.
    #[inline]
    pub(super) fn take(&mut self, or: Cut) -> bool {
        let left = &mut self.left[or as usize];
        let less = left.checked_sub(1);
        match less {
            Some(less) => *left = less,
            None => self.cut = or.max(self.cut),
        }
        less.is_some()
    }
}
