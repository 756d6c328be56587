//! The values that one stage of a decision hands to the next, in their order.

mod decision;
mod edit;
mod input;
mod limits;
pub mod mps_user;
mod own_term;
mod placement;
mod reach;
mod request;
mod taking;

pub use decision::{Decision, MarkersReason, Outcome, Reason};
pub use edit::{Edit, NewToleration};
pub use input::{DecisionInput, PodForm, Workload};
pub use limits::Limits;
pub use mps_user::{MpsUser, mps_user};
pub(crate) use own_term::{is_own_term, may_be_ours};
pub use placement::{
    AllocatedShare, Placement, PlacementQuery, crosses_namespaces, policy_tolerates,
};
pub use reach::Reach;
pub use request::{DeviceRequest, PodRequest, RequestedResource, ShareSize, Shortfall, Strategies};
pub use taking::{taken, taken_by, takes_gpu};
