//! How much memory a GPU has at most, by its product label: a memory label above it cannot be right.
//!
//! Sizes: the models' data sheets on <https://www.nvidia.com>. What a label says differs from a data sheet: a driver
//! keeps some for itself, firmware for error correction takes a part, and older labels counted in decimal megabytes. So an
//! eighth more is taken for possible.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::mig::{parse, product};
use super::vgpu::VgpuProfile;

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

fn gib(label: &str) -> Option<u64> {
    if let Some(profile) = VgpuProfile::of(label) {
        return Some(profile.gib.max(1));
    }
    if let Some(product) = product(label) {
        return product.whole_mib().map(|mib| mib / 1024);
    }
    let makers = ["NVIDIA-", "Tesla-"].into_iter();
    let model = makers.filter_map(|maker| label.strip_prefix(maker)).next();
    let listed = GIB.get(model.unwrap_or(label));
    listed.copied().or_else(|| named(label))
}

/// GiB of the models that cannot be partitioned, by their labels without the maker.
static GIB: LazyLock<HashMap<&str, u64>> = LazyLock::new(|| {
    let rows = include_str!("gpu_memory.csv").lines();
    let rows = rows.filter_map(|row| row.split_once(','));
    rows.filter_map(|(model, gib)| Some((model, gib.parse().ok()?)))
        .collect()
});

/// What the name itself says: `SXM2-16GB`.
fn named(label: &str) -> Option<u64> {
    let mut words = label.split('-').filter_map(|word| word.strip_suffix("GB"));
    words.find_map(|figure| figure.parse().ok())
}

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
    fn every_row_is_read() {
        assert_eq!(
            GIB.len() + 1,
            include_str!("gpu_memory.csv").lines().count()
        );
    }
}
