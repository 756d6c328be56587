//! `protected-metadata`: refuses changes of slicegate's own labels and receipt.

use std::collections::HashMap;

use crate::engine::line::DecisionInput;
use crate::engine::relevance::injecting::is_injecting;
use crate::engine::relevance::sharing_systems::KeyKind;
use crate::engine::vocabulary::pod_limits::KEPT;
use crate::engine::vocabulary::{Findings, Rule, names, quoted};
use crate::facts::{Pairs, Pod};
use crate::json::Cut;

/// The rule.
pub static RULE: Rule = Rule::denies("protected-metadata", include_str!("protected_metadata.md"));

/// The labels that are slicegate's to write.
pub(crate) const LABELS: [&str; 3] = [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER];

/// Looks for labels of slicegate that the pod already has, with values that it is not given.
pub fn check(pod: &Pod<'_>, given: &[(&str, &str)], findings: &mut Findings<'_>) {
    for key in LABELS {
        let own = given.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
        let Some(found) = pod.label(key).filter(|found| own != Some(*found)) else {
            continue;
        };
        let found = quoted(found);
        let message = match own {
            Some(own) => format!("the label {key} is {found}, slicegate gives this pod {own}"),
            None => format!("the label {key} is slicegate's, and it gives this pod none"),
        };
        let fix = "leave the label out; slicegate writes it where it belongs";
        findings.add(&RULE, names::label_pointer(key), (message, fix));
    }
}

/// Refuses a pod with more metadata than is read, even of keys that may be slicegate's: a label could hide in the rest.
pub fn unread(pod: &Pod<'_>, findings: &mut Findings<'_>) {
    if pod.cut == Cut::KeysThatMatter {
        let message = format!("more than {KEPT} labels and annotations may be slicegate's");
        let fix = "leave out what begins like a key of slicegate's";
        findings.add(&RULE, "/metadata", (message, fix));
    }
}

/// Looks at an update of a stored pod, which the input has as it would become: slicegate's labels and receipt are
/// protected whatever the namespace's mode is, injecting annotations concern only namespaces that opted in. `adopted`:
/// the boundary label by which the update may adopt the pod.
pub fn check_update(
    input: &DecisionInput<'_>,
    before: &Pod<'_>,
    adopted: Option<&str>,
    is_on: bool,
    findings: &mut Findings<'_>,
) {
    let after = input.pod;
    unread(before, findings);
    unread(after, findings);
    for key in LABELS {
        let (old, new) = (before.label(key), after.label(key));
        let may_adopt = key == names::TRUST_BOUNDARY && old.is_none();
        if !may_adopt || new.is_none() || new != adopted {
            changed(KeyKind::Label, key, (old, new), findings);
        }
    }
    let key = names::DECISION;
    let receipts = (before.annotation(key), after.annotation(key));
    changed(KeyKind::Annotation, key, receipts, findings);
    if is_on {
        injected(input, before, findings);
    }
}

/// Looks at a key that an update adds, changes or removes.
fn changed(
    kind: KeyKind,
    key: &str,
    (old, new): (Option<&str>, Option<&str>),
    findings: &mut Findings<'_>,
) {
    // A key that was removed has no path in the new pod.
    let (done, path) = match (old, new) {
        (None, Some(_)) => ("added", kind.pointer(key)),
        (Some(_), None) => ("removed", "/metadata".to_owned()),
        (Some(old), Some(new)) if old != new => ("changed", kind.pointer(key)),
        _ => return,
    };
    let what = kind.word();
    let message = format!("the {what} {key} is slicegate's and is {done} on a live pod");
    let fix =
        "leave it as it is; create the pod anew to have it judged anew, or use slicegate adopt";
    findings.add(&RULE, path, (message, fix));
}

/// More findings would not help.
const MOST_FOUND: usize = 100;

/// Looks for annotations that inject devices or mounts and that an update adds or changes: containers that start
/// later in the pod would get them.
fn injected(input: &DecisionInput<'_>, before: &Pod<'_>, findings: &mut Findings<'_>) {
    let annotations = |pod| Pod::annotations(pod).into_iter().flat_map(Pairs::iter);
    let there: HashMap<&str, &str> = annotations(before).collect();
    let injecting = annotations(input.pod).filter(|(key, value)| {
        there.get(key) != Some(value) && is_injecting(key, input.pod, input.policy)
    });
    for (key, _) in injecting.take(MOST_FOUND) {
        let name = quoted(key);
        let message = format!(
            "the annotation {name} injects devices or mounts into a pod that was admitted without it"
        );
        let fix = "leave it out; ask for devices as resources when the pod is created";
        findings.add(&RULE, names::annotation_pointer(key), (message, fix));
    }
}
