//! What slicegate reports, as plain data: reviews of objects, boundaries on nodes, doctor's checks, the catalogue.
//!
//! A report is made from input that was read elsewhere. It is serialized for programs as it stands; renderers turn it
//! into text for people.

pub mod boundaries;
pub mod catalog;
pub mod doctor;
pub mod review;

/// The `apiVersion` of every report.
pub const API_VERSION: &str = "slicegate.dev/v1alpha1";

/// `1 node`, `2 nodes`.
pub fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}
