//! `POST /mutate` and `POST /validate`.

mod answering;
mod deadline;
mod handler;
pub(super) mod lookup;
mod refusal;

pub(super) use handler::WebhookHandler;
