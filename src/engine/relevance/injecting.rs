//! Annotations that make a runtime or a plugin of the node inject devices or mounts, or use another runtime; a closed
//! list that webhook, guard and documents share.
//!
//! Sources: CDI (`cncf-tags/container-device-interface` `pkg/cdi/annotations.go`), NVIDIA/nvidia-container-toolkit
//! (its NRI plugin), containerd/nri `plugins/device-injector`, GoogleCloudPlatform/container-engine-accelerators,
//! cri-o/cri-o
//! `pkg/annotations`, opencontainers/runc `features.go`, containers/crun `crun.1.md`, kata-containers/kata-containers
//! `src/libs/kata-types/src/annotations`, koordinator-sh/koordinator `pkg/koordlet/runtimehooks`, and those of
//! [`sharing_systems`](crate::engine::relevance::sharing_systems).

use crate::engine::vocabulary::{ForeignSystem, Policy};
use crate::facts::Pod;
use ForeignSystem::{Hami, Kai, RunAi, TensorFusion, Volcano};

/// What the key of such an annotation begins with.
#[derive(Debug)]
pub struct Injecting {
    /// The prefix. Bare keys, without `/pod` or `/container.<name>`, are for every container of the pod.
    pub key: &'static str,
    /// What reads it.
    pub reader: &'static str,
    /// Sharing systems whose own controllers write it. If the policy lists one of them, the annotation is left alone.
    pub systems: &'static [ForeignSystem],
    /// The annotation is read for pods that request a resource with this prefix, which is the system's own.
    pub own: Option<&'static str>,
}

const fn entry(key: &'static str, reader: &'static str) -> Injecting {
    Injecting {
        key,
        reader,
        systems: &[],
        own: None,
    }
}

const fn foreign(
    key: &'static str,
    reader: &'static str,
    systems: &'static [ForeignSystem],
) -> Injecting {
    Injecting {
        systems,
        ..entry(key, reader)
    }
}

const fn kata(key: &'static str) -> Injecting {
    entry(key, "Kata Containers")
}

const fn volcano(key: &'static str) -> Injecting {
    Injecting {
        own: Some("volcano.sh/"),
        ..foreign(key, "Volcano's vGPU device plugin", &[Volcano])
    }
}

const CRI_O: &str = "CRI-O";
const DEVICE_INJECTOR: &str = "the NRI plugin device-injector";
const HAMI: &str = "HAMi's device plugin";

/// The closed list.
pub static INJECTING: [Injecting; 40] = [
    entry("cdi.k8s.io/", "CDI in container runtimes"),
    entry("nvidia.cdi.k8s.io", "the NRI plugin of NVIDIA's toolkit"),
    entry("devices.gke.io", "GKE's device injector"),
    entry("cdi-devices.gke.io", "GKE's device injector"),
    entry("devices.noderesource.dev", DEVICE_INJECTOR),
    entry("cdi-devices.noderesource.dev", DEVICE_INJECTOR),
    entry("mounts.noderesource.dev", DEVICE_INJECTOR),
    entry("devices.nri.io", DEVICE_INJECTOR),
    entry("cdi-devices.nri.io", DEVICE_INJECTOR),
    entry("mounts.nri.io", DEVICE_INJECTOR),
    entry("cdi.nri.io", DEVICE_INJECTOR),
    entry("io.kubernetes.cri-o.Devices", CRI_O),
    entry("devices.crio.io", CRI_O),
    entry("io.kubernetes.cri-o.PlatformRuntimePath", CRI_O),
    entry("platform-runtime-path.crio.io", CRI_O),
    entry("org.systemd.property.", "runc and crun"),
    entry("org.criu.config", "runc"),
    entry("run.oci.", "crun"),
    kata("io.katacontainers.config_path"),
    kata("io.katacontainers.config.hypervisor.path"),
    kata("io.katacontainers.config.hypervisor.ctlpath"),
    kata("io.katacontainers.config.hypervisor.jailer_path"),
    kata("io.katacontainers.config.hypervisor.virtio_fs_daemon"),
    kata("io.katacontainers.config.hypervisor.virtio_fs_extra_args"),
    kata("io.katacontainers.config.hypervisor.file_mem_backend"),
    kata("io.katacontainers.config.hypervisor.vhost_user_store_path"),
    kata("io.katacontainers.config.hypervisor.guest_hook_path"),
    entry("dev.gvisor.flag.", "gVisor"),
    entry(
        "scheduling.koordinator.sh/device-allocated",
        "Koordinator's koordlet",
    ),
    foreign(
        "nvidia.com/container.",
        "the NRI plugin of GPU fractioning",
        &[Kai, RunAi],
    ),
    foreign("hami.io/vgpu-", HAMI, &[Hami]),
    foreign("hami.io/bind-", HAMI, &[Hami]),
    foreign(
        "tensor-fusion.ai/",
        "TensorFusion's device plugin",
        &[TensorFusion],
    ),
    volcano("volcano.sh/vgpu-ids"),
    volcano("volcano.sh/vgpu-node"),
    volcano("volcano.sh/vgpu-time"),
    volcano("volcano.sh/devices-to-allocate"),
    volcano("volcano.sh/bind-"),
    volcano("volcano.sh/gpu-index"),
    volcano("volcano.sh/predicate-time"),
];

/// The second letters of the keys, one bit each, by the first: hardly any other annotation begins so.
static LETTERS: [u32; 32] = letters();

const fn letters() -> [u32; 32] {
    let (mut letters, mut index) = ([0; 32], 0);
    while index < INJECTING.len() {
        let key = INJECTING[index].key.as_bytes();
        letters[(key[0] & 31) as usize] |= 1 << (key[1] & 31);
        index += 1;
    }
    letters
}

fn may_begin_one(key: &str) -> bool {
    let bytes = key.as_bytes();
    let (Some(first), Some(second)) = (bytes.first(), bytes.get(1)) else {
        return false;
    };
    LETTERS[usize::from(first & 31)] & 1 << (second & 31) != 0
}

/// Whether an annotation of the pod makes something on the node inject devices or mounts, under a policy that leaves
/// some systems alone.
pub fn is_injecting(key: &str, pod: &Pod<'_>, policy: &Policy) -> bool {
    if !may_begin_one(key) {
        return false;
    }
    let requests = |prefix: &str| {
        let mut containers = pod.containers();
        containers.any(|(_, c)| c.quantities().any(|(name, _)| name.starts_with(prefix)))
    };
    INJECTING.iter().any(|entry| {
        key.starts_with(entry.key)
            && !policy.leaves_alone(entry.systems)
            && !entry.own.is_some_and(requests)
    })
}

#[cfg(test)]
mod tests {
    use super::{INJECTING, is_injecting};
    use crate::config::policy;
    use crate::facts::Pod;

    #[test]
    fn where_the_policy_lists_a_system_its_annotations_are_its_own() {
        let pod = Pod::default();
        let built_in = policy::built_in().unwrap();
        for word in &INJECTING {
            assert!(is_injecting(word.key, &pod, &built_in), "{}", word.key);
            for system in word.systems {
                let mut listing = policy::built_in().unwrap();
                listing.foreign_sharing = vec![*system];
                assert!(!is_injecting(word.key, &pod, &listing), "{}", word.key);
                let others = INJECTING
                    .iter()
                    .filter(|other| !other.systems.contains(system));
                for other in others {
                    assert!(is_injecting(other.key, &pod, &listing), "{}", other.key);
                }
            }
        }
    }

    #[test]
    fn no_entry_hides_another() {
        for (index, word) in INJECTING.iter().enumerate() {
            let before = INJECTING.iter().take(index);
            let hidden = before.filter(|other| word.key.starts_with(other.key));
            assert_eq!(hidden.count(), 0, "{}", word.key);
        }
    }
}
