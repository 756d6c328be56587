//! How much memory a GPU has at most, by its product label: a memory label above it cannot be right.
//!
//! Sizes: the models' data sheets on <https://www.nvidia.com>. What a label says differs from a data sheet: a driver
//! keeps some for itself, firmware for error correction takes a part, and older labels counted in decimal megabytes. So an
//! eighth more is taken for possible.

use super::product;
use super::vgpu::VgpuProfile;
use crate::engine::supply::catalog::product::{Product, parse};

/// No single GPU has more, in MiB.
const ANY: u64 = 1 << 20;

/// The most MiB that can be true of a product, or of a MIG slice of it.
pub fn most_mib(label: &str, profile: Option<&str>) -> u64 {
    let gib = match profile {
        Some(profile) => parse(profile).map(|(_, gib)| u64::from(gib)),
        None => gib(label),
    };
    match gib {
        // A Thor's slices say 0: its memory is the machine's.
        None | Some(0) => ANY,
        Some(gib) => (gib.saturating_mul(1024) / 8 * 9).min(ANY),
    }
}

/// MiB of a whole GPU of a model that can be partitioned, by the name of the profile that takes all of it.
pub fn whole_mib(product: &Product) -> Option<u64> {
    let all =
        |p: &&crate::engine::supply::catalog::product::Profile| p.memory == product.memory_slices;
    let whole = product.profiles.iter().filter(all);
    let figures = whole.filter_map(|p| parse(p.name));
    let most = figures.map(|(_, gib)| u64::from(gib) * 1024).max();
    most.filter(|mib| *mib > 0)
}

fn gib(label: &str) -> Option<u64> {
    if let Some(profile) = VgpuProfile::of(label) {
        return Some(profile.gib.max(1));
    }
    if let Some(product) = product(label) {
        return whole_mib(product).map(|mib| mib / 1024);
    }
    let model = ["NVIDIA-", "Tesla-"]
        .iter()
        .find_map(|maker| label.strip_prefix(maker))
        .unwrap_or(label);
    let listed = MODELS.iter().find(|(name, _)| *name == model);
    listed.map(|(_, gib)| *gib).or_else(|| named(label))
}

/// What the name itself says: `SXM2-16GB`.
fn named(label: &str) -> Option<u64> {
    let mut words = label.split('-').filter_map(|word| word.strip_suffix("GB"));
    words.find_map(|figure| figure.parse().ok())
}

/// Models that cannot be partitioned and whose names do not say it: labels without the maker, and GiB.
const MODELS: &[(&str, u64)] = &[
    ("A2", 16),
    ("A10", 24),
    ("A10G", 24),
    ("A10M", 24),
    ("A16", 16),
    ("A40", 48),
    ("GeForce-RTX-2080-Ti", 11),
    ("GeForce-RTX-3060", 12),
    ("GeForce-RTX-3070", 8),
    ("GeForce-RTX-3080", 12),
    ("GeForce-RTX-3080-Ti", 12),
    ("GeForce-RTX-3090", 24),
    ("GeForce-RTX-3090-Ti", 24),
    ("GeForce-RTX-4060-Ti", 16),
    ("GeForce-RTX-4070", 12),
    ("GeForce-RTX-4080", 16),
    ("GeForce-RTX-4090", 24),
    ("GeForce-RTX-4090-D", 24),
    ("GeForce-RTX-5080", 16),
    ("GeForce-RTX-5090", 32),
    ("GeForce-RTX-5090-D", 32),
    ("K80", 12),
    ("L2", 24),
    ("L4", 24),
    ("L20", 48),
    ("L40", 48),
    ("L40S", 48),
    ("M60", 8),
    ("P4", 8),
    ("P40", 24),
    ("Quadro-RTX-6000", 24),
    ("Quadro-RTX-8000", 48),
    ("RTX-2000-Ada-Generation", 16),
    ("RTX-4000-Ada-Generation", 20),
    ("RTX-4000-SFF-Ada-Generation", 20),
    ("RTX-4500-Ada-Generation", 24),
    ("RTX-5000-Ada-Generation", 32),
    ("RTX-5880-Ada-Generation", 48),
    ("RTX-6000-Ada-Generation", 48),
    ("RTX-A2000-12GB", 12),
    ("RTX-A4000", 16),
    ("RTX-A4500", 20),
    ("RTX-A5000", 24),
    ("RTX-A5500", 24),
    ("RTX-A6000", 48),
    ("T4", 16),
    ("T4G", 16),
    ("TITAN-RTX", 24),
    ("TITAN-V", 12),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nodes_say_of_their_memory_is_possible() {
        for (label, profile, mib) in [
            ("NVIDIA-A100-SXM4-40GB", None, 40960),
            ("NVIDIA-A100-SXM4-80GB", None, 81920),
            ("NVIDIA-A100-80GB-PCIe", None, 85899),
            ("NVIDIA-H100-80GB-HBM3", None, 81920),
            ("NVIDIA-H100-NVL", None, 95830),
            ("NVIDIA-H200", None, 143_771),
            ("NVIDIA-GH200-480GB", None, 97871),
            ("NVIDIA-B200", None, 196_608),
            ("NVIDIA-GB200", None, 196_608),
            ("NVIDIA-GB300-NVL", None, 294_912),
            ("NVIDIA-B300-SXM6-AC", None, 294_912),
            ("NVIDIA-L4", None, 23034),
            ("NVIDIA-L40S", None, 49152),
            ("Tesla-T4", None, 16384),
            ("Tesla-V100-SXM2-16GB", None, 16384),
            ("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", None, 97887),
            ("NVIDIA-A100-40C", None, 40960),
            ("GRID-M60-0B", None, 512),
            ("NVIDIA-R999", None, ANY),
            ("NVIDIA-A100-SXM4-40GB", Some("1g.5gb"), 5120),
            ("NVIDIA-H100-80GB-HBM3", Some("1g.10gb"), 10240),
            ("NVIDIA-A30", Some("1g.6gb"), 6144),
            ("NVIDIA-Thor", Some("1g.0gb"), 131_072),
        ] {
            assert!(mib <= most_mib(label, profile), "{label} {profile:?} {mib}");
        }
    }

    #[test]
    fn what_cannot_be_is_above() {
        for (label, profile, mib) in [
            ("NVIDIA-A100-SXM4-40GB", None, 81920),
            ("NVIDIA-A100-SXM4-40GB", None, 42_505_273_344),
            ("NVIDIA-H100-80GB-HBM3", None, 95830),
            ("NVIDIA-B200", None, 294_912),
            ("NVIDIA-L4", None, 46068),
            ("Tesla-V100-SXM2-16GB", None, 32768),
            ("NVIDIA-A100-40C", None, 81920),
            ("NVIDIA-A100-SXM4-40GB", Some("1g.5gb"), 9856),
            ("NVIDIA-R999", None, ANY + 1),
            ("", None, ANY + 1),
        ] {
            assert!(mib > most_mib(label, profile), "{label} {profile:?} {mib}");
        }
    }

    #[test]
    fn a_whole_gpu_is_what_its_largest_profile_names() {
        let whole = |label| product(label).and_then(whole_mib);
        assert_eq!(whole("NVIDIA-H100-80GB-HBM3"), Some(80 * 1024));
        assert_eq!(whole("NVIDIA-A30"), Some(24 * 1024));
        assert_eq!(whole("NVIDIA-GB200"), Some(189 * 1024));
    }
}
