//! Reports as text for a terminal, and as a diff.

pub(crate) mod adopt;
pub(crate) mod boundaries;
pub(crate) mod catalog;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod review;
pub(crate) mod table;
