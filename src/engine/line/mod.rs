//! The values that one stage of a decision hands to the next, in their order.

mod decision;
mod edit;
mod input;
mod limits;
mod mps_user;
mod own_term;
mod peak;
mod placement;
mod request;
mod taking;

pub use decision::{Decision, MarkersReason, Outcome, Reason};
pub use edit::{Edit, NewToleration};
pub use input::{DecisionInput, Workload};
pub use limits::Limits;
pub use mps_user::{MpsUser, mps_user, written_user};
pub use own_term::{is_own_term, may_be_ours};
pub use peak::Peak;
pub use placement::{AllocatedShare, Placement, PlacementQuery};
pub use request::{DeviceRequest, PodRequest, RequestedResource, ShareSize, Shortfall, Strategies};
pub use taking::{taken, taken_by, takes_gpu};
