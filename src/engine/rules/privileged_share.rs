//! `privileged-share`: refuses privileges that undo sharing, beside a share or a MIG slice.

use super::Rule;
use crate::engine::policy::Severity;

/// The rule.
pub static RULE: Rule = Rule {
    id: "privileged-share",
    default: Severity::Deny,
    always_denies: false,
    refuses: "privileged, SYS_ADMIN, hostPID or hostIPC beside a shared device or a MIG slice",
    cause: "A container of the pod is privileged or adds SYS_ADMIN, or the pod uses hostPID or \
        hostIPC, while the pod holds a shared device or a MIG slice. A privileged container has \
        all device nodes in /dev, and for NVIDIA's toolkit CAP_SYS_ADMIN is the same as \
        privileged. MPS clients of NVIDIA's device plugin need neither hostIPC nor hostPID.",
    risk: "The pod can open GPUs it did not ask for, or see and disturb the processes of its \
        neighbours. An MPS client that is killed with work in flight can hang the server for \
        all.",
    fix: "Remove the privilege; SYS_PTRACE, IPC_LOCK and NET_ADMIN are allowed. If it cannot do \
        without, use a tier that lists exclusive with strategy exclusive, where the same only \
        warns as privileged-gpu.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mps
spec:
  hostIPC: true
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
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};
