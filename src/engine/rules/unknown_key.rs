//! `unknown-key`: warns of a key of slicegate's that is unknown, or in a place where it does nothing.

use crate::engine::rules::protected_metadata::LABELS;
use crate::engine::vocabulary::{Findings, Rule, Text, names, quoted};
use crate::engine::vocabulary::names::{is_own_key, is_size, pointer};
use crate::engine::vocabulary::suggest::nearest;
use crate::engine::line::DecisionInput;
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

/// The beginnings of annotations for one container.
const FOR_A_CONTAINER: [&str; 3] = [
    names::CONTAINER_MEMORY,
    names::CONTAINER_FRACTION,
    names::CONTAINER_COMPUTE,
];

/// Where a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Among the annotations.
    Annotation,
    /// Among the labels.
    Label,
}

impl KeyKind {
    fn path(self, key: &str) -> String {
        let list = match self {
            Self::Annotation => "annotations",
            Self::Label => "labels",
        };
        format!("/metadata/{list}/{}", pointer(key))
    }
}

/// Looks through a pod's annotations and labels.
pub fn check(input: &DecisionInput<'_>, findings: &mut Findings<'_>) {
    let pod = input.pod;
    let annotations = pod.annotations().into_iter().flat_map(Pairs::iter);
    let labels = pod.labels().into_iter().flat_map(Pairs::iter);
    let wrong = annotations
        .filter_map(|(key, _)| Some((KeyKind::Annotation, key, annotation(key)?)))
        .chain(labels.filter_map(|(key, _)| Some((KeyKind::Label, key, label(key)?))));
    tell(wrong, |path, text| findings.add(&RULE, path, text));
}

/// Looks through the metadata of a workload, whose pods come from the template at `pod_path`; it never does more than
/// warn.
pub fn on_workload<'k>(
    keys: impl Iterator<Item = (KeyKind, &'k str)>,
    pod_path: &str,
    findings: &mut Findings<'_>,
) {
    let home = format!(
        "{}.metadata.annotations",
        pod_path.trim_start_matches('/').replace('/', ".")
    );
    let wrong = keys.filter(|(_, key)| is_own_key(key)).map(|(kind, key)| {
        let message = format!("{} on the workload itself does nothing", quoted(key));
        let fix = match meant(key) {
            Some(meant) => format!("write {meant} into {home}"),
            None => format!("leave it out; what slicegate reads stands in {home}"),
        };
        (kind, key, (message, fix))
    });
    tell(wrong, |path, text| findings.warn(&RULE, path, text));
}

/// More findings would not help.
const MOST: usize = 3;

fn tell<'k>(
    wrong: impl Iterator<Item = (KeyKind, &'k str, Text)>,
    mut add: impl FnMut(String, Text),
) {
    let mut ignored = 0;
    for (index, (kind, key, text)) in wrong.enumerate() {
        match index < MOST {
            true => add(kind.path(key), text),
            false => ignored += 1,
        }
    }
    if ignored > 0 {
        let message = format!("{ignored} more keys of slicegate's are unknown or do nothing here");
        add(
            "/metadata".to_owned(),
            (message, "correct or remove them".to_owned()),
        );
    }
}

/// What is wrong with an annotation of a pod.
fn annotation(key: &str) -> Option<(String, String)> {
    if !is_own_key(key) || is_right(key) {
        return None;
    }
    if ON_A_NAMESPACE.contains(&key) {
        let message = format!("the annotation {key} means something on a Namespace alone");
        return Some((
            message,
            "the namespace's administrator writes it there".to_owned(),
        ));
    }
    Some(unknown("annotation", key))
}

/// Whether this is a known annotation of a pod.
fn is_right(key: &str) -> bool {
    let written = [names::DECISION, names::WORKLOAD];
    ON_A_POD.contains(&key) || is_size(key) || written.contains(&key)
}

/// What is wrong with a label of a pod; `protected-metadata` checks those that slicegate writes.
fn label(key: &str) -> Option<(String, String)> {
    if !is_own_key(key) || LABELS.contains(&key) {
        return None;
    }
    if ON_A_POD.contains(&key) || is_size(key) {
        let message = format!(
            "the label {} does nothing, it has to be an annotation",
            quoted(key)
        );
        return Some((message, "write it under metadata.annotations".to_owned()));
    }
    Some(unknown("label", key))
}

fn unknown(what: &str, key: &str) -> Text {
    match meant(key) {
        Some(meant) => (
            format!("unknown {what} {}; did you mean {meant}?", quoted(key)),
            format!("write the annotation {meant}, or remove it"),
        ),
        None => {
            let names = ON_A_POD.map(|known| known.trim_start_matches(names::PREFIX));
            (
                format!("unknown {what} {}", quoted(key)),
                format!(
                    "remove it; a pod's annotations below {} are {}",
                    names::PREFIX,
                    names.join(", ")
                ),
            )
        }
    }
}

/// The annotation of a pod that was probably meant: the key itself, or the nearest one.
fn meant(key: &str) -> Option<String> {
    /// No known key is longer, and messages stay short.
    const LONGEST: usize = 128;
    if key.len() > LONGEST {
        return None;
    }
    if ON_A_POD.contains(&key) || is_size(key) {
        return Some(key.to_owned());
    }
    if let Some(name) = key.strip_prefix(names::PREFIX) {
        let names = ON_A_POD.map(|known| known.trim_start_matches(names::PREFIX));
        return Some(format!("{}{}", names::PREFIX, near(name, &names)?));
    }
    let (domain, container) = key.split_once(names::BELOW)?;
    let domains = FOR_A_CONTAINER.map(|known| known.split(names::BELOW).next().unwrap_or(known));
    Some(format!(
        "{}{}{container}",
        near(domain, &domains)?,
        names::BELOW
    ))
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
    use super::{ON_A_POD, annotation, label, meant};
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
            assert_eq!(annotation(key), None, "{key}");
        }
        for key in [
            names::TRUST_BOUNDARY,
            names::STRATEGY,
            names::MPS_USER,
            "app",
            "slicegate.example/tier",
        ] {
            assert_eq!(label(key), None, "{key}");
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
