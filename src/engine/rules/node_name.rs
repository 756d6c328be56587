//! `node-name`: refuses a shared pod that names its node itself.

use crate::engine::line::placement::Case;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule {
    id: "node-name",
    default: Severity::Deny,
    always_denies: false,
    refuses: "spec.nodeName on a shared pod",
    cause: "The pod sets spec.nodeName and would get a shared device. Such a pod skips the \
        scheduler. The kubelet still checks resources, node selector and required node affinity, \
        but pod anti-affinity, which keeps trust boundaries apart, is checked by the scheduler \
        only. Shared devices are taken out of the choice first; it is refused when nothing is \
        left, or when a share was asked for explicitly.",
    risk: "The pod would start on a node where another boundary's pods share the GPUs, and be \
        their neighbour.",
    fix: "Remove nodeName and choose the node with a nodeSelector on kubernetes.io/hostname, or \
        take a whole GPU.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mps
spec:
  nodeName: n-mps-a100
  securityContext: {runAsUser: 1000}
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
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mps
spec:
  nodeSelector: {kubernetes.io/hostname: n-mps-a100}
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Whether the scheduler, and with it the anti-affinity, would be skipped.
pub fn removes(case: &Case<'_, '_>, strategy: Strategy) -> bool {
    strategy.is_shared() && case.filter.node_name.is_some()
}

/// What is said when nothing but shares was left.
pub fn text(node: &str) -> (String, String) {
    (
        format!(
            "spec.nodeName {node} skips the scheduler, and so the rules that keep trust boundaries apart"
        ),
        "select the node with nodeSelector kubernetes.io/hostname instead".to_owned(),
    )
}

/// Refuses it where the request stays as written and may turn out to be a share.
pub fn unless_whole(pod: &Pod<'_>, findings: &mut Findings<'_>) {
    if let Some(node) = pod.node_name() {
        findings.add(&RULE, "/spec/nodeName", text(node));
    }
}
