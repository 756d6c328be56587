//! A list without duplicates, in insertion order.

use std::collections::HashSet;
use std::hash::Hash;

/// Up to so many entries are compared one by one.
const FEW: usize = 16;

/// The list.
pub(crate) struct UniqueList<T> {
    list: Vec<T>,
    known: HashSet<T>,
}

impl<T: Clone + Eq + Hash> UniqueList<T> {
    /// An empty list.
    pub(crate) fn new() -> Self {
        Self {
            list: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// Appends a value that is not in the list yet.
    pub(crate) fn add(&mut self, entry: T) {
        if self.list.len() < FEW {
            if !self.list.contains(&entry) {
                self.list.push(entry);
            }
            return;
        }
        if self.known.is_empty() {
            self.known.extend(self.list.iter().cloned());
        }
        if self.known.insert(entry.clone()) {
            self.list.push(entry);
        }
    }

    /// The values.
    pub(crate) fn into_list(self) -> Vec<T> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::UniqueList;

    #[test]
    fn what_came_before_is_left_out_however_many_there_are() {
        let mut once = UniqueList::new();
        (0..100).chain(0..120).for_each(|number| once.add(number));
        assert_eq!(once.into_list(), (0..120).collect::<Vec<_>>());
    }
}
