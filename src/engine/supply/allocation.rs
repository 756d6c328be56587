//! How a container gets a device: by whom, and what it has to request.

/// Who allocates devices to pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// NVIDIA's device plugin, through the kubelet.
    DevicePlugin,
}

impl Allocator {
    /// The word of reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DevicePlugin => "device-plugin",
        }
    }
}

/// What a container requests in order to be allocated a device, a slice or a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Allocation<'a> {
    /// An extended resource that a device plugin advertises.
    Resource(&'a str),
}

impl<'a> Allocation<'a> {
    /// Who allocates it.
    pub const fn allocator(self) -> Allocator {
        match self {
            Self::Resource(_) => Allocator::DevicePlugin,
        }
    }

    /// Its name, for people, quotas and the receipt.
    pub const fn name(self) -> &'a str {
        match self {
            Self::Resource(resource) => resource,
        }
    }
}
