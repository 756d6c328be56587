//! A GPU model that can be partitioned, its profiles, and how their names are read.

/// A GPU model that can be partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// The model, for people.
    pub name: &'static str,
    /// GFD product labels it appears under, without a `-SHARED` or `-MIG-…` suffix.
    pub labels: &'static [&'static str],
    /// Slices a fraction of its compute is counted in: those of the whole-GPU profile.
    pub compute_slices: u32,
    /// Slices a fraction of its memory is counted in; 0 where memory is not partitioned at all.
    pub memory_slices: u32,
    /// What it can be cut into.
    pub profiles: &'static [Profile],
}

/// One MIG profile of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// As in the resource name after `mig-`: NVML's `+` is a dot there, a minus stays.
    pub name: &'static str,
    /// Compute slices one instance takes.
    pub compute: u32,
    /// Memory slices one instance takes.
    pub memory: u32,
    /// Usable memory in MiB, the smallest documented; `None` where only a nominal size is known.
    pub mib: Option<u64>,
    /// How many instances fit one GPU when nothing else is on it.
    pub max_instances: u32,
}

/// Reads a profile name, `<n>g.<m>gb` and perhaps a suffix (`.me`, `.gfx`, `.me.all`, `-me`; NVML's
/// own `+me` too): the compute slices and the memory figure in the name.
///
/// The memory figure is a name, not a size, and a name that parses need not exist.
pub fn parse(profile: &str) -> Option<(u32, u32)> {
    let (compute, rest) = profile.split_once("g.")?;
    let (memory, suffix) = rest.split_once("gb")?;
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let suffix_words = suffix
        .strip_prefix(['.', '-', '+'])
        .map(|words| words.split('.'));
    if !suffix.is_empty() && !suffix_words.is_some_and(|mut words| words.all(word)) {
        return None;
    }
    Some((number(compute)?, number(memory)?))
}

/// A decimal number as profile names write it: no sign, no leading zero.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}
