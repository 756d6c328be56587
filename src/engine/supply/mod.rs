//! Supply: what the fleet can hand out, and which of it a pod can reach.

mod builder;
pub mod catalog;
mod columns;
pub mod filter;
pub mod fleet;
mod impostors;
pub mod offer;
pub mod places;
pub mod product;
mod provider;
mod reach;
pub mod read;
mod rows;
mod vgpu;
mod view;
mod why;

pub use builder::FleetBuilder;
pub use filter::NodeFilter;
pub use fleet::{Group, Knowledge, NodeView, Presence, Supply};
pub use offer::{GfdIdentity, Identity, Offer, Slice};
pub use vgpu::PRESENT as VGPU_PRESENT;
pub use why::{Unknown, Why};
