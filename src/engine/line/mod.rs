//! The values that one stage of a decision hands to the next, in their order.

pub mod decision;
pub mod edit;
pub mod input;
pub mod limits;
pub mod mps_user;
pub mod own_term;
pub mod placement;
pub mod reach;
pub mod request;
pub mod taking;
