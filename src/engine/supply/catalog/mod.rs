//! The MIG catalogue: what a product label or a profile name means, and what an unknown name may have meant.

mod memory;
mod product;
mod products;
mod vgpu;

pub use memory::{most_mib, whole_mib};
pub use product::{Product, Profile, parse};
pub use products::PRODUCTS;
pub use vgpu::VgpuProfile;

/// The product a GFD product label names.
///
/// Labels are compared whole, since one model's label often begins another's (`NVIDIA-H200`,
/// `NVIDIA-H200-NVL`); a `-SHARED` or `-MIG-…` suffix must already be gone.
pub fn product(label: &str) -> Option<&'static Product> {
    PRODUCTS
        .iter()
        .find(|product| product.labels.contains(&label))
}

/// The profile of a product.
pub fn profile(product: &Product, profile: &str) -> Option<&'static Profile> {
    product.profiles.iter().find(|known| known.name == profile)
}

/// Whether any product has this profile.
pub fn known(profile: &str) -> bool {
    names().any(|name| name == profile)
}

/// Up to `limit` profiles that an unknown name may have meant, nearest first, each once.
///
/// A candidate that shares the memory figure or the slice count comes before one that shares
/// neither, one that shares both before either; then fewer edits count, then the closer figures,
/// then the catalogue's order. A name that is no profile name at all gets only candidates it has
/// more than half in common with. The name itself is never among them.
pub fn suggestions(profile: &str, limit: usize) -> Vec<&'static str> {
    // Kubernetes allows no longer resource name.
    if profile.len() > 63 {
        return Vec::new();
    }
    let requested = parse(profile);
    let mut ranked = Vec::new();
    for name in names().filter(|&name| name != profile) {
        if ranked.iter().any(|&(_, seen)| seen == name) {
            continue;
        }
        let edits = edits(profile.as_bytes(), name.as_bytes());
        let (mut unlike, mut memory_gap, mut compute_gap) = (0, 0, 0);
        if let (Some((compute, memory)), Some(have)) = (requested, parse(name)) {
            compute_gap = compute.abs_diff(have.0);
            memory_gap = memory.abs_diff(have.1);
            unlike = u32::from(compute_gap > 0) + u32::from(memory_gap > 0);
        } else if edits * 2 >= profile.len().max(name.len()) {
            continue;
        }
        ranked.push(((unlike, edits, memory_gap, compute_gap), name));
    }
    // Stable, so that ties stay in the catalogue's order.
    ranked.sort_by_key(|&(rank, _)| rank);
    ranked
        .into_iter()
        .take(limit)
        .map(|(_, name)| name)
        .collect()
}

/// Every profile name in the catalogue's order, as often as products have it.
fn names() -> impl Iterator<Item = &'static str> {
    PRODUCTS
        .iter()
        .flat_map(|product| product.profiles)
        .map(|profile| profile.name)
}

/// Single-byte insertions, deletions and replacements between two names (Levenshtein's distance).
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (1..=to.len()).collect();
    for (done, byte) in from.iter().enumerate() {
        let (mut diagonal, mut left) = (done, done + 1);
        for (cell, other) in row.iter_mut().zip(to) {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = *cell;
            left = replaced.min(left.min(*cell) + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(from.len())
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
        for product in PRODUCTS {
            for (at, row) in product.profiles.iter().enumerate() {
                assert_eq!(profile(product, row.name), Some(&product.profiles[at]));
            }
        }
        assert!(known("1g.24gb-me") && known("7g.186gb") && known("7g.189gb"));
        assert!(!known("1g.10gb+me") && !known("1c.3g.20gb") && !known(""));
    }

    #[test]
    fn labels_are_whole_and_unique() {
        let labels: Vec<&str> = PRODUCTS.iter().flat_map(|p| p.labels).copied().collect();
        for (at, label) in labels.iter().enumerate() {
            assert!(!labels[..at].contains(label), "{label}");
            assert!(!label.contains("-SHARED"), "{label}");
            assert!(!label.contains("-MIG-"), "{label}");
            assert!(product(label).is_some_and(|p| p.labels.contains(label)));
        }
        assert_eq!(product("NVIDIA-H20").map(|p| p.memory_slices), Some(8));
        assert_eq!(product("NVIDIA-H20-3e").map(|p| p.name), Some("H20 141GB"));
        assert_eq!(product("NVIDIA-A100-SXM4-80GB-SHARED"), None);
        assert_eq!(product("NVIDIA-L40S"), None);
        assert_eq!(product(""), None);
    }

    #[test]
    fn slices_instances_and_sizes_agree() {
        for Product {
            name,
            compute_slices,
            memory_slices,
            profiles,
            ..
        } in PRODUCTS
        {
            let whole = profiles.iter().find(|p| p.compute == *compute_slices);
            assert_eq!(whole.map(|p| p.memory), Some(*memory_slices), "{name}");
            for row in *profiles {
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

    #[test]
    fn suggestions_are_near() {
        assert_eq!(suggestions("1g.11gb", 3), ["1g.10gb", "1g.12gb", "1g.16gb"]);
        assert_eq!(suggestions("1g.10gb+me", 2), ["1g.10gb.me", "1g.10gb"]);
        assert_eq!(suggestions("1g.24gb+gfx", 1), ["1g.24gb.gfx"]);
        assert_eq!(suggestions("2g.24gb", 3), ["1g.24gb", "4g.24gb", "2g.20gb"]);
        assert_eq!(suggestions("9g.99gb", 2), ["7g.96gb", "4g.96gb"]);
        assert_eq!(suggestions("3g.10gb", 3), ["2g.10gb", "1g.10gb", "3g.20gb"]);
        assert_eq!(suggestions("1g10gb", 1), ["1g.10gb"]);
        assert_eq!(suggestions("all-1g.10gb", 1), ["1g.10gb"]);
        assert_eq!(suggestions("1c.3g.20gb", 1), ["3g.20gb"]);
        for nothing in ["", "banana", "é", &"1g.10gb".repeat(40)] {
            assert!(suggestions(nothing, 5).is_empty(), "{nothing}");
        }
        assert!(suggestions("1g.11gb", 0).is_empty());

        let all = suggestions("1g.11gb", usize::MAX);
        let mut unique = all.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), all.len());
        assert!(names().all(|name| all.contains(&name)));
        assert_eq!(edits(b"kitten", b"sitting"), 3);
        assert_eq!(
            (edits(b"", b"ab"), edits(b"ab", b""), edits(b"", b"")),
            (2, 2, 0)
        );
    }
}
