//! `scheduler-name`: refuses a shared pod of a scheduler the policy does not list.

use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::policy::Policy;
use crate::engine::vocabulary::printable::quoted;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule {
    id: "scheduler-name",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a shared pod of a scheduler that the policy does not list",
    cause: "schedulerName is not in the policy's placement.schedulers, which is default-scheduler \
        alone by default, and the pod gets a shared device. Trust boundaries are kept apart by \
        required pod anti-affinity, and each scheduler checks it against the pods it knows of at \
        that moment. Pods with whole GPUs or unshared MIG slices may use any scheduler.",
    risk: "Two schedulers that place pods of two boundaries at the same time can choose the same \
        node, and the pods become neighbours on one GPU.",
    fix: "Remove schedulerName. If all shared pods use another scheduler that respects pod \
        anti-affinity, the administrator lists it under placement.schedulers, in place of \
        default-scheduler.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mps
spec:
  schedulerName: volcano
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
  schedulerName: default-scheduler
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Looks at the scheduler of a pod that shares a device.
pub fn check(pod: &Pod<'_>, policy: &Policy, strategy: Strategy, findings: &mut Findings<'_>) {
    if strategy.is_shared() {
        refuse(
            pod,
            policy,
            &format!("shares a device by {strategy}"),
            findings,
        );
    }
}

/// Looks at it where the request stays as written and may turn out to be a share.
pub fn unless_whole(pod: &Pod<'_>, policy: &Policy, findings: &mut Findings<'_>) {
    refuse(pod, policy, "may share a device", findings);
}

fn refuse(pod: &Pod<'_>, policy: &Policy, what: &str, findings: &mut Findings<'_>) {
    let named = pod.spec.as_ref().and_then(|s| s.scheduler_name.as_deref());
    let scheduler = named
        .filter(|n| !n.is_empty())
        .unwrap_or("default-scheduler");
    let allowed = &policy.placement.schedulers;
    if allowed.iter().any(|s| s == scheduler) {
        return;
    }
    let message = format!(
        "scheduler {} places a pod that {what}; two schedulers race past anti-affinity",
        quoted(scheduler)
    );
    let fix = format!(
        "use {}, or list it under spec.placement.schedulers of the policy",
        allowed.join(" or ")
    );
    findings.add(&RULE, "/spec/schedulerName", (message, fix));
}
