//! `opt-out-ignored`: warns that a pod's wish to opt out is not honoured.

use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::names::pointer;
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "opt-out-ignored",
    default: Severity::Warn,
    always_denies: false,
    refuses: "a pod's mode off where the policy does not let pods opt out",
    cause: "The pod has the annotation slicegate.dev/mode: off, and the policy's podOptOut is \
        false, as it is by default. The pod is judged and rewritten like any other. Even where \
        podOptOut is true, it keeps the request as written, not freedom from the boundary.",
    risk: "Nothing breaks, but the pod may get a share where its author expects the GPU to be left \
        as asked.",
    fix: "Remove the annotation. For a whole GPU ask for strategy exclusive in a tier that lists \
        it. The administrator can set podOptOut in the policy, or the namespace's mode.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/mode: "off"
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
    slicegate.dev/tier: production
    slicegate.dev/strategy: exclusive
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Warns of a pod's `mode: off` that the policy does not honour.
pub fn check(findings: &mut Findings<'_>) {
    let path = format!("/metadata/annotations/{}", pointer(names::MODE));
    let message =
        "the pod's slicegate.dev/mode: off is ignored, because the policy has no podOptOut"
            .to_owned();
    let fix = "remove the annotation, or ask for podOptOut: true in the policy".to_owned();
    findings.warn(&RULE, path, (message, fix));
}
