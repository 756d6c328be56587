//! The table of the MIG catalogue: which GPU models can be cut into which profiles, and what one slice holds.
//!
//! Names, slices and counts: NVIDIA's MIG User Guide, "Supported GPUs" and "Supported MIG
//! Profiles" (<https://docs.nvidia.com/datacenter/tesla/mig-user-guide/>, R595 to R620); the
//! default configuration of mig-parted v0.15.0 (<https://github.com/NVIDIA/mig-parted>); for the
//! rarer Hopper variants the GPU types page of NVIDIA's vGPU for Compute documentation. Product
//! labels: what GPU Feature Discovery v0.20.0 (<https://github.com/NVIDIA/k8s-device-plugin>) makes
//! of the name that NVML reports; a comment says where one is derived or unverified.
//!
//! Sizes are the weak part. The `gb` in a profile's name is a rounded share of the card and not
//! what a process gets, and the real figure depends on the driver: an A100 80GB `1g.10gb` is
//! 9.50 GiB in published `nvidia-smi mig -lgip` listings, an H200 `1g.18gb` only 16. The table has
//! the smallest figure of such listings and of go-nvml's mock devices
//! (<https://github.com/NVIDIA/go-nvml>), rounded down, and none where only the nominal one is
//! known. What a node's own labels say is better.

use crate::engine::supply::catalog::product::{Product, Profile};

/// One profile of the table.
const fn row(
    name: &'static str,
    compute: u32,
    memory: u32,
    mib: Option<u64>,
    max_instances: u32,
) -> Profile {
    Profile {
        name,
        compute,
        memory,
        mib,
        max_instances,
    }
}

/// Every product that can be partitioned, oldest generation first.
pub static PRODUCTS: &[Product] = &[
    // Sizes: go-nvml mock. NVML itself lists wrong profiles here, so mig-parted hard-codes them.
    Product {
        name: "A30 24GB",
        labels: &["NVIDIA-A30"],
        compute_slices: 4,
        memory_slices: 4,
        profiles: &[
            row("1g.6gb", 1, 1, Some(5836), 4),
            row("1g.6gb.me", 1, 1, Some(5836), 1),
            row("2g.12gb", 2, 2, Some(11672), 2),
            row("2g.12gb.me", 2, 2, Some(11672), 1),
            row("4g.24gb", 4, 4, Some(23344), 1),
        ],
    },
    // Sizes: go-nvml mock, none above nvidia-smi's. `1g.10gb` is the double-memory profile here.
    Product {
        name: "A100 40GB",
        labels: &["NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.5gb", 1, 1, Some(4864), 7),
            row("1g.5gb.me", 1, 1, Some(4864), 1),
            row("1g.10gb", 1, 2, Some(9856), 4),
            row("2g.10gb", 2, 2, Some(9856), 3),
            row("3g.20gb", 3, 4, Some(19968), 2),
            row("4g.20gb", 4, 4, Some(19968), 1),
            row("7g.40gb", 7, 8, Some(40192), 1),
        ],
    },
    // Sizes: nvidia-smi listings, 39.25 to 39.50 GiB for 3g; the whole GPU from the go-nvml mock.
    Product {
        name: "A100 80GB",
        labels: &["NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.10gb", 1, 1, Some(9728), 7),
            row("1g.10gb.me", 1, 1, Some(9728), 1),
            row("1g.20gb", 1, 2, Some(19968), 4),
            row("2g.20gb", 2, 2, Some(19968), 3),
            row("3g.40gb", 3, 4, Some(40192), 2),
            row("4g.40gb", 4, 4, Some(40192), 1),
            row("7g.80gb", 7, 8, Some(80384), 1),
        ],
    },
    // Custom SKU, known from the vGPU types page. Label unverified.
    Product {
        name: "H100 64GB",
        labels: &["NVIDIA-H100-64GB-HBM2"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.8gb", 1, 1, None, 7),
            row("1g.8gb.me", 1, 1, None, 1),
            row("1g.16gb", 1, 2, None, 4),
            row("2g.16gb", 2, 2, None, 3),
            row("3g.32gb", 3, 4, None, 2),
            row("4g.32gb", 4, 4, None, 1),
            row("7g.64gb", 7, 8, None, 1),
        ],
    },
    // Sizes: an nvidia-smi listing, for 1g and 2g. `NVIDIA-H800` unverified.
    Product {
        name: "H100 80GB",
        labels: &["NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H800"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.10gb", 1, 1, Some(9984), 7),
            row("1g.10gb.me", 1, 1, Some(9984), 1),
            row("1g.20gb", 1, 2, Some(20090), 4),
            row("2g.20gb", 2, 2, Some(20090), 3),
            row("3g.40gb", 3, 4, None, 2),
            row("4g.40gb", 4, 4, None, 1),
            row("7g.80gb", 7, 8, None, 1),
        ],
    },
    // NVL and SXM5, nominal sizes only.
    Product {
        name: "H100 94GB",
        labels: &["NVIDIA-H100-NVL"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.12gb", 1, 1, None, 7),
            row("1g.12gb.me", 1, 1, None, 1),
            row("1g.24gb", 1, 2, None, 4),
            row("2g.24gb", 2, 2, None, 3),
            row("3g.47gb", 3, 4, None, 2),
            row("4g.47gb", 4, 4, None, 1),
            row("7g.94gb", 7, 8, None, 1),
        ],
    },
    // Also PG506. Nominal sizes only. `NVIDIA-H20` derived.
    Product {
        name: "H100 96GB / GH200 96GB / H20 96GB",
        labels: &["NVIDIA-GH200-480GB", "NVIDIA-GH200-96GB-HBM3", "NVIDIA-H20"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.12gb", 1, 1, None, 7),
            row("1g.12gb.me", 1, 1, None, 1),
            row("1g.24gb", 1, 2, None, 4),
            row("2g.24gb", 2, 2, None, 3),
            row("3g.48gb", 3, 4, None, 2),
            row("4g.48gb", 4, 4, None, 1),
            row("7g.96gb", 7, 8, None, 1),
        ],
    },
    // From the mig-parted configuration. Label unverified.
    Product {
        name: "GH200 144GB",
        labels: &["NVIDIA-GH200-144G-HBM3e"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.18gb", 1, 1, None, 7),
            row("1g.18gb.me", 1, 1, None, 1),
            row("1g.36gb", 1, 2, None, 4),
            row("2g.36gb", 2, 2, None, 3),
            row("3g.72gb", 3, 4, None, 2),
            row("4g.72gb", 4, 4, None, 1),
            row("7g.144gb", 7, 8, None, 1),
        ],
    },
    // Sizes: a third-party listing. `1g.35gb` is assumed to hold what `2g.35gb` does: two slices.
    Product {
        name: "H200 141GB",
        labels: &["NVIDIA-H200", "NVIDIA-H200-NVL"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.18gb", 1, 1, Some(16384), 7),
            row("1g.18gb.me", 1, 1, Some(16384), 1),
            row("1g.35gb", 1, 2, Some(33280), 4),
            row("2g.35gb", 2, 2, Some(33280), 3),
            row("3g.71gb", 3, 4, None, 2),
            row("4g.71gb", 4, 4, None, 1),
            row("7g.141gb", 7, 8, Some(143360), 1),
        ],
    },
    // 3g, 4g and 7g from the vGPU types page, the rest as on H200. Label unverified.
    Product {
        name: "H20 141GB",
        labels: &["NVIDIA-H20-3e"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.18gb", 1, 1, None, 7),
            row("1g.18gb.me", 1, 1, None, 1),
            row("1g.35gb", 1, 2, None, 4),
            row("2g.35gb", 2, 2, None, 3),
            row("3g.71gb", 3, 4, None, 2),
            row("4g.71gb", 4, 4, None, 1),
            row("7g.141gb", 7, 8, None, 1),
        ],
    },
    // The go-nvml mock merely multiplies the nominal figures, so no size is taken from it.
    Product {
        name: "B200 180GB",
        labels: &["NVIDIA-B200"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.23gb", 1, 1, None, 7),
            row("1g.23gb.me", 1, 1, None, 1),
            row("1g.45gb", 1, 2, None, 4),
            row("2g.45gb", 2, 2, None, 3),
            row("3g.90gb", 3, 4, None, 2),
            row("4g.90gb", 4, 4, None, 1),
            row("7g.180gb", 7, 8, None, 1),
        ],
    },
    // Before v0.12.3 mig-parted had other names for the large profiles. Its default configuration
    // keeps both spellings: the last three rows are the former ones.
    Product {
        name: "GB200 186GB",
        labels: &["NVIDIA-GB200"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.23gb", 1, 1, None, 7),
            row("1g.23gb.me", 1, 1, None, 1),
            row("1g.47gb", 1, 2, None, 4),
            row("2g.47gb", 2, 2, None, 3),
            row("3g.93gb", 3, 4, None, 2),
            row("4g.93gb", 4, 4, None, 1),
            row("7g.186gb", 7, 8, None, 1),
            row("3g.95gb", 3, 4, None, 2),
            row("4g.95gb", 4, 4, None, 1),
            row("7g.189gb", 7, 8, None, 1),
        ],
    },
    // The one size is a third-party listing.
    Product {
        name: "B300 269GB",
        labels: &["NVIDIA-B300-SXM6-AC", "NVIDIA-B300-SXM6-PC"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.34gb", 1, 1, Some(34560), 7),
            row("1g.34gb.me", 1, 1, Some(34560), 1),
            row("1g.67gb", 1, 2, None, 4),
            row("2g.67gb", 2, 2, None, 3),
            row("3g.135gb", 3, 4, None, 2),
            row("4g.135gb", 4, 4, None, 1),
            row("7g.269gb", 7, 8, None, 1),
        ],
    },
    // From the mig-parted configuration. Label derived.
    Product {
        name: "GB300 278GB",
        labels: &["NVIDIA-GB300"],
        compute_slices: 7,
        memory_slices: 8,
        profiles: &[
            row("1g.35gb", 1, 1, None, 7),
            row("1g.35gb.me", 1, 1, None, 1),
            row("1g.70gb", 1, 2, None, 4),
            row("2g.70gb", 2, 2, None, 3),
            row("3g.139gb", 3, 4, None, 2),
            row("4g.139gb", 4, 4, None, 1),
            row("7g.278gb", 7, 8, None, 1),
        ],
    },
    // Sizes: an nvidia-smi listing. 47.375 GiB prints as 47.38, so the lower is what counts.
    Product {
        name: "RTX PRO 6000 Blackwell 96GB",
        labels: &[
            "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition",
            "NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition",
            "NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition",
        ],
        compute_slices: 4,
        memory_slices: 4,
        profiles: &[
            row("1g.24gb", 1, 1, Some(24186), 4),
            row("1g.24gb.me", 1, 1, Some(24186), 1),
            row("1g.24gb.gfx", 1, 1, Some(24186), 4),
            row("1g.24gb.me.all", 1, 1, Some(24186), 1),
            row("1g.24gb-me", 1, 1, Some(24186), 4),
            row("2g.48gb", 2, 2, Some(48512), 2),
            row("2g.48gb.gfx", 2, 2, Some(48512), 2),
            row("2g.48gb.me.all", 2, 2, Some(48512), 1),
            row("2g.48gb-me", 2, 2, Some(48512), 2),
            row("4g.96gb", 4, 4, Some(97280), 1),
            row("4g.96gb.gfx", 4, 4, Some(97280), 1),
        ],
    },
    // Names shared with the RTX PRO 6000, which holds twice as many. Label derived.
    Product {
        name: "RTX PRO 5000 Blackwell 48GB",
        labels: &["NVIDIA-RTX-PRO-5000-Blackwell"],
        compute_slices: 2,
        memory_slices: 2,
        profiles: &[
            row("1g.24gb", 1, 1, None, 2),
            row("1g.24gb.me", 1, 1, None, 1),
            row("1g.24gb.gfx", 1, 1, None, 2),
            row("1g.24gb.me.all", 1, 1, None, 1),
            row("1g.24gb-me", 1, 1, None, 2),
            row("2g.48gb", 2, 2, None, 1),
            row("2g.48gb.gfx", 2, 2, None, 1),
        ],
    },
    // Label derived.
    Product {
        name: "RTX PRO 4500 Blackwell 32GB",
        labels: &["NVIDIA-RTX-PRO-4500-Blackwell"],
        compute_slices: 2,
        memory_slices: 2,
        profiles: &[
            row("1g.16gb", 1, 1, None, 2),
            row("1g.16gb.gfx", 1, 1, None, 2),
            row("1g.16gb.me.all", 1, 1, None, 1),
            row("1g.16gb-me", 1, 1, None, 2),
            row("2g.32gb", 2, 2, None, 1),
            row("2g.32gb.gfx", 2, 2, None, 1),
        ],
    },
    // Unified memory: nothing is partitioned, profile names say 0gb, and no product label is known.
    Product {
        name: "Thor iGPU",
        labels: &[],
        compute_slices: 3,
        memory_slices: 0,
        profiles: &[
            row("1g.0gb", 1, 0, None, 1),
            row("1g.0gb.me", 1, 0, None, 1),
            row("1g.0gb.gfx", 1, 0, None, 1),
            row("2g.0gb", 2, 0, None, 1),
            row("2g.0gb.gfx", 2, 0, None, 1),
            row("3g.0gb", 3, 0, None, 1),
            row("3g.0gb.gfx", 3, 0, None, 1),
        ],
    },
];
