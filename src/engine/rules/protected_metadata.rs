//! `protected-metadata`: refuses changes of slicegate's own labels and receipt.

use super::ask_invalid::quoted;
use crate::engine::ask::pointer;
use crate::engine::findings::Findings;
use crate::engine::rule::{Rule, Severity};
use crate::engine::words;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule {
    id: "protected-metadata",
    default: Severity::Deny,
    always_denies: false,
    refuses: "writing or changing the labels and the receipt that are slicegate's to write",
    cause: "Somebody changes slicegate's labels or its receipt on a live pod, through pods or \
        pods/status, or adds an annotation that injects devices to one. In any namespace it also \
        fires on a new pod with slicegate's labels that it would not be given: any of them on a \
        pod without GPU, and on others all but trust-boundary, which is boundary-not-yours. \
        Values that slicegate would write itself are no finding.",
    risk: "The scheduler keeps boundaries and MPS users apart by these labels. A false one brings \
        a foreign pod beside a boundary, or closes nodes for everybody else.",
    fix: "Ask with annotations and leave the labels to slicegate. To label GPU pods that ran \
        before the opt-in, the administrator uses slicegate adopt, which needs the RBAC verb \
        adopt on pods.slicegate.dev.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  labels:
    slicegate.dev/strategy: mig
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: regulated
    slicegate.dev/strategy: mig
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Looks for labels of slicegate that were written in advance with values the pod is not given.
pub fn check(pod: &Pod<'_>, given: &[(&str, &str)], findings: &mut Findings<'_>) {
    for key in [words::TRUST_BOUNDARY, words::STRATEGY, words::MPS_USER] {
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
