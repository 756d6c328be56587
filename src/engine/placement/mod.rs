//! Which offers can serve a request, and which of them is best.

pub mod candidates;
pub mod choose;
pub mod existing;
pub mod usage;
