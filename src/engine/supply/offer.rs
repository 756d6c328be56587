//! An offer: what one kind of node advertises under one resource name.

use super::allocation::Allocation;
use super::why::UnknownReason;
use crate::engine::vocabulary::{Fraction, Strategy};

/// What nodes of one kind advertise under one resource name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offer {
    /// How the device is shared.
    pub strategy: Strategy,
    /// The resource that a pod has to request.
    pub resource: String,
    /// The product without `-SHARED` and `-MIG-...`, or the provider's own name for it.
    pub product: String,
    /// Usable MiB of one share, rounded down; none where neither label nor catalogue says.
    pub memory_mib: Option<u64>,
    /// MiB of the whole device that a share is a part of; fractions refer to it.
    pub device_mib: Option<u64>,
    /// Shares per device or slice; 1 where it is not shared.
    pub replicas: u32,
    /// The MIG slice the share is, or is cut from.
    pub slice: Option<Slice>,
    /// The labels that tell nodes with this offer from all others.
    pub identity: Identity,
}

/// What one resource of a node is: an offer, or why it is unknown.
pub type Reading = Result<Offer, UnknownReason>;

/// A MIG slice in nominal slices of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// Compute slices taken, and of how many.
    pub compute: (u32, u32),
    /// Memory slices taken, and of how many.
    pub memory: (u32, u32),
    /// It serves graphics APIs, as the profiles do that end in `gfx`.
    pub graphics: bool,
    /// It has an engine that encodes or decodes video, or no label says that it has none.
    pub video: bool,
}

/// The labels that say what a node is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Labels of GPU Feature Discovery.
    Gfd(GfdIdentity),
    /// Label keys with the one value they have, or none where the key must be absent.
    Listed(Vec<(&'static str, Option<String>)>),
}

/// The labels of GPU Feature Discovery that describe one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GfdIdentity {
    /// `nvidia.com/gpu` or `nvidia.com/mig-<profile>`: the beginning of the label keys, also where sharing renames the
    /// resource.
    pub prefix: String,
    /// The key of the product label; the device's one where the slice's label would be too long to exist.
    pub product_key: String,
    /// The product label's value, with its suffixes.
    pub product_value: String,
    /// `none`, `time-slicing` or `mps`.
    pub sharing: &'static str,
    /// The `replicas` label.
    pub replicas: u32,
    /// The `memory` label in MiB, if it is above 0 and possible.
    pub memory_label: Option<u64>,
    /// Only the label `nvidia.com/vgpu.present` tells it from a GPU that other virtual machines do not use.
    pub by_vgpu_label: bool,
}

impl Offer {
    /// What a container requests to get a share of it.
    pub fn allocation(&self) -> Allocation<'_> {
        Allocation::Resource(&self.resource)
    }

    /// Whether a share is large enough in memory.
    pub fn has_memory(&self, bytes: u64) -> bool {
        self.memory_mib.is_some_and(|mib| mib >= mib_ceil(bytes))
    }

    /// Whether a fraction of a whole device fits a share, in exact rationals; MIG counts nominal slices.
    pub fn has_fraction(&self, fraction: Fraction) -> bool {
        match self.slice {
            None => fraction.fits(self.replicas, 1, 1),
            Some(slice) => {
                fraction.fits(self.replicas, slice.memory.0, slice.memory.1)
                    && fraction.fits(self.replicas, slice.compute.0, slice.compute.1)
            }
        }
    }

    /// Whether a fraction of a whole device's memory fits a share; compute is not compared.
    pub fn has_memory_fraction(&self, fraction: Fraction) -> bool {
        let (part, of) = self.slice.map_or((1, 1), |slice| slice.memory);
        fraction.fits(self.replicas, part, of)
    }

    /// Whether a share has that many percent of a device's compute.
    pub fn has_compute(&self, percent: u32) -> bool {
        let (part, of) = self.slice.map_or((1, 1), |slice| slice.compute);
        let shares = u128::from(self.replicas) * u128::from(of);
        u128::from(percent) * shares <= 100 * u128::from(part)
    }

    /// Whether a share serves graphics APIs. MPS and most slices serve CUDA only.
    pub fn has_graphics(&self) -> bool {
        self.strategy != Strategy::Mps && self.slice.is_none_or(|slice| slice.graphics)
    }

    /// Whether a share encodes or decodes video, as far as its labels say.
    pub fn has_video(&self) -> bool {
        self.slice.is_none_or(|slice| slice.video)
    }

    /// Percent of a device's compute that a share has, rounded down; for MPS the daemon's limit.
    pub fn compute_percent(&self) -> u32 {
        let (part, of) = self.slice.map_or((1, 1), |slice| slice.compute);
        let shares = u64::from(of) * u64::from(self.replicas);
        let percent = 100 * u64::from(part) / shares.max(1);
        u32::try_from(percent).unwrap_or(100)
    }
}

/// Bytes in MiB, rounded up.
pub const fn mib_ceil(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}
