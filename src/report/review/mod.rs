//! The ReviewReport: what slicegate would make of objects, or of the pods of a cluster.

mod build;
mod changes;
mod groups;
mod judge;
mod model;
mod notes;
mod reading;
mod reason;
pub mod summary;

pub use build::{Detail, Review, Settings};
pub use model::{
    CandidateEntry, ChangeEntry, FindingEntry, Item, Member, Origin, ReviewReport, RunningPod,
};
