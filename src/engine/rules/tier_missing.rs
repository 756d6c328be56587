//! `tier-missing`: refuses an ask for a share where no tier applies.

use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "tier-missing",
    default: Severity::Deny,
    always_denies: true,
    refuses: "an ask for a share, or a strategy, where no tier applies",
    cause: "The pod asks for memory, a fraction, compute or a strategy, but names no tier, and \
        neither its namespace nor the policy has a default. Only a tier says which neighbours \
        and which isolation are acceptable. gpu-products alone is no such ask, and a resource \
        asked by name, such as nvidia.com/mig-1g.10gb, needs no tier. A policy cannot weaken \
        this rule.",
    risk: "Any choice would be a guess about isolation: the pod could share a GPU with workloads \
        it should not meet.",
    fix: "Name one of the tiers that the message lists, or remove the ask to get a whole GPU. The \
        administrator can set slicegate.dev/tier on the namespace, or defaultTier in the policy.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/gpu-memory: 4Gi
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
    slicegate.dev/tier: trusted-inference
    slicegate.dev/gpu-memory: 4Gi
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// An ask or a strategy where no tier says what it may become.
pub fn text(what: &str, allowed: &[&str]) -> (String, String) {
    (
        format!(
            "{what} needs a tier, and neither the pod nor its namespace nor the policy names one"
        ),
        format!(
            "add the annotation slicegate.dev/tier with one of {}",
            allowed.join(", ")
        ),
    )
}
