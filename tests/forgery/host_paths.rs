//! Host paths that lead to the GPUs or to what hands them out, however they are spelt.

use serde_json::{Value, json};

use super::scene::{self, SHARED, create, gpu_pod, plain_pod, report, with};

fn host(path: &str) -> Value {
    json!({"spec": {"volumes": [{"name": "v", "hostPath": {"path": path}}]}})
}

/// Refused with or without a GPU.
const ROADS: [&str; 48] = [
    "/dev/nvidia0",
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-caps/nvidia-cap1",
    "/dev/nvidia-caps-imex-channels/channel0",
    "/dev/char",
    "/dev/char/195:0",
    "/dev//nvidia0",
    "/dev/./nvidia0",
    "/dev/nvidia0/",
    "/home/../dev/nvidia0",
    "/../dev/nvidia0",
    "dev/nvidia0",
    "/run/nvidia",
    "/run/nvidia/mps",
    "/run/nvidia/mps/nvidia.com/gpu.shared/pipe",
    "/run/nvidia/mps/shm",
    "/run/nvidia/driver",
    "/var/run/nvidia/mps/shm/",
    "/var/run/../run/nvidia",
    "/tmp/nvidia-mps",
    "/tmp/nvidia-mps/control",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet/device-plugins/kubelet.sock",
    "/var/lib/kubelet/pod-resources",
    "/etc/cdi",
    "/etc/cdi/nvidia.yaml",
    "/run/cdi",
    "/var/run/cdi",
    "/run/containerd/containerd.sock",
    "/run/containerd",
    "/var/run/containerd/io.containerd.runtime.v2.task",
    "/run/k3s/containerd/containerd.sock",
    "/run/k0s/containerd.sock",
    "/run/crio/crio.sock",
    "/var/run/docker.sock",
    "/run/cri-dockerd.sock",
    "/var/run/nri/nri.sock",
    "/etc/kubernetes/manifests",
    "/etc/kubernetes/manifests/evil.yaml",
    "/var/lib/rancher/rke2/agent/pod-manifests",
    "/proc/1/root",
    "/proc/1/root/dev/nvidia0",
    "/proc/self/root",
    "/proc/thread-self/cwd",
    "/proc/4711/fd/7",
    "/proc/./1//root/",
    "/proc/sys/../1/root",
];

/// Folders above them: refused beside a GPU or a privilege, warned of elsewhere.
const PARENTS: [&str; 16] = [
    "/",
    "//",
    "/.",
    "/..",
    "/dev",
    "/dev/",
    "/run",
    "/var",
    "/var/run",
    "/var/lib",
    "/etc",
    "/var/lib/kubelet",
    "/run/k3s",
    "/etc/kubernetes",
    "/home/..",
    "/var/lib/rancher",
];

const INNOCENT: [&str; 17] = [
    "/home",
    "/data/dev/nvidia0",
    "/devices",
    "/dev2/nvidia0",
    "/dev/shm",
    "/dev/infiniband",
    "/run/nvidia2",
    "/run/nvidiax",
    "/home/kubernetes/bin/nvidia",
    "/usr/local/nvidia",
    "/proc",
    "/proc/",
    "/proc/sys",
    "/proc/selfish",
    "/proc/1st",
    "/sys",
    "/var/log",
];

#[test]
fn roads_to_the_gpus_are_refused_with_or_without_a_gpu() {
    let mut faults = Vec::new();
    for path in ROADS {
        for pod in [gpu_pod(), plain_pod()] {
            if !create(SHARED, &with(pod, &host(path))).is_refused_by("host-device") {
                faults.push(path.to_owned());
            }
        }
    }
    report(&faults);
}

#[test]
fn their_parents_are_refused_beside_a_gpu_or_a_privilege_and_warned_of_elsewhere() {
    let mut faults = Vec::new();
    for path in PARENTS {
        let mut privileged = plain_pod();
        privileged["spec"]["containers"][0]["securityContext"] = json!({"privileged": true});
        for pod in [gpu_pod(), privileged] {
            if !create(SHARED, &with(pod, &host(path))).is_refused_by("host-device") {
                faults.push(format!("{path} is admitted"));
            }
        }
        let plain = create(SHARED, &with(plain_pod(), &host(path)));
        if !plain.allowed || !plain.warns_of("host-device") {
            faults.push(format!("{path}: {plain:?}"));
        }
    }
    report(&faults);
}

#[test]
fn other_paths_are_nobodys_business() {
    let mut faults = Vec::new();
    for path in INNOCENT {
        for pod in [gpu_pod(), plain_pod()] {
            let answer = create(SHARED, &with(pod, &host(path)));
            if !answer.allowed || answer.warns_of("host-device") {
                faults.push(format!("{path}: {answer:?}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn a_privileged_debug_container_beside_a_parent_is_refused_and_another_is_not() {
    let before = with(plain_pod(), &host("/dev"));
    let debug = |privileged: bool| {
        let debug = json!([{"name": "debug", "securityContext": {"privileged": privileged}}]);
        let after = with(
            before.clone(),
            &json!({"spec": {"ephemeralContainers": debug}}),
        );
        scene::update(SHARED, "ephemeralcontainers", &before, &after)
    };
    assert!(debug(true).is_refused_by("ephemeral-gpu"));
    assert!(debug(false).allowed);
}
