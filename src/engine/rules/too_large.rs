//! `too-large`: refuses a pod that says more than any pod sensibly says.

use crate::engine::line::decision::{Decision, Outcome, Reason};
use crate::engine::relevance::pod_limits::{Excess, LIMITS, Limit, PATCH};
use crate::engine::vocabulary::findings::{Finding, Findings};
use crate::engine::vocabulary::policy::{Mode, Policy};
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "too-large",
    default: Severity::Deny,
    always_denies: true,
    refuses: "a pod beyond what any pod sensibly says, or changes of more than 1 MiB",
    cause: "The pod touches GPUs, and is beyond one of the limits below, as it is written or as \
        slicegate would have to write it: each of its own node selector terms is combined with \
        each kind of node that can serve it. It is refused before anything is made of it, so \
        that no other rule is applied. A policy cannot weaken this rule.",
    risk: "Such a pod could only be meant to cost time. It would keep slicegate, the API server \
        and the scheduler busy for seconds, and everybody else's pods would wait.",
    fix: "Say less: fewer terms with more values each, labels instead of lists of node names, a \
        ConfigMap instead of a long script or annotation. Or split the pod into several.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/gpu-products: >-
      A100*, A30*, A40*, B200*, GB200*, GB300*, H100*, H200*, L4, L40*, T4,
      A100*, A30*, A40*, B200*, GB200*, GB300*, H100*, H200*, L4, L40*, T4,
      A100*, A30*, A40*, B200*, GB200*, GB300*, H100*, H200*, L4, L40*, T4
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
    slicegate.dev/gpu-products: "*A100*, *H100*"
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// The limits, one a line.
pub fn limits() -> Vec<String> {
    let line = |limit: &&Limit| format!("{} {}", limit.most, limit.of);
    LIMITS.iter().map(line).collect()
}

/// Refuses a pod, whatever the policy says.
pub fn refuse(excess: Excess, findings: &mut Findings<'_>) {
    findings.refuse(&RULE, excess.limit.path, text(excess));
}

/// The decision about a pod of which nothing more is looked at.
pub fn decision<'a>(excess: Excess, policy: &Policy, mode: Mode) -> Decision<'a> {
    let mut findings = Findings::new(policy);
    refuse(excess, &mut findings);
    Decision {
        outcome: Outcome::Denied,
        mode,
        tier: None,
        boundary: None,
        strategy: None,
        findings: findings.into_list(),
        edits: Vec::new(),
        reason: Reason::Findings,
    }
}

/// The same decision, refused because what would have to be written is too much.
pub fn unwritable<'a>(decision: Decision<'a>, bytes: usize) -> Decision<'a> {
    let excess = Excess {
        limit: &PATCH,
        found: Some(bytes),
    };
    let (message, fix) = text(excess);
    let mut findings = decision.findings;
    findings.push(Finding {
        rule: &RULE,
        severity: Severity::Deny,
        path: String::new(),
        message,
        fix,
    });
    Decision {
        outcome: Outcome::Denied,
        findings,
        edits: Vec::new(),
        strategy: None,
        reason: Reason::Findings,
        ..decision
    }
}

fn text(excess: Excess) -> (String, String) {
    let Excess { limit, found } = excess;
    let found = match found {
        Some(found) => found.to_string(),
        None => format!("more than {}", limit.most),
    };
    (
        format!("{found} {}; at most {} are read", limit.of, limit.most),
        "say less, or split the pod; slicegate explain too-large lists the limits".to_owned(),
    )
}
