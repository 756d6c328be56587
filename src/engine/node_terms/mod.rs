//! Node selector terms that select exactly the nodes with suitable offers.
//!
//! A term consists of the labels that identify an offer. Terms that differ in one list of values are merged, because the
//! result is exact. The terms of the user stay, and each is narrowed (user terms x offer terms).

mod narrow;
mod offers;
mod term;

pub use narrow::{NarrowedTerm, filled, is_same, narrow};
pub use offers::of_offers;
pub use term::{LabelCondition, LabelRequirement, Term};
