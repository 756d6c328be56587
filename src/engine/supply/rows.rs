//! A set of nodes, by their rows.

use std::ops::{BitAndAssign, Range};

/// One bit for each row.
#[derive(Clone, Debug)]
pub(super) struct Rows(Vec<u64>);

impl Rows {
    /// A set with none of the rows, or all of them.
    pub(super) fn new(rows: usize, all: bool) -> Self {
        let word = if all { u64::MAX } else { 0 };
        Self(vec![word; rows.div_ceil(64)])
    }

    /// Adds rows.
    pub(super) fn add<'r>(&mut self, rows: impl IntoIterator<Item = &'r u32>) {
        self.set(rows, true);
    }

    /// Adds or removes rows.
    pub(super) fn set<'r>(&mut self, rows: impl IntoIterator<Item = &'r u32>, is_in: bool) {
        for row in rows {
            let bit = 1 << (row % 64);
            match self.0.get_mut(*row as usize / 64) {
                Some(word) if is_in => *word |= bit,
                Some(word) => *word &= !bit,
                None => {}
            }
        }
    }

    /// Whether the set has one of these rows.
    pub(super) fn has_one_of(&self, rows: Range<usize>) -> bool {
        let (first, last) = (rows.start / 64, rows.end.div_ceil(64));
        let words = self.0.get(first..last).unwrap_or_default();
        words.iter().enumerate().any(|(at, word)| {
            let start = (first + at) * 64;
            let before = rows.start.saturating_sub(start).min(64);
            let after = (start + 64).saturating_sub(rows.end).min(64);
            // Bits outside of the range are shifted out.
            let inside = u64::MAX.checked_shl(before as u32).unwrap_or(0)
                & u64::MAX.checked_shr(after as u32).unwrap_or(0);
            word & inside != 0
        })
    }
}

impl BitAndAssign<&Self> for Rows {
    fn bitand_assign(&mut self, other: &Self) {
        let both = self.0.iter_mut().zip(&other.0);
        both.for_each(|(mine, theirs)| *mine &= theirs);
    }
}
