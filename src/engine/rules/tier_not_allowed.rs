//! `tier-not-allowed`: refuses a pod whose tier its namespace does not allow.

use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "tier-not-allowed",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a tier that the namespace does not allow",
    cause: "The namespace's slicegate.dev/allowed-tiers lists other tiers. Where there is no such \
        list, the pod's tier must be at least as strict, in isolation and in co-tenancy, as the \
        namespace's own tier or else the policy's defaultTier. The namespace's annotations are \
        the administrator's; a pod can only ask for something stricter or something they allow.",
    risk: "The pod would run beside others with less isolation than the administrator chose for \
        this namespace, for example time-sliced, with no memory or fault isolation.",
    fix: "Remove the pod's tier to get the namespace's, or name one that is as strict. The \
        administrator can list the tier in the namespace's slicegate.dev/allowed-tiers; the list \
        is then all that is allowed, stricter tiers included.",
    bad: r#"# namespace: slicegate.dev/mode: enforce, slicegate.dev/tier: production
apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: batch
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"# namespace: slicegate.dev/mode: enforce, slicegate.dev/tier: production
apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: regulated
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// A tier that the namespace does not allow.
pub fn text(name: &str, allowed: &[&str]) -> (String, String) {
    let fix = match allowed {
        [] => {
            "the namespace allows no tier; its administrator can change slicegate.dev/allowed-tiers"
                .to_owned()
        }
        _ => format!("write one of {}", allowed.join(", ")),
    };
    (format!("tier {name} is not allowed in this namespace"), fix)
}
