//! How much of a text is kept, so that what is read of it needs no more memory than is meant.

/// How many entries of lists and maps are kept. The fields of a type are no entries, and always kept.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    lists: usize,
    maps: usize,
    maps_that_matter: usize,
    matters: fn(&str) -> bool,
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
            lists: entries,
            maps: entries,
            maps_that_matter: entries,
            matters,
            cut: Cut::Nothing,
        }
    }

    /// Whether one more entry of a list is kept.
    pub(super) fn take_entry(&mut self) -> bool {
        take(&mut self.lists, Cut::Entries, &mut self.cut)
    }

    /// Whether one more entry of a map is kept, whatever its key.
    pub(super) fn take_key(&mut self) -> bool {
        take(&mut self.maps, Cut::Keys, &mut self.cut)
    }

    pub(super) fn matters(&self, key: &str) -> bool {
        (self.matters)(key)
    }

    /// Whether one more entry of a map is kept whose key matters.
    pub(super) fn take_key_that_matters(&mut self) -> bool {
        take(
            &mut self.maps_that_matter,
            Cut::KeysThatMatter,
            &mut self.cut,
        )
    }
}

fn take(left: &mut usize, or: Cut, cut: &mut Cut) -> bool {
    let less = left.checked_sub(1);
    match less {
        Some(less) => *left = less,
        None => *cut = or.max(*cut),
    }
    less.is_some()
}
