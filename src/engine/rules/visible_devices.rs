//! `visible-devices`: refuses a pod that reaches for GPUs past its request.

use super::Rule;
use crate::engine::policy::Severity;

/// The rule.
pub static RULE: Rule = Rule {
    id: "visible-devices",
    default: Severity::Deny,
    always_denies: false,
    refuses: "variables, mounts or annotations that bring GPUs past the request",
    cause: "The pod sets NVIDIA_VISIBLE_DEVICES to something other than void, none or empty, or \
        NVIDIA_MIG_*, NVIDIA_IMEX_CHANNELS, NVIDIA_GDS, _MOFED, _GDRCOPY or _NVSWITCH, also by \
        valueFrom; mounts /var/run/nvidia-container-devices; or carries a CDI, NRI, CRI-O or \
        provider annotation that injects devices. NVIDIA's runtime honours the variable for \
        unprivileged pods by default, and the pod's value normally wins over the device \
        plugin's. An annotation warns only where the pod holds at least as many whole GPUs as it \
        lists.",
    risk: "With the value all, the container sees every GPU of the node, those of other pods \
        included, whatever it asked for: no count, limit or boundary holds.",
    fix: "Remove it and ask for nvidia.com/gpu; the device plugin makes the right device visible. \
        To hide GPUs, void is allowed. Tools that must see all GPUs of a node belong in a \
        namespace that is off.",
    bad: r"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    env:
    - {name: NVIDIA_VISIBLE_DEVICES, value: all}
",
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};
