//! `protected-metadata`: refuses changes of slicegate's own labels and receipt.

use std::collections::HashMap;

use crate::engine::line::DecisionInput;
use crate::engine::relevance::injecting::is_injecting;
use crate::engine::relevance::pod_limits::KEPT;
use crate::engine::rules::check::Update;
use crate::engine::vocabulary::{Findings, Policy, Rule, names, quoted};
use crate::engine::vocabulary::names::pointer;
use crate::facts::{Pairs, Pod};
use crate::json::Cut;

/// The rule.
pub static RULE: Rule = Rule::denies("protected-metadata", include_str!("protected_metadata.md"));

/// The labels that are slicegate's to write.
pub(in crate::engine) const LABELS: [&str; 3] =
    [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER];

/// Looks for labels of slicegate that the pod already has, with values that it is not given.
pub fn check(pod: &Pod<'_>, given: &[(&str, &str)], findings: &mut Findings<'_>) {
    for key in LABELS {
        let Some(found) = pod.label(key) else {
            continue;
        };
        let own = given.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
        if own == Some(found) {
            continue;
        }
        let message = match own {
            Some(own) => format!(
                "the label {key} is {}, slicegate gives this pod {own}",
                quoted(found)
            ),
            None => format!("the label {key} is slicegate's, and it gives this pod none"),
        };
        let fix = "leave the label out; slicegate writes it where it belongs".to_owned();
        findings.add(
            &RULE,
            format!("/metadata/labels/{}", pointer(key)),
            (message, fix),
        );
    }
}

/// Refuses a pod with more metadata than is read, even of keys that may be slicegate's: a label could hide in the rest.
pub fn unread(pod: &Pod<'_>, findings: &mut Findings<'_>) {
    if pod.cut != Cut::KeysThatMatter {
        return;
    }
    let message = format!("more than {KEPT} labels and annotations may be slicegate's");
    let fix = "leave out what begins like a key of slicegate's".to_owned();
    findings.add(&RULE, "/metadata", (message, fix));
}

/// Looks at an update of a stored pod: slicegate's labels and receipt are protected whatever the namespace's mode is,
/// injecting annotations concern only namespaces that opted in.
pub fn check_update(input: &DecisionInput<'_>, update: &Update<'_>, findings: &mut Findings<'_>) {
    let DecisionInput { pod, policy, .. } = *input;
    for side in [update.before, pod] {
        unread(side, findings);
    }
    changed(update.before, pod, update.adopted, findings);
    if update.is_on {
        injected(update.before, pod, policy, findings);
    }
}

/// Looks for slicegate's labels and receipt that an update adds, changes or removes. `adoption` is the boundary label
/// that may be added where there was none.
fn changed(
    before: &Pod<'_>,
    after: &Pod<'_>,
    adoption: Option<&str>,
    findings: &mut Findings<'_>,
) {
    for key in LABELS {
        let (old, new) = (before.label(key), after.label(key));
        let is_adopted =
            key == names::TRUST_BOUNDARY && old.is_none() && new.is_some() && new == adoption;
        if !is_adopted {
            differs("label", "labels", key, (old, new), findings);
        }
    }
    let receipts = (
        before.annotation(names::DECISION),
        after.annotation(names::DECISION),
    );
    let key = names::DECISION;
    differs("annotation", "annotations", key, receipts, findings);
}

fn differs(
    what: &str,
    list: &str,
    key: &str,
    (old, new): (Option<&str>, Option<&str>),
    findings: &mut Findings<'_>,
) {
    let done = match (old, new) {
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        (Some(old), Some(new)) if old != new => "changed",
        _ => return,
    };
    // A key that was removed has no path in the new pod.
    let path = match new {
        Some(_) => format!("/metadata/{list}/{}", pointer(key)),
        None => "/metadata".to_owned(),
    };
    let message = format!("the {what} {key} is slicegate's and is {done} on a live pod");
    let fix =
        "leave it as it is; create the pod anew to have it judged anew, or use slicegate adopt"
            .to_owned();
    findings.add(&RULE, path, (message, fix));
}

/// More findings would not help.
const MOST_FOUND: usize = 100;

/// Looks for annotations that inject devices or mounts and that an update adds or changes: containers that start
/// later in the pod would get them.
fn injected(before: &Pod<'_>, after: &Pod<'_>, policy: &Policy, findings: &mut Findings<'_>) {
    let there = before.annotations().into_iter().flat_map(Pairs::iter);
    let there: HashMap<&str, &str> = there.collect();
    let mut found = 0;
    for (key, value) in after.annotations().into_iter().flat_map(Pairs::iter) {
        if found == MOST_FOUND {
            break;
        }
        if there.get(key) == Some(&value) || !is_injecting(key, after, policy) {
            continue;
        }
        found += 1;
        let message = format!(
            "the annotation {} injects devices or mounts into a pod that was admitted without it",
            quoted(key)
        );
        let fix = "leave it out; ask for devices as resources when the pod is created".to_owned();
        let path = format!("/metadata/annotations/{}", pointer(key));
        findings.add(&RULE, path, (message, fix));
    }
}
