//! `host-device`: refuses host paths that lead to the node's GPUs.

use super::Rule;
use crate::engine::policy::Severity;

/// The rule.
pub static RULE: Rule = Rule {
    id: "host-device",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a hostPath to GPU devices, MPS, the driver root, or what hands them out",
    cause: "A volume, mounted or not, is a hostPath to /dev/nvidia*, the MPS pipe or shm, the \
        driver root, the kubelet's device-plugin or pod-resources sockets, CDI folders, \
        container runtime or NRI sockets, /dev/char or static manifests. Paths are cleaned \
        before they are compared. A parent of such a path is refused in a pod that has a GPU or \
        is privileged; elsewhere it is a warning. Folders that hold only driver libraries, such \
        as GKE's, are allowed.",
    risk: "Through the MPS pipe any pod can join the MPS server of the node without a request, and \
        through the sockets it can take devices, or start containers that no webhook sees.",
    fix: "Ask for nvidia.com/gpu instead; the device plugin and the runtime bring devices and \
        libraries. Device plugins and monitoring agents belong in a namespace that is off.",
    bad: r"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  volumes:
  - name: dev
    hostPath: {path: /dev/nvidia0}
  containers:
  - name: main
    image: registry.example/app:1
    volumeMounts:
    - {name: dev, mountPath: /dev/nvidia0}
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
