//! `share-count`: refuses more than one share of a device in one container.

use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "share-count",
    default: Severity::Deny,
    always_denies: false,
    refuses: "more than one of a shared resource in one container",
    cause: "A container asks for two or more of a shared resource, such as nvidia.com/gpu.shared. \
        By default under MPS, and where failRequestsGreaterThanOne is true under time-slicing, \
        the device plugin refuses it: maximum request size for shared resources is 1. Otherwise \
        time-slicing grants it, but the container sees between one GPU and as many as it asked \
        for, and gets no more compute; under MPS the limits do not add up either.",
    risk: "The scheduler places the pod, then the kubelet fails it with UnexpectedAdmissionError. \
        Where the plugin grants it, slots are used up for nothing.",
    fix: "Ask for one and say how large it must be with slicegate.dev/gpu-memory, gpu-fraction or \
        gpu-compute and a tier. For several GPUs ask for several whole ones in a tier that lists \
        exclusive. Two containers may have one share each.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu.shared: "2"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/gpu-memory: 18Gi
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Several of a resource whose units are shares of devices.
pub fn many(resource: &str, quantity: &str) -> (String, String) {
    (
        format!("{resource}: {quantity} asks for several shares in one container"),
        format!(
            "write {resource}: 1 and ask for more with slicegate.dev/gpu-memory, or for whole GPUs with nvidia.com/gpu"
        ),
    )
}
