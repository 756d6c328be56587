//! `unknown-key`: warns of a key of slicegate's that is unknown, or in a place where it does nothing.

use crate::engine::line::DecisionInput;
use crate::engine::relevance::sharing_systems::KeyKind;
use crate::engine::rules::protected_metadata::LABELS;
use crate::engine::vocabulary::names::{is_own_key, is_size};
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::vocabulary::{Findings, Rule, Text, names, quoted};
use crate::facts::Pairs;

/// The rule.
pub static RULE: Rule = Rule::warns("unknown-key", include_str!("unknown_key.md"));

/// The annotations of a pod.
const ON_A_POD: [&str; 8] = [
    names::TIER,
    names::TRUST_BOUNDARY,
    names::STRATEGY,
    names::GPU_MEMORY,
    names::GPU_FRACTION,
    names::GPU_COMPUTE,
    names::GPU_PRODUCTS,
    names::MODE,
];

/// The annotations that only a namespace may have.
const ON_A_NAMESPACE: [&str; 2] = [names::ALLOWED_TIERS, names::BOUNDARY_MEMBERS];

/// The names of annotations for one container.
const FOR_A_CONTAINER: [&str; 3] = ["gpu-memory", "gpu-fraction", "gpu-compute"];

/// Looks through a pod's annotations and labels.
pub fn check(input: &DecisionInput<'_>, findings: &mut Findings<'_>) {
    let annotations = input.pod.annotations().into_iter().flat_map(Pairs::iter);
    let labels = input.pod.labels().into_iter().flat_map(Pairs::iter);
    let annotations = annotations.map(|(key, _)| (KeyKind::Annotation, key));
    let keys = annotations.chain(labels.map(|(key, _)| (KeyKind::Label, key)));
    let wrong = keys.filter_map(|(kind, key)| Some((kind, key, problem(kind, key)?)));
    report(wrong, |path, text| findings.add(&RULE, path, text));
}

/// Looks through the metadata of a workload, whose pods come from the template at `pod_path`; it never does more than
/// warn.
pub fn on_workload<'k>(
    keys: impl Iterator<Item = (KeyKind, &'k str)>,
    pod_path: &str,
    findings: &mut Findings<'_>,
) {
    let template = pod_path.trim_start_matches('/').replace('/', ".");
    let home = format!("{template}.metadata.annotations");
    let wrong = keys.filter(|(_, key)| is_own_key(key)).map(|(kind, key)| {
        let message = format!("{} on the workload itself does nothing", quoted(key));
        let fix = match meant(key) {
            Some(meant) => format!("write {meant} into {home}"),
            None => format!("leave it out; what slicegate reads stands in {home}"),
        };
        (kind, key, (message, fix))
    });
    report(wrong, |path, text| findings.warn(&RULE, path, text));
}

/// More findings would not help.
const MOST: usize = 3;

fn report<'k>(
    wrong: impl Iterator<Item = (KeyKind, &'k str, Text)>,
    mut add: impl FnMut(String, Text),
) {
    let mut ignored = 0;
    for (index, (kind, key, text)) in wrong.enumerate() {
        if index < MOST {
            add(kind.pointer(key), text);
        } else {
            ignored += 1;
        }
    }
    if ignored > 0 {
        let message = format!("{ignored} more keys of slicegate's are unknown or do nothing here");
        let fix = "correct or remove them".to_owned();
        add("/metadata".to_owned(), (message, fix));
    }
}

/// What is wrong with a key of a pod. `protected-metadata` checks the labels that slicegate writes.
fn problem(kind: KeyKind, key: &str) -> Option<Text> {
    if !is_own_key(key) {
        return None;
    }
    let is_annotation = kind == KeyKind::Annotation;
    match key {
        names::DECISION | names::WORKLOAD if is_annotation => None,
        _ if is_known(key) && is_annotation || LABELS.contains(&key) && !is_annotation => None,
        _ if is_known(key) => {
            let name = quoted(key);
            let message = format!("the label {name} does nothing, it has to be an annotation");
            Some((message, "write it under metadata.annotations".to_owned()))
        }
        _ if ON_A_NAMESPACE.contains(&key) && is_annotation => Some((
            format!("the annotation {key} means something on a Namespace alone"),
            "the namespace's administrator writes it there".to_owned(),
        )),
        _ => Some(unknown(kind.word(), key)),
    }
}

/// Whether this is a known annotation of a pod.
fn is_known(key: &str) -> bool {
    ON_A_POD.contains(&key) || is_size(key)
}

fn unknown(what: &str, key: &str) -> Text {
    let message = format!("unknown {what} {}", quoted(key));
    if let Some(meant) = meant(key) {
        let fix = format!("write the annotation {meant}, or remove it");
        return (format!("{message}; did you mean {meant}?"), fix);
    }
    let prefix = names::PREFIX;
    let known = short_names().join(", ");
    let fix = format!("remove it; a pod's annotations below {prefix} are {known}");
    (message, fix)
}

fn short_names() -> [&'static str; ON_A_POD.len()] {
    ON_A_POD.map(|known| known.trim_start_matches(names::PREFIX))
}

/// The annotation of a pod that was probably meant: the key itself, or the nearest one.
fn meant(key: &str) -> Option<String> {
    /// No known key is longer, and messages stay short.
    const LONGEST: usize = 128;
    if key.len() > LONGEST {
        return None;
    }
    if is_known(key) {
        return Some(key.to_owned());
    }
    if let Some(name) = key.strip_prefix(names::PREFIX) {
        return Some(format!("{}{}", names::PREFIX, near(name, &short_names())?));
    }
    let (domain, container) = key.split_once(names::BELOW)?;
    let domain = near(domain, &FOR_A_CONTAINER)?;
    Some(format!("{domain}{}{container}", names::BELOW))
}

/// The nearest of them, or the first that it is a part of.
fn near<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let is_part =
        |known: &&&str| name.len() > 2 && (known.contains(name) || name.contains(**known));
    let part = || names.iter().find(is_part).copied();
    nearest(name, names.iter().copied()).or_else(part)
}

#[cfg(test)]
mod tests {
    use super::{ON_A_POD, meant, problem};
    use crate::engine::relevance::sharing_systems::KeyKind;
    use crate::engine::vocabulary::names;

    #[test]
    fn every_key_that_is_written_or_read_is_known() {
        let for_one = [
            "gpu-memory.slicegate.dev/main",
            "gpu-fraction.slicegate.dev/x",
            "gpu-compute.slicegate.dev/y",
        ];
        for key in ON_A_POD
            .into_iter()
            .chain(for_one)
            .chain([names::DECISION, names::WORKLOAD])
        {
            assert_eq!(problem(KeyKind::Annotation, key), None, "{key}");
        }
        for key in [
            names::TRUST_BOUNDARY,
            names::STRATEGY,
            names::MPS_USER,
            "app",
            "slicegate.example/tier",
        ] {
            assert_eq!(problem(KeyKind::Label, key), None, "{key}");
        }
    }

    #[test]
    fn the_nearest_known_key_is_named_and_none_where_none_is_near() {
        for (key, expected) in [
            ("slicegate.dev/gpu-mem", Some("slicegate.dev/gpu-memory")),
            ("slicegate.dev/gpu_memory", Some("slicegate.dev/gpu-memory")),
            ("slicegate.dev/memory", Some("slicegate.dev/gpu-memory")),
            (
                "slicegate.dev/gpu-memory-limit",
                Some("slicegate.dev/gpu-memory"),
            ),
            (
                "slicegate.dev/GPU-Fraction",
                Some("slicegate.dev/gpu-fraction"),
            ),
            ("slicegate.dev/teir", Some("slicegate.dev/tier")),
            (
                "slicegate.dev/boundary",
                Some("slicegate.dev/trust-boundary"),
            ),
            (
                "gpu-mem.slicegate.dev/main",
                Some("gpu-memory.slicegate.dev/main"),
            ),
            ("slicegate.dev/owner", None),
            ("slicegate.dev/", None),
            ("other.slicegate.dev/main", None),
        ] {
            assert_eq!(meant(key).as_deref(), expected, "{key}");
        }
        assert_eq!(
            meant(&format!("slicegate.dev/{}", "gpu-memory".repeat(100))),
            None
        );
    }
}
