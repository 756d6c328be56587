//! The wire: AdmissionReview bytes in, AdmissionReview bytes out, and the patch in between.

mod affinity;
pub mod answer;
mod operations;
pub mod patch;
pub mod review;

pub use answer::{BadReview, World, respond};
