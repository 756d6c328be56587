//! The closed list of indicators: fields of a pod, and the texts in them that indicate GPUs.

use crate::engine::relevance::host_paths;
use crate::engine::relevance::injecting::INJECTING;
use crate::engine::relevance::reserved;
use crate::engine::relevance::sharing_systems::{self, KeyKind};
use crate::engine::vocabulary::names;

/// Longer texts are not compared: their length is the cost of an expression.
pub(crate) const LONGEST: usize = 256;

/// The indicators of one field. Names that rules look for are only in the rules' own files.
pub(crate) struct Indicators {
    pub(crate) texts: &'static [Texts],
    /// One bit for each byte that an indicator begins with; long texts are not checked by it.
    first: u128,
}

/// Texts that are indicators.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Texts {
    /// Exactly these.
    Are(&'static [&'static str]),
    /// Texts that begin with one of these.
    Begin(&'static [&'static str]),
    /// Texts that begin with the one and end with the other.
    BeginAndEnd(&'static str, &'static str),
    /// Texts that contain one of these.
    Have(&'static [&'static str]),
    /// A beginning of what begins with one of these.
    Spell(&'static [&'static str]),
    /// Other sharing systems' names of that field.
    Foreign(KeyKind),
    /// Annotations that inject devices.
    Inject,
    /// Paths that lead to the node's GPUs, or whose spelling may hide that.
    SensitivePaths,
    /// Texts that are too long to be compared.
    Long,
    /// Any text.
    Any,
}

use KeyKind::{Annotation, Label, Resource};
use Texts::{Any, Are, Begin, BeginAndEnd, Foreign, Have, Inject, Long, SensitivePaths, Spell};

/// Keys of annotations.
pub(crate) static ANNOTATION: Indicators =
    Indicators::of(&[Long, Begin(&names::KEYS), Inject, Foreign(Annotation)]);
/// Keys of labels.
pub(crate) static LABEL: Indicators =
    Indicators::of(&[Long, Begin(&[names::PREFIX]), Foreign(Label)]);
/// Names of limits and requests.
pub(crate) static RESOURCE: Indicators = Indicators::of(&[
    Long,
    Are(&[names::GPU, names::GPU_SHARED]),
    Begin(&[names::MIG]),
    BeginAndEnd(reserved::CLASS, reserved::NVIDIA_CLASS),
    Foreign(Resource),
]);
/// Names of environment variables.
pub(crate) static VARIABLE: Indicators = Indicators::of(&[Long, Begin(&names::VARIABLES)]);
/// The prefix of an `envFrom`; without one its variables are unknown.
pub(crate) static PREFIX: Indicators = Indicators::of(&[Long, Spell(&names::VARIABLES)]);
/// `runtimeClassName`: the name of a class does not show its handler.
pub(crate) static RUNTIME_CLASS: Indicators = Indicators::of(&[Any]);
/// The path of a `hostPath` volume.
pub(crate) static HOST_PATH: Indicators = Indicators::of(&[Long, SensitivePaths]);
/// Label keys by which required anti-affinity selects the pods that it keeps away.
pub(crate) static REPELLED: Indicators =
    Indicators::of(&[Long, Begin(&[names::PREFIX]), Have(&[names::BELOW])]);
/// Where a volume is mounted.
pub(crate) static MOUNT_PATH: Indicators =
    Indicators::of(&[Long, Have(&[reserved::DEVICES, reserved::PIPES_NAME])]);
/// The sub-path of a volume that is mounted, with or without variables.
pub(crate) static SUB_PATH: Indicators = Indicators::of(&[Long, Have(&host_paths::TELLTALE_NAMES)]);

/// Whether an entry with this key may be an indicator in any of the maps.
pub fn may_matter(key: &str) -> bool {
    // Hardly any of hundreds of thousands of keys is one, so all first bytes are checked at once.
    static FIRST: u128 = ANNOTATION.first | LABEL.first | RESOURCE.first;
    let first = key.as_bytes().first();
    let may = first.is_some_and(|first| FIRST & bit(*first) != 0) || key.len() > LONGEST;
    may && [&ANNOTATION, &LABEL, &RESOURCE]
        .into_iter()
        .any(|field| field.include(key))
}

impl Indicators {
    const fn of(texts: &'static [Texts]) -> Self {
        let (mut first, mut index) = (0, 0);
        while index < texts.len() {
            first |= texts[index].first();
            index += 1;
        }
        Self { texts, first }
    }

    /// Whether a text of the field is an indicator.
    pub(crate) fn include(&self, text: &str) -> bool {
        // Hardly any text begins like an indicator.
        let first = text.as_bytes().first();
        let may = first.is_none_or(|first| self.first & bit(*first) != 0) || text.len() > LONGEST;
        may && self.texts.iter().any(|texts| texts.include(text))
    }
}

const fn bit(byte: u8) -> u128 {
    1 << (byte & 127)
}

const fn bits(texts: &[&str]) -> u128 {
    let (mut bits, mut index) = (0, 0);
    while index < texts.len() {
        bits |= bit(texts[index].as_bytes()[0]);
        index += 1;
    }
    bits
}

const fn injecting_bits() -> u128 {
    let (mut bits, mut index) = (0, 0);
    while index < INJECTING.len() {
        bits |= bit(INJECTING[index].key.as_bytes()[0]);
        index += 1;
    }
    bits
}

impl Texts {
    /// The first bytes of texts within the longest length.
    const fn first(self) -> u128 {
        match self {
            Are(texts) | Begin(texts) | Spell(texts) => bits(texts),
            BeginAndEnd(beginning, _) => bits(&[beginning]),
            Foreign(_) => sharing_systems::FIRST_BYTES,
            Inject => injecting_bits(),
            Have(_) | SensitivePaths | Any => u128::MAX,
            Long => 0,
        }
    }

    fn include(self, text: &str) -> bool {
        match self {
            Are(names) => names.contains(&text),
            Begin(beginnings) => beginnings.iter().any(|b| text.starts_with(b)),
            BeginAndEnd(beginning, end) => text.starts_with(beginning) && text.ends_with(end),
            Have(parts) => parts.iter().any(|part| text.contains(part)),
            Spell(beginnings) => {
                let spells = |b: &&str| b.starts_with(text) || text.starts_with(*b);
                !text.is_empty() && beginnings.iter().any(spells)
            }
            Foreign(kind) => sharing_systems::find(kind, text).is_some(),
            Inject => INJECTING.iter().any(|entry| text.starts_with(entry.key)),
            SensitivePaths => !is_plain(text) || host_paths::concerns(bare(text)),
            // In characters, as CEL counts.
            Long => text.len() > LONGEST && text.chars().count() > LONGEST,
            Any => !text.is_empty(),
        }
    }
}

/// Path parts that are empty or lead elsewhere; the second also matches dot files, which is harmless.
pub(crate) const DETOURS: [&str; 2] = ["//", "/."];

/// Whether a path is clean except for a slash at its end.
fn is_plain(path: &str) -> bool {
    path.starts_with('/') && !DETOURS.iter().any(|d| path.contains(d))
}

/// A plain path as [`host_paths::clean`] makes it.
fn bare(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(rest) => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_a_rule_looks_for_begins_like_a_sign() {
        let known = reserved::SWITCHES.iter().chain(&[
            names::VISIBLE_DEVICES,
            names::MPS_MEMORY,
            names::MPS_THREADS,
        ]);
        let open = reserved::MIG_DEVICES.iter().chain(&reserved::LIMITS);
        for name in known.chain(open) {
            assert!(VARIABLE.include(name), "{name}");
        }
    }

    #[test]
    fn every_key_that_says_something_begins_like_a_sign() {
        for key in [
            names::MODE,
            names::TIER,
            names::TRUST_BOUNDARY,
            names::STRATEGY,
            names::GPU_MEMORY,
            names::GPU_FRACTION,
            names::GPU_COMPUTE,
            names::GPU_PRODUCTS,
            names::DECISION,
            names::MPS_USER,
        ] {
            assert!(ANNOTATION.include(key) && LABEL.include(key), "{key}");
        }
        for key in [
            names::CONTAINER_MEMORY,
            names::CONTAINER_FRACTION,
            names::CONTAINER_COMPUTE,
        ] {
            assert!(ANNOTATION.include(&format!("{key}main")), "{key}");
        }
    }

    #[test]
    fn every_other_systems_word_is_one() {
        for word in &sharing_systems::SYSTEM_NAMES {
            let key = word.key.replace('*', "x");
            let field = match word.kind {
                Annotation => &ANNOTATION,
                Label => &LABEL,
                Resource => &RESOURCE,
            };
            assert!(field.include(&key), "{key}");
        }
    }

    #[test]
    fn a_prefix_is_one_where_keys_below_it_may_be_one() {
        for prefix in [
            "N",
            "NVIDIA_",
            "NVIDIA_VIS",
            "NVIDIA_MIG_X",
            "CUDA",
            "CUDA_MPS_P",
            "CUDA_V",
        ] {
            assert!(PREFIX.include(prefix), "{prefix}");
        }
        for prefix in ["", "APP_", "nvidia_", "CUDA_VISIBLE_", "XNVIDIA_"] {
            assert!(!PREFIX.include(prefix), "{prefix}");
        }
    }

    #[test]
    fn a_selected_key_is_one_below_the_domain_and_nowhere_else() {
        for key in [
            names::TRUST_BOUNDARY,
            names::MPS_USER,
            "slicegate.dev/anything",
            "gpu-memory.slicegate.dev/main",
            "a.b.slicegate.dev/c",
        ] {
            assert!(REPELLED.include(key) && names::is_own_key(key), "{key}");
        }
        for key in [
            "",
            "app",
            "slicegate.dev",
            "slicegate.devel/x",
            "myslicegate.dev/x",
            "app.kubernetes.io/slicegate.dev",
            "Slicegate.dev/trust-boundary",
        ] {
            assert!(!REPELLED.include(key) && !names::is_own_key(key), "{key}");
        }
        assert!(REPELLED.include(&"x".repeat(LONGEST + 1)));
    }

    #[test]
    fn a_path_is_one_where_its_cleaned_form_concerns_a_road() {
        for path in [
            "/",
            "",
            "dev",
            "/dev",
            "/dev/",
            "/dev/nvidia0",
            "/dev/nvidiactl/",
            "/var/run",
            "/run/k3s/",
            "/run/k3s/containerd/x",
            "/home/../dev",
            "/var/./run/nvidia",
            "//etc/cdi",
            "/opt/.",
            "/etc/kubernetes",
            "/proc",
            "/mnt/stateful_partition",
            "/var/data/kubelet/pki",
        ] {
            assert!(HOST_PATH.include(path), "{path}");
        }
        for path in [
            "/home",
            "/home/",
            "/devices",
            "/run/k3s2",
            "/var/log/",
            "/run/nvidia2",
            "/tmp",
            "/mnt",
            "/usr/local/nvidia",
            "/etc/cdi2",
        ] {
            assert!(!HOST_PATH.include(path), "{path}");
        }
    }

    #[test]
    fn a_plain_path_without_its_last_slash_is_clean() {
        for path in ["/", "/a", "/a/", "/a/b/", "/a.b"] {
            assert!(is_plain(path), "{path}");
            assert_eq!(bare(path), host_paths::clean(path), "{path}");
        }
    }
}
