//! Host paths that lead to the GPUs or to what hands them out, however they are spelt.

use serde_json::{Value, json};

use super::scene::{self, SHARED, WHOLE, create, gpu_pod, plain_pod, report, with};

fn host(path: &str) -> Value {
    json!({"spec": {"volumes": [{"name": "v", "hostPath": {"path": path}}]}})
}

/// Refused with or without a GPU.
const ROADS: [&str; 112] = [
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
    "/dev/fd",
    "/dev/fd/3",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/run/nvidia-fabricmanager",
    "/etc/nvidia-container-runtime/config.toml",
    "/usr/local/nvidia/toolkit",
    "/var/lib/kubelet/plugins_registry",
    "/var/lib/kubelet/plugins/gpu.nvidia.com/dra.sock",
    "/var/lib/kubelet/pki/kubelet-client-current.pem",
    "/var/lib/kubelet/config.yaml",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/scheduler.conf",
    "/etc/kubernetes/pki/ca.key",
    "/etc/srv/kubernetes",
    "/var/lib/etcd/member",
    "/etc/nvidia-container-toolkit/nvidia-container-runtime.toml",
    "/run/runc",
    "/run/vc/sbs",
    "/etc/kubernetes/static-pods",
    "/etc/kubernetes/static-pod-resources",
    "/var/lib/k0s/kubelet/device-plugins",
    "/var/data/kubelet/device-plugins",
    "/var/vcap/data/kubelet/pod-resources",
    "/mnt/paas/kubernetes/kubelet/device-plugins",
    "/mnt/stateful_partition/var/lib/kubelet/device-plugins",
    "/local/var/lib/kubelet/device-plugins",
    "/opt/rke/var/lib/kubelet/pki",
    "/var/snap/microk8s/common/run/containerd.sock",
    "/var/snap/microk8s/common/var/lib/kubelet/device-plugins",
    "/var/snap/microk8s/current/args/containerd-template.toml",
    "/run/podman/podman.sock",
    "/run/user/1000/podman/podman.sock",
    "/run/buildkit/buildkitd.sock",
    "/var/run/crio.sock",
    "/var/run/dockershim.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/isulad.sock",
    "/system/run/containerd/containerd.sock",
    "/run/machined/machine.sock",
    "/run/host-containerd",
    "/run/api.sock",
    "/.bottlerocket/rootfs/run/containerd",
    "/sysroot/ostree",
    "/opt/nri/plugins",
    "/etc/nri/conf.d",
    "/usr/share/containers/oci/hooks.d",
    "/etc/containers/oci/hooks.d",
    "/run/containers/oci/hooks.d",
    "/etc/containerd",
    "/etc/containerd/conf.d",
    "/etc/crio",
    "/etc/cri/conf.d",
    "/etc/docker/daemon.json",
    "/etc/k0s/containerd.d",
    "/etc/rancher/k3s/k3s.yaml",
    "/var/lib/rancher/k3s/agent/etc/containerd",
    "/var/lib/rancher/k3s/server/manifests",
    "/var/lib/rancher/rke2/server/manifests",
    "/var/lib/containerd",
    "/var/lib/docker/overlay2",
    "/var/lib/k0s/manifests",
];

/// Folders above them: refused beside a GPU or a privilege, warned of elsewhere.
const PARENTS: [&str; 25] = [
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
    "/var/lib/kubelet/plugins",
    "/var/lib/docker",
    "/var/lib/k0s",
    "/var/data",
    "/opt",
    "/usr",
    "/usr/share/containers",
    "/mnt/stateful_partition",
    "/mnt/paas/kubernetes",
];

const INNOCENT: [&str; 24] = [
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
    "/usr/local",
    "/usr/lib64",
    "/mnt",
    "/mnt/disks/ssd0",
    "/var/lib/docker/containers",
    "/var/lib/rancher/k3s/storage",
    "/var/lib/kubelet/pods",
    "/var/lib/kubelet/plugins/csi.example.com",
    "/run/dbus/system_bus_socket",
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
fn the_folder_of_all_processes_is_a_warning_whatever_the_pod_holds() {
    let privileged = json!({"spec": {"hostPID": true}});
    for pod in [gpu_pod(), plain_pod(), with(plain_pod(), &privileged)] {
        for path in ["/proc", "/proc/", "/proc/sys/.."] {
            let answer = create(WHOLE, &with(pod.clone(), &host(path)));
            assert!(
                answer.allowed && answer.warns_of("host-device"),
                "{path}: {answer:?}"
            );
        }
    }
}

/// A pod that mounts a part of a host path.
fn part(pod: Value, path: &str, mount: &Value, env: &Value) -> Value {
    let mut pod = with(pod, &host(path));
    pod["spec"]["containers"][0]["env"] = env.clone();
    let mount = with(json!({"name": "v", "mountPath": "/host"}), mount);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([mount]);
    pod
}

#[test]
fn what_a_mount_takes_of_a_volume_is_part_of_the_path() {
    let literal = |name: &str, value: &str| json!([{"name": name, "value": value}]);
    let none = json!([]);
    let mut faults = Vec::new();
    for (path, mount, env) in [
        (
            "/run",
            json!({"subPath": "containerd/containerd.sock"}),
            &none,
        ),
        ("/etc", json!({"subPath": "kubernetes/manifests"}), &none),
        (
            "/var/lib/kubelet",
            json!({"subPath": "device-plugins"}),
            &none,
        ),
        (
            "/var/lib/kubelet",
            json!({"subPath": "./device-plugins/"}),
            &none,
        ),
        ("/var", json!({"subPath": "run//docker.sock"}), &none),
        ("/", json!({"subPath": "dev/nvidia0"}), &none),
        ("/tmp", json!({"subPath": "nvidia-mps"}), &none),
        ("/usr/local/nvidia", json!({"subPath": "toolkit"}), &none),
        (
            "/mnt",
            json!({"subPath": "stateful_partition/var/run/nvidia"}),
            &none,
        ),
        ("/proc", json!({"subPath": "1/root"}), &none),
        ("/run", json!({"subPathExpr": "containerd"}), &none),
        (
            "/run",
            json!({"subPathExpr": "$(A)/containerd.sock"}),
            &literal("A", "containerd"),
        ),
        (
            "/run",
            json!({"subPathExpr": "$(B)"}),
            &json!([{"name": "A", "value": "docker"}, {"name": "B", "value": "$(A).sock"}]),
        ),
    ] {
        let answer = create(SHARED, &part(plain_pod(), path, &mount, env));
        if !answer.is_refused_by("host-device") {
            faults.push(format!("{path} {mount} {env}: {answer:?}"));
        }
    }
    for (path, mount, env) in [
        ("/var", json!({"subPath": "log"}), &none),
        (
            "/var/lib",
            json!({"subPathExpr": "$(A)"}),
            &literal("A", "mine"),
        ),
        (
            "/var/lib",
            json!({"subPathExpr": "$(A)"}),
            &json!([{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
        ),
        ("/home", json!({"subPath": "containerd"}), &none),
        ("/tmp", json!({"subPath": "nvidia-mps2"}), &none),
    ] {
        let answer = create(SHARED, &part(plain_pod(), path, &mount, env));
        if !answer.allowed {
            faults.push(format!("{path} {mount} {env}: {answer:?}"));
        }
    }
    report(&faults);
}

#[test]
fn a_mount_over_the_mps_pipe_is_refused_like_another_pipe() {
    let pipe = |pod: Value, path: &str| {
        let mut pod = with(
            pod,
            &json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}),
        );
        pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "v", "mountPath": path}]);
        pod
    };
    let mut faults = Vec::new();
    for path in [
        "/mps/nvidia.com/gpu.shared/pipe",
        "/mps/nvidia.com/gpu/pipe/control",
        "//mps/./nvidia.com/gpu.shared/",
        "/mps/x/../nvidia.com/gpu",
    ] {
        for pod in [gpu_pod(), plain_pod()] {
            if !create(SHARED, &pipe(pod, path)).is_refused_by("host-device") {
                faults.push(path.to_owned());
            }
        }
        let debug = json!([{"name": "d", "volumeMounts": [{"name": "v", "mountPath": path}]}]);
        let after = with(gpu_pod(), &json!({"spec": {"ephemeralContainers": debug}}));
        if !scene::update(SHARED, "ephemeralcontainers", &gpu_pod(), &after)
            .is_refused_by("ephemeral-gpu")
        {
            faults.push(format!("{path} in a debug container"));
        }
    }
    for path in ["/mps", "/mps/data", "/data/nvidia.com", "/etc/nvidia.com/x"] {
        if !create(SHARED, &pipe(gpu_pod(), path)).allowed {
            faults.push(format!("{path} is no pipe"));
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
