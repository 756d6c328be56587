//! What somebody would try who wants a GPU, a neighbour or a limit that is not theirs, and what they get.
//!
//! Each module is a table: one row is one attempt, or one innocent thing that only looks like one.

mod bypasses;
mod bytes;
mod consent;
mod debugged;
mod forged;
#[path = "../guard_twin/mod.rs"]
mod guard_twin;
mod host_paths;
mod large;
mod named_nodes;
mod quantities;
mod scene;
mod selectors;
mod terms;
mod updates;
mod weakened;
