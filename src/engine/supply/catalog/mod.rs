//! What NVIDIA documents about its GPUs: MIG profiles, memory sizes, names of vGPUs.

mod memory;
mod mig;
mod suggestions;
mod vgpu;

pub use memory::most_mib;
pub use mig::{PRODUCTS, Product, Profile, known, parse, product, profile};
pub use suggestions::suggestions;
pub use vgpu::VgpuProfile;
