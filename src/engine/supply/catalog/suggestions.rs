//! Profiles that an unknown name may have meant.

use super::mig::{names, parse};

/// Up to `limit` profiles that an unknown name may have meant, nearest first, each once.
///
/// A candidate that shares the memory figure or the slice count comes before one that shares neither, one that shares
/// both before either; then fewer edits count, then the closer figures, then the catalogue's order. A name that is no
/// profile name at all gets only candidates it has more than half in common with. The name itself is never among them.
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
        let edits = strsim::levenshtein(profile, name);
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
    let names = ranked.into_iter().map(|(_, name)| name);
    names.take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::{names, suggestions};

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
    }
}
