//! `tier-unknown`: refuses a pod whose tier the policy does not define.

use crate::engine::vocabulary::policy::Policy;
use crate::engine::vocabulary::printable::quoted;
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "tier-unknown",
    default: Severity::Deny,
    always_denies: true,
    refuses: "a tier that the policy does not define",
    cause: "The tier named by the pod, or by its namespace when the pod names none, is not in the \
        policy's list of tiers. Names are compared exactly. The tier says which strategies are \
        allowed and what isolation is needed, so without it nothing can be decided, and a policy \
        cannot weaken this rule.",
    risk: "A misspelt tier that was ignored would drop the isolation the author wanted: the pod \
        could share a GPU without memory limits, or take a whole one.",
    fix: "Name a tier of the policy; the message lists them, and so does slicegate policy default \
        for the built-in one. If the wrong name is the namespace's, the administrator corrects \
        slicegate.dev/tier there, or adds the tier to spec.tiers of the policy.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: prod
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
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// A tier that the policy does not define.
pub fn text(name: &str, asked_by_pod: bool, policy: &Policy) -> (String, String) {
    let defined: Vec<&str> = policy.tiers.iter().map(|t| t.name.as_str()).collect();
    let (who, mend) = match asked_by_pod {
        true => ("tier", "write one of"),
        false => (
            "the namespace's tier",
            "the namespace's administrator has to write one of",
        ),
    };
    (
        format!(
            "{who} {} is not defined by policy {}",
            quoted(name),
            policy.name
        ),
        format!("{mend} {}", defined.join(", ")),
    )
}
