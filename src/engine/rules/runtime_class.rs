//! `runtime-class`: refuses NVIDIA's runtime class on a pod that asks for no GPU.

use super::Rule;
use crate::engine::policy::Severity;

/// The rule.
pub static RULE: Rule = Rule {
    id: "runtime-class",
    default: Severity::Deny,
    always_denies: false,
    refuses: "an nvidia runtime class on a pod that asks for no GPU",
    cause: "runtimeClassName starts with nvidia, but no container asks for a GPU. That runtime \
        gives a container the devices that its NVIDIA_VISIBLE_DEVICES names, and CUDA images \
        bring the variable with the value all, which no webhook can see. A GPU claim, or another \
        vendor's GPU, counts as a request.",
    risk: "The container can get every GPU of its node without having asked for one, also those \
        that other pods hold.",
    fix: "Ask for the GPU, or remove runtimeClassName. Monitoring that must see all GPUs of a node \
        belongs in a namespace that is off.",
    bad: r"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  runtimeClassName: nvidia
  containers:
  - name: main
    image: registry.example/app:1
",
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  runtimeClassName: nvidia
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};
