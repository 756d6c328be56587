//! Names of vGPU profiles: NVIDIA's Virtual GPU Software User Guide, "Virtual GPU Types".

/// A vGPU profile, by the name that the driver gives the vGPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VgpuProfile {
    /// Compute slices of one that is backed by MIG.
    pub slices: Option<u32>,
    /// Its frame buffer; profiles of half a gigabyte say 0.
    pub gib: u64,
}

impl VgpuProfile {
    /// Reads `NVIDIA-A100-40C`, `GRID-T4-2B4`, `NVIDIA-A100-2-10C` and `NVIDIA-A100-1-5CME`; none of a card's own name.
    pub fn of(product: &str) -> Option<Self> {
        let (rest, last) = product.rsplit_once('-')?;
        let series = last.trim_start_matches(|c: char| c.is_ascii_digit());
        if !matches!(series, "A" | "B" | "B4" | "C" | "CME" | "Q") {
            return None;
        }
        let gib = last.strip_suffix(series)?.parse().ok()?;
        let slices = rest.rsplit_once('-').and_then(|(_, n)| n.parse().ok());
        let is_backed = |n: &u32| series.starts_with('C') && (1..=7).contains(n);
        Some(Self {
            slices: slices.filter(is_backed),
            gib,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::VgpuProfile;

    #[test]
    fn a_profile_is_told_from_a_cards_name() {
        for (product, slices, gib) in [
            ("NVIDIA-A100-40C", None, 40),
            ("NVIDIA-L40S-24Q", None, 24),
            ("GRID-V100D-8Q", None, 8),
            ("GRID-T4-2B4", None, 2),
            ("GRID-M60-0B", None, 0),
            ("GRID-P40-1A", None, 1),
            ("NVIDIA-A100-2-10C", Some(2), 10),
            ("NVIDIA-H100-7-80C", Some(7), 80),
            ("GRID-A100-1-5CME", Some(1), 5),
            ("NVIDIA-RTX-6000-24C", None, 24),
        ] {
            assert_eq!(
                VgpuProfile::of(product),
                Some(VgpuProfile { slices, gib }),
                "{product}"
            );
        }
        for card in [
            "",
            "NVIDIA-A100-SXM4-40GB",
            "NVIDIA-L4",
            "NVIDIA-T4",
            "Tesla-V100-SXM2-16GB",
            "NVIDIA-GH200-144G-HBM3e",
            "Quadro-RTX-6000",
            "NVIDIA-B300-SXM6-AC",
            "NVIDIA-A10G",
            "NVIDIA-H100-NVL",
            "40C",
            "NVIDIA-A100-C",
            "NVIDIA-A100-40c",
        ] {
            assert_eq!(VgpuProfile::of(card), None, "{card}");
        }
    }
}
