//! `declared-not-enforced`: warns that a memory ask on a time-sliced device limits nobody.

use crate::engine::line::placement::Case;
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;

/// The rule.
pub static RULE: Rule = Rule {
    id: "declared-not-enforced",
    default: Severity::Warn,
    always_denies: false,
    refuses: "a memory ask on a time-sliced device, where it is a promise and not a limit",
    cause: "The pod asks for memory and gets a time-sliced device. Time-slicing hands out turns, \
        not memory: every process may allocate all the memory of the GPU. slicegate compares the \
        ask with a fair share, total memory by replicas, when it chooses, but nothing enforces \
        that share.",
    risk: "A neighbour that takes more than its part makes this pod run out of memory, and the \
        other way round.",
    fix: "Name a tier whose isolation is limited or stronger, such as trusted-inference: MPS \
        limits each process, MIG the slice. Or accept it for experiments. The administrator can \
        remove time-slicing from the tier.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: development
    slicegate.dev/strategy: time-slicing
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

/// Warns of a memory ask that nothing enforces.
pub fn check(case: &Case<'_, '_>, strategy: Strategy, findings: &mut Findings<'_>) {
    if strategy != Strategy::TimeSlicing {
        return;
    }
    for want in case.wants.iter().filter(|w| w.ask.memory.is_some()) {
        let message = format!(
            "container {}'s memory ask is met by a fair share of a time-sliced device, which nothing enforces",
            want.container
        );
        let fix = "name a tier of isolation limited or better where the memory has to be a limit"
            .to_owned();
        findings.warn(&RULE, want.place.to_string(), (message, fix));
    }
}
