//! Supply: what the fleet can hand out, and which of it a pod can reach.

pub mod allocation;
mod builder;
pub mod catalog;
mod columns;
pub mod device_plugin;
pub mod filter;
pub mod fleet;
pub mod labels;
mod node;
pub mod offer;
pub mod places;
pub mod product_patterns;
mod reach;
mod rows;
mod topology;
mod view;
mod why;

pub use allocation::{Allocation, Allocator};
pub use builder::FleetBuilder;
pub use device_plugin::VGPU_PRESENT;
pub use filter::NodeFilter;
pub use fleet::{Group, Knowledge, Supply};
pub use node::{NodeView, Presence, Taint};
pub use offer::{GfdIdentity, Identity, Offer, Slice};
pub use why::{UnknownReason, UnknownResource};
