//! How much of a text is kept, so that what is read of it needs no more memory than is meant.

/// How many entries of lists and maps are kept. The fields of a type are no entries, and always kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    left: usize,
    left_that_matter: usize,
    matters: fn(&str) -> bool,
    pub(super) cut: Cut,
}

/// What was left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Nothing.
    #[default]
    Nothing,
    /// Entries of lists, or of maps under keys that do not matter.
    Entries,
    /// Entries of maps under keys that matter as well.
    WhatMatters,
}

impl Bounds {
    /// Keeps `entries` in all, and of maps after that only the first ones whose keys matter, `entries` again.
    pub const fn new(entries: usize, matters: fn(&str) -> bool) -> Self {
        Self {
            left: entries,
            left_that_matter: entries,
            matters,
            cut: Cut::Nothing,
        }
    }

    /// Keeps everything.
    pub(super) const fn none() -> Self {
        Self::new(usize::MAX, |_| true)
    }

    /// Whether one more entry is kept.
    pub(super) fn take(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.cut = self.cut.max(Cut::Entries);
                false
            }
        }
    }

    pub(super) fn matters(&self, key: &str) -> bool {
        (self.matters)(key)
    }

    /// Whether one more entry that matters is kept.
    pub(super) fn take_what_matters(&mut self) -> bool {
        match self.left_that_matter.checked_sub(1) {
            Some(left) => {
                self.left_that_matter = left;
                true
            }
            None => {
                self.cut = Cut::WhatMatters;
                false
            }
        }
    }
}
