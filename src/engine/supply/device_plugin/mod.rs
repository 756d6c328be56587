//! What the device plugin advertises: resources of nodes, and the labels that describe them.

pub(super) mod mislabelled;
mod provider;
mod read;
mod vgpu;

pub use read::{is_described, resource};
pub use vgpu::PRESENT as VGPU_PRESENT;
