//! The wire: AdmissionReview bytes in, AdmissionReview bytes out, and the patch in between.

mod affinity;
mod answer;
mod error;
mod messages;
mod operations;
pub mod patch;
pub mod respond;
pub mod review;
mod tally;

pub use error::{BadReview, NoDecision};
pub use messages::{denial_message, finding_lines};
pub use respond::{
    ReviewedRequest, Webhook, missing_namespace, respond, respond_observed,
    respond_without_decision,
};
pub use tally::{Tally, tally};
