//! `ephemeral-gpu`: refuses an ephemeral container that reaches for GPUs.

use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "ephemeral-gpu",
    default: Severity::Deny,
    always_denies: false,
    refuses: "an ephemeral container that reaches for the GPUs",
    cause: "An ephemeral container, as kubectl debug adds it, sets a variable, mount or security \
        context that brings GPUs: NVIDIA_VISIBLE_DEVICES other than void, none or empty, or \
        privileged, for example. Kubernetes allows no resources on ephemeral containers, so \
        whatever reaches a GPU from there was never asked for or counted. NVIDIA's runtime \
        honours the variable there as in any other container.",
    risk: "A debug shell in a running pod could see every GPU of the node, those of other trust \
        boundaries included.",
    fix: "Run the debug container with NVIDIA_VISIBLE_DEVICES=void, or run nvidia-smi with kubectl \
        exec in the container that holds the GPU. To look at whole nodes use a pod in a \
        namespace that is off.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
  ephemeralContainers:
  - name: debug
    image: registry.example/app:1
    env:
    - {name: NVIDIA_VISIBLE_DEVICES, value: all}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
  ephemeralContainers:
  - name: debug
    image: registry.example/app:1
    env:
    - {name: NVIDIA_VISIBLE_DEVICES, value: void}
"#,
};

/// A container under NVIDIA's runtime that does not say that it sees no GPU.
pub fn shown(container: &str) -> (String, String) {
    (
        format!(
            "container {container} runs under NVIDIA's runtime, which shows it the GPUs that a variable of its image names"
        ),
        "set NVIDIA_VISIBLE_DEVICES to void in it; slicegate does so where its mutating webhook is asked".to_owned(),
    )
}
