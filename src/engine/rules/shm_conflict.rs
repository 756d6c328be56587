//! `shm-conflict`: refuses a mount of its own on /dev/shm in an MPS pod.

use crate::engine::relevance::host_paths;
use crate::engine::rules::check::Removal;
use crate::engine::vocabulary::{Rule, Strategy, Text};
use crate::facts::Pod;
use crate::facts::pod::Container;

/// The rule.
pub static RULE: Rule = Rule::denies("shm-conflict", include_str!("shm_conflict.md"));

/// Takes MPS out of the choice where a mount would collide with the device plugin's.
pub static OWN_MOUNT: Removal = Removal::new(
    &RULE,
    |query, strategy| strategy == Strategy::Mps && query.find_container(mounts_shm).is_some(),
    |query, _| {
        let place = query.find_container(mounts_shm)?;
        Some((format!("{place}/volumeMounts"), text(query.pod)))
    },
);

/// Whether a container has a mount of its own on `/dev/shm`.
pub fn mounts_shm(container: &Container<'_>) -> bool {
    let is_shm = |path: &str| path.contains("shm") && host_paths::clean(path) == "/dev/shm";
    container.mounts().iter().any(|mount| is_shm(mount.path()))
}

/// The finding where only MPS is left.
pub fn text(pod: &Pod<'_>) -> Text {
    let message = "MPS mounts the node's shared memory on /dev/shm, where the container has a mount of its own";
    let has = |key: &&str| pod.label(key).is_some();
    let knob = MOUNTERS.iter().find(|(keys, _)| keys.iter().any(has));
    let knob = knob.map_or("remove the mount on /dev/shm", |(_, knob)| knob);
    let fix = format!("{knob}, or name a tier that offers mig or exclusive");
    (message.to_owned(), fix)
}

/// Systems that make that mount themselves, by the labels of their pods, and the setting that stops it. Sources:
/// ray-project/kuberay `controllers/ray/common/pod.go` and `utils/constant.go`, kserve/kserve `pkg/constants`,
/// `config/llmisvcconfig` and `config/runtimes`, llm-d/llm-d `guides`.
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
