//! The wire: AdmissionReview bytes in, AdmissionReview bytes out, and the patch in between.

mod affinity;
mod answer;
mod messages;
mod operations;
pub mod patch;
pub mod respond;
pub mod review;
mod tally;

pub use messages::{denial, warned};
pub use respond::{
    BadReview, Judged, Unjudged, Webhook, World, missing_namespace, respond, respond_seen, unjudged,
};
pub use tally::{Tally, tally};
