//! GPU models and their MIG profiles, written down a second time: figures of published listings and of stock software.

/// A GPU model.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// What GFD calls it.
    pub product: &'static str,
    /// MiB of a whole one.
    pub mib: u64,
    /// CUDA compute capability.
    pub capability: (u32, u32),
    /// Compute and memory slices of a whole one; none where it cannot be partitioned.
    pub slices: Option<(u32, u32)>,
    /// Whether anybody but its maker knows its slices.
    pub is_told: bool,
    /// What it can be cut into.
    pub profiles: &'static [Profile],
}

/// A MIG profile.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// As resource names have it.
    pub name: &'static str,
    /// Compute and memory slices.
    pub slices: (u32, u32),
    /// MiB a process can use.
    pub mib: u64,
}

const fn slice(name: &'static str, compute: u32, memory: u32, mib: u64) -> Profile {
    Profile {
        name,
        slices: (compute, memory),
        mib,
    }
}

const fn plain(product: &'static str, mib: u64, capability: (u32, u32)) -> Model {
    Model {
        product,
        mib,
        capability,
        slices: None,
        is_told: true,
        profiles: &[],
    }
}

const fn cut(
    product: &'static str,
    mib: u64,
    capability: (u32, u32),
    slices: (u32, u32),
    profiles: &'static [Profile],
) -> Model {
    Model {
        product,
        mib,
        capability,
        slices: Some(slices),
        is_told: true,
        profiles,
    }
}

const RTX: &[Profile] = &[
    slice("1g.24gb", 1, 1, 24186),
    slice("2g.48gb", 2, 2, 48512),
    slice("1g.24gb.gfx", 1, 1, 24186),
    slice("1g.24gb-me", 1, 1, 24186),
];

/// The first ones are what a failing case shrinks to.
pub static MODELS: [Model; 10] = [
    cut(
        "NVIDIA-A100-SXM4-80GB",
        81920,
        (8, 0),
        (7, 8),
        &[
            slice("1g.10gb", 1, 1, 9728),
            slice("2g.20gb", 2, 2, 19968),
            slice("3g.40gb", 3, 4, 40192),
            slice("1g.20gb", 1, 2, 19968),
            slice("7g.80gb", 7, 8, 80384),
            slice("1g.10gb.me", 1, 1, 9728),
        ],
    ),
    cut(
        "NVIDIA-A100-SXM4-40GB",
        40960,
        (8, 0),
        (7, 8),
        &[
            slice("1g.5gb", 1, 1, 4864),
            slice("1g.10gb", 1, 2, 9856),
            slice("2g.10gb", 2, 2, 9856),
            slice("3g.20gb", 3, 4, 19968),
        ],
    ),
    plain("NVIDIA-L4", 23034, (8, 9)),
    plain("NVIDIA-T4", 15360, (7, 5)),
    plain("Tesla-V100-SXM2-16GB", 16384, (7, 0)),
    cut(
        "NVIDIA-H100-80GB-HBM3",
        81559,
        (9, 0),
        (7, 8),
        &[
            slice("1g.10gb", 1, 1, 9984),
            slice("2g.20gb", 2, 2, 20096),
            slice("3g.40gb", 3, 4, 40448),
        ],
    ),
    cut(
        "NVIDIA-A30",
        24576,
        (8, 0),
        (4, 4),
        &[
            slice("1g.6gb", 1, 1, 5836),
            slice("2g.12gb", 2, 2, 11672),
            slice("4g.24gb", 4, 4, 23344),
        ],
    ),
    cut(
        "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition",
        97887,
        (12, 0),
        (4, 4),
        RTX,
    ),
    // Its name makes every product label of a slice too long to be one.
    cut(
        "NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition",
        97887,
        (12, 0),
        (4, 4),
        RTX,
    ),
    // Not on sale yet, and in no catalogue.
    Model {
        product: "NVIDIA-R999",
        mib: 294_912,
        capability: (13, 0),
        slices: Some((7, 8)),
        is_told: false,
        profiles: &[
            slice("1g.36gb", 1, 1, 36608),
            slice("3g.144gb", 3, 4, 146_432),
        ],
    },
];
