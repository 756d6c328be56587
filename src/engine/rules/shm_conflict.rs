//! `shm-conflict`: refuses a mount of its own on /dev/shm in an MPS pod.

use crate::engine::line::placement::Case;
use crate::engine::relevance::host_paths;
use crate::engine::vocabulary::rule::{Rule, Severity};
use crate::engine::vocabulary::strategy::Strategy;
use crate::facts::Pod;
use crate::facts::pod::{Container, Place};

/// The rule.
pub static RULE: Rule = Rule {
    id: "shm-conflict",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a volume of the pod's own on /dev/shm together with MPS",
    cause: "A container mounts a volume on /dev/shm, as is common for PyTorch, and would get an \
        MPS share. The device plugin mounts the MPS daemon's shared memory on that very path. \
        MPS is taken out of the choice first; it is refused only when nothing else is left, or \
        when MPS was asked for explicitly.",
    risk: "The two mounts collide: the container may not start, or may not reach the MPS server \
        and then work without limits.",
    fix: "Remove the mount; under MPS /dev/shm is a memory file system already, shared by all MPS \
        pods of the node. For pods of KubeRay, KServe and llm-d, which make the mount by themselves, \
        the finding says which setting stops it. Or use MIG, or a whole GPU, where the mount is \
        allowed.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mps
spec:
  securityContext: {runAsUser: 1000}
  volumes:
  - name: shm
    emptyDir: {medium: Memory}
  containers:
  - name: main
    image: registry.example/app:1
    volumeMounts:
    - {name: shm, mountPath: /dev/shm}
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mig
spec:
  securityContext: {runAsUser: 1000}
  volumes:
  - name: shm
    emptyDir: {medium: Memory}
  containers:
  - name: main
    image: registry.example/app:1
    volumeMounts:
    - {name: shm, mountPath: /dev/shm}
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// The container whose own mount the device plugin's would collide with under MPS.
pub fn removes(case: &Case<'_, '_>, strategy: Strategy) -> Option<Place> {
    if strategy != Strategy::Mps {
        return None;
    }
    let mounts = |place: &Place| case.pod.at(*place).is_some_and(mounts_shm);
    case.wants.iter().map(|w| w.place).find(mounts)
}

/// Whether a container has a mount of its own where MPS has one.
pub(in crate::engine) fn mounts_shm(container: &Container<'_>) -> bool {
    let mut mounts = container.volume_mounts.iter().flatten();
    mounts.any(|m| m.mount_path.as_deref().is_some_and(is_shm))
}

/// What is said when nothing but MPS was left.
pub fn text(pod: &Pod<'_>) -> (String, String) {
    let message = "MPS mounts the node's shared memory on /dev/shm, where the container has a mount of its own";
    let has = |key: &&str| pod.label(key).is_some();
    let knob = MOUNTERS.iter().find(|(keys, _)| keys.iter().any(has));
    let knob = knob.map_or("remove the mount on /dev/shm", |(_, knob)| knob);
    let fix = format!("{knob}, or name a tier that offers mig or exclusive");
    (message.to_owned(), fix)
}

/// Who makes that mount by itself, by the labels of its pods, and how it is told not to. Sources: ray-project/kuberay
/// `controllers/ray/common/pod.go` and `utils/constant.go`, kserve/kserve `pkg/constants`, `config/llmisvcconfig` and
/// `config/runtimes`, llm-d/llm-d `guides`.
const MOUNTERS: [(&[&str], &str); 4] = [
    (
        &["ray.io/cluster", "ray.io/node-type", "ray.io/group"],
        "set plasma-directory in the group's rayStartParams to a folder on a volume of your own, \
         and KubeRay leaves /dev/shm alone",
    ),
    (
        &["kserve.io/component"],
        "name an LLMInferenceServiceConfig of your own under the LLMInferenceService's \
         spec.baseRefs, a copy of KServe's without the volume on /dev/shm",
    ),
    (
        &["serving.kserve.io/inferenceservice"],
        "use a ServingRuntime without the volume on /dev/shm",
    ),
    (
        &[
            "llm-d.ai/role",
            "llm-d.ai/guide",
            "llm-d.ai/inference-serving",
            "llm-d.ai/inferenceServing",
        ],
        "take the volume on /dev/shm out of the volumeMounts of prefill and decode in llm-d's values or manifests",
    ),
];

fn is_shm(path: &str) -> bool {
    path.contains("shm") && host_paths::clean(path) == "/dev/shm"
}
