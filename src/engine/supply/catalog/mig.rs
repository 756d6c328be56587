//! The MIG catalogue: which GPU models can be cut into which profiles, and what one slice holds.
//!
//! Names, slices and counts: NVIDIA's MIG User Guide, "Supported GPUs" and "Supported MIG Profiles"
//! (<https://docs.nvidia.com/datacenter/tesla/mig-user-guide/>, R595 to R620); the default configuration of mig-parted
//! v0.15.0 (<https://github.com/NVIDIA/mig-parted>); for the rarer Hopper variants the GPU types page of NVIDIA's vGPU
//! for Compute documentation. Product labels: what GPU Feature Discovery v0.20.0
//! (<https://github.com/NVIDIA/k8s-device-plugin>) makes of the name that NVML reports; the notes in `mig_products.csv`
//! say where one is derived or unverified.
//!
//! Sizes are the weak part. The `gb` in a profile's name is a rounded share of the card and not what a process gets, and
//! the real figure depends on the driver: an A100 80GB `1g.10gb` is 9.50 GiB in published `nvidia-smi mig -lgip`
//! listings, an H200 `1g.18gb` only 16. `mig_profiles.csv` has the smallest figure of such listings and of go-nvml's mock
//! devices (<https://github.com/NVIDIA/go-nvml>), rounded down, and none where only the nominal one is known. A node's
//! own labels are better.

use std::sync::LazyLock;

/// A GPU model that can be partitioned.
#[derive(Debug)]
pub struct Product {
    /// The model, for people.
    pub name: &'static str,
    /// Its product labels of GFD, without a `-SHARED` or `-MIG-…` suffix.
    pub labels: Vec<&'static str>,
    /// Slices a fraction of its compute is counted in: those of the whole-GPU profile.
    pub compute_slices: u32,
    /// Slices a fraction of its memory is counted in; 0 where memory is not partitioned at all.
    pub memory_slices: u32,
    /// What it can be cut into.
    pub profiles: Vec<Profile>,
}

/// One MIG profile of a product.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// As in the resource name after `mig-`: NVML's `+` is a dot there, a minus stays.
    pub name: &'static str,
    /// Compute slices of one instance, as its name says.
    pub compute: u32,
    /// Memory slices of one instance.
    pub memory: u32,
    /// Usable memory in MiB, the smallest documented; `None` where only a nominal size is known.
    pub mib: Option<u64>,
    /// How many instances fit one GPU when nothing else is on it.
    pub max_instances: u32,
}

/// Every product that can be partitioned, oldest generation first.
pub static PRODUCTS: LazyLock<Vec<Product>> = LazyLock::new(|| {
    let products = rows(include_str!("mig_products.csv"));
    products.filter_map(|row| Product::read(&row)).collect()
});

impl Product {
    fn read(row: &[&'static str]) -> Option<Self> {
        let [name, labels, compute, memory, ..] = *row else {
            return None;
        };
        let profiles =
            rows(include_str!("mig_profiles.csv")).filter(|row| row.first() == Some(&name));
        Some(Self {
            name,
            labels: labels.split_whitespace().collect(),
            compute_slices: compute.parse().ok()?,
            memory_slices: memory.parse().ok()?,
            profiles: profiles.filter_map(|row| Profile::read(&row)).collect(),
        })
    }

    /// MiB of the whole GPU, by the name of the profile that takes all of it; none where names say 0.
    pub fn whole_mib(&self) -> Option<u64> {
        let profiles = self.profiles.iter();
        let whole = profiles.filter(|profile| profile.memory == self.memory_slices);
        let gib = whole
            .filter_map(|profile| parse(profile.name))
            .map(|(_, gib)| u64::from(gib));
        gib.max().map(|gib| gib * 1024).filter(|mib| *mib > 0)
    }
}

impl Profile {
    fn read(row: &[&'static str]) -> Option<Self> {
        let [_, name, memory, mib, max_instances] = *row else {
            return None;
        };
        Some(Self {
            name,
            compute: parse(name)?.0,
            memory: memory.parse().ok()?,
            mib: mib.parse().ok(),
            max_instances: max_instances.parse().ok()?,
        })
    }
}

/// The rows of a table without its head; text after the columns that are read may hold commas.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|row| row.split(',').collect())
}

/// The product a GFD product label names.
///
/// Labels are compared whole, since one model's label often begins another's (`NVIDIA-H200`, `NVIDIA-H200-NVL`); a
/// `-SHARED` or `-MIG-…` suffix must already be gone.
pub fn product(label: &str) -> Option<&'static Product> {
    let mut products = PRODUCTS.iter();
    products.find(|product| product.labels.contains(&label))
}

/// The profile of a product.
pub fn profile<'p>(product: &'p Product, profile: &str) -> Option<&'p Profile> {
    product.profiles.iter().find(|known| known.name == profile)
}

/// Whether any product has this profile.
pub fn known(profile: &str) -> bool {
    names().any(|name| name == profile)
}

/// Every profile name in the catalogue's order, as often as products have it.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let profiles = PRODUCTS.iter().flat_map(|product| &product.profiles);
    profiles.map(|profile| profile.name)
}

/// Reads a profile name, `<n>g.<m>gb` and perhaps a suffix (`.me`, `.gfx`, `.me.all`, `-me`; NVML's own `+me` too): the
/// compute slices and the memory figure in the name.
///
/// The memory figure is a name, not a size, and a name that parses need not exist.
pub fn parse(profile: &str) -> Option<(u32, u32)> {
    let (compute, rest) = profile.split_once("g.")?;
    let (memory, suffix) = rest.split_once("gb")?;
    if !suffix.is_empty() {
        let words = suffix.strip_prefix(['.', '-', '+'])?;
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        if !words.split('.').all(is_word) {
            return None;
        }
    }
    Some((number(compute)?, number(memory)?))
}

/// A decimal number as profile names write it: no sign, no leading zero.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(label: &str, name: &str) -> &'static Profile {
        profile(product(label).expect(label), name).expect(name)
    }

    #[test]
    fn every_row_is_there_once() {
        let counts: Vec<usize> = PRODUCTS.iter().map(|p| p.profiles.len()).collect();
        // The GB200's ten are seven and the three former spellings: 127 rows of today's names.
        assert_eq!(
            counts,
            [5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 10, 7, 7, 11, 7, 6, 7]
        );
        for product in PRODUCTS.iter() {
            for (at, row) in product.profiles.iter().enumerate() {
                assert_eq!(profile(product, row.name), Some(&product.profiles[at]));
            }
        }
        assert!(known("1g.24gb-me") && known("7g.186gb") && known("7g.189gb"));
        assert!(!known("1g.10gb+me") && !known("1c.3g.20gb") && !known(""));
    }

    #[test]
    fn labels_are_whole_and_unique() {
        let labels: Vec<&str> = PRODUCTS.iter().flat_map(|p| &p.labels).copied().collect();
        for (at, label) in labels.iter().enumerate() {
            assert!(!labels[..at].contains(label), "{label}");
            assert!(!label.contains("-SHARED"), "{label}");
            assert!(!label.contains("-MIG-"), "{label}");
            assert!(product(label).is_some_and(|p| p.labels.contains(label)));
        }
        assert_eq!(product("NVIDIA-H20").map(|p| p.memory_slices), Some(8));
        assert_eq!(product("NVIDIA-H20-3e").map(|p| p.name), Some("H20 141GB"));
        for unknown in ["NVIDIA-A100-SXM4-80GB-SHARED", "NVIDIA-L40S", ""] {
            assert!(product(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn slices_instances_and_sizes_agree() {
        for Product {
            name,
            compute_slices,
            memory_slices,
            profiles,
            ..
        } in PRODUCTS.iter()
        {
            let whole = profiles.iter().find(|p| p.compute == *compute_slices);
            assert_eq!(whole.map(|p| p.memory), Some(*memory_slices), "{name}");
            for row in profiles {
                let at = format!("{name} {}", row.name);
                let (compute, figure) = parse(row.name).expect(&at);
                assert_eq!(compute, row.compute, "{at}");
                // As many as both kinds of slice allow, but one where media engines go along, and
                // one of each on the GPU without memory slices.
                let by_compute = compute_slices / row.compute;
                let fit = memory_slices
                    .checked_div(row.memory)
                    .map_or(1, |m| m.min(by_compute));
                let most = if row.name.contains(".me") { 1 } else { fit };
                assert_eq!(row.max_instances, most, "{at}");
                assert!(row.mib <= Some(u64::from(figure) * 1024), "{at}");
                // Equal slices hold equal memory, so far as it is known.
                let same = profiles.iter().filter(|p| p.memory == row.memory);
                let mut sizes: Vec<u64> = same.filter_map(|p| p.mib).collect();
                sizes.dedup();
                assert!(sizes.len() <= 1, "{at}");
            }
        }
    }

    #[test]
    fn one_name_is_not_one_size() {
        let old = of("NVIDIA-A100-SXM4-40GB", "1g.10gb");
        let new = of("NVIDIA-A100-SXM4-80GB", "1g.10gb");
        let hopper = of("NVIDIA-H100-80GB-HBM3", "1g.10gb");
        assert_eq!((old.memory, old.max_instances, old.mib), (2, 4, Some(9856)));
        assert_eq!((new.memory, new.max_instances, new.mib), (1, 7, Some(9728)));
        assert_eq!(
            (hopper.memory, hopper.max_instances, hopper.mib),
            (1, 7, Some(9984))
        );

        let pro = "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition";
        assert_eq!(of(pro, "1g.24gb").max_instances, 4);
        assert_eq!(
            of("NVIDIA-RTX-PRO-5000-Blackwell", "1g.24gb").max_instances,
            2
        );
        assert_eq!(of("NVIDIA-H100-NVL", "1g.24gb").memory, 2);
        assert_eq!(of("NVIDIA-GB300", "1g.35gb").memory, 1);
        assert_eq!(of("NVIDIA-H200", "1g.35gb").memory, 2);

        assert_eq!(of("NVIDIA-A100-PCIE-40GB", "1g.5gb").mib, Some(4864));
        assert_eq!(of("NVIDIA-A100-80GB-PCIe", "3g.40gb").mib, Some(40192));
        assert_eq!(of("NVIDIA-H100-PCIe", "2g.20gb").mib, Some(20090));
        assert_eq!(of("NVIDIA-H200", "1g.18gb").mib, Some(16384));
        assert_eq!(of(pro, "2g.48gb.me.all").mib, Some(48512));
        assert_eq!(of("NVIDIA-B200", "1g.23gb").mib, None);
    }

    #[test]
    fn a_whole_gpu_is_what_its_largest_profile_names() {
        let whole = |label| product(label).and_then(Product::whole_mib);
        assert_eq!(whole("NVIDIA-H100-80GB-HBM3"), Some(80 * 1024));
        assert_eq!(whole("NVIDIA-A30"), Some(24 * 1024));
        assert_eq!(whole("NVIDIA-GB200"), Some(189 * 1024));
    }

    #[test]
    fn names_parse() {
        for name in "1g.10gb 1g.10gb.me 1g.10gb-me 1g.10gb.me.all 1g.10gb+me".split(' ') {
            assert_eq!(parse(name), Some((1, 10)), "{name}");
        }
        assert_eq!(parse("7g.141gb"), Some((7, 141)));
        assert_eq!(parse("3g.0gb.gfx"), Some((3, 0)));
        let wrong = "g.gb,1g,1g.10,1g10gb,10gb,1g.gb,1G.10GB,1g.10gbx,1g.10gb.,1g.10gb.me.,\
                     1g.10gb..me,1g.10gb.ME,01g.10gb,1g.010gb,+1g.10gb,1g.-1gb,1c.3g.20gb,\
                     \x201g.10gb,1g.10gb ,1g.99999999999gb,\u{661}g.10gb,";
        for name in wrong.split(',') {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
