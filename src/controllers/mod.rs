//! Controllers that keep slicegate's objects in the cluster correct: its certificate, the guard, the status of
//! policies, and the records for the next process.

pub mod certificate;
mod guard;
mod policy_status;
mod records;

pub use guard::{GuardController, GuardInput};
pub use policy_status::{PolicyStatusController, SHARING_POLICIES};
pub use records::{RecordData, Records};
