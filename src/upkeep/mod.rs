//! What slicegate keeps in order in its cluster: its certificate, the guard in the API server, and what outlives a
//! process.

pub mod certificate;
mod guard;
mod policies;
mod records;

use crate::cluster::{Kind, ObjectRef};

pub use guard::{Basis, Guard};
pub use policies::{Policies, SHARING_POLICIES};
pub use records::{Content, Records};

/// The registration that the guard belongs to.
const REGISTRATION: ObjectRef<'_> = Kind::VALIDATING_WEBHOOKS.named("slicegate");
