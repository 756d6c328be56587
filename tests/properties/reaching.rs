//! Random pods that reach for GPUs in every way there is, or nearly: each text may be cut, extended or disguised.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A pod as it is sent.
#[derive(Clone)]
pub struct Reaching(pub Value);

impl fmt::Debug for Reaching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a text is put.
#[derive(Clone, Copy, Debug)]
enum Spot {
    Annotation,
    Label,
    Limit,
    Request,
    Variable,
    Prefix,
    RuntimeClass,
    HostPath,
    MountPath,
    Repelled,
    SubPath,
}

const ANNOTATIONS: [&str; 40] = [
    "slicegate.dev/tier",
    "slicegate.dev/strategy",
    "slicegate.dev/mode",
    "slicegate.dev/gpu-memory",
    "slicegate.dev/gpu-fraction",
    "slicegate.dev/decision",
    "gpu-memory.slicegate.dev/main",
    "gpu-fraction.slicegate.dev/main",
    "gpu-compute.slicegate.dev/side",
    "cdi.k8s.io/vendor",
    "nvidia.cdi.k8s.io",
    "nvidia.cdi.k8s.io/container.main",
    "devices.gke.io/container.main",
    "cdi-devices.gke.io/container.main",
    "devices.noderesource.dev/container.main",
    "cdi-devices.noderesource.dev/container.main",
    "mounts.noderesource.dev/container.main",
    "devices.nri.io/container.main",
    "cdi-devices.nri.io/container.main",
    "mounts.nri.io/container.main",
    "cdi.nri.io/container.main",
    "io.kubernetes.cri-o.Devices",
    "nvidia.com/use-gpuuuid",
    "hami.io/gpu-scheduler-policy",
    "gpu-fraction",
    "gpu-memory",
    "nvidia.com/container.main.gpus.devices",
    "nvidia.com/mig-1g.5gb",
    "tensor-fusion.ai/tflops-request",
    "volcano.sh/vgpu-mode",
    "volcano.sh/vgpu-ids-new",
    "hami.io/vgpu-devices-to-allocate",
    "hami.io/bind-phase",
    "tensor-fusion.ai/gpu-ids",
    "platform-runtime-path.crio.io",
    "org.systemd.property.DeviceAllow",
    "run.oci.handler",
    "io.katacontainers.config_path",
    "dev.gvisor.flag.nvproxy",
    "scheduling.koordinator.sh/device-allocated",
];
const LABELS: [&str; 6] = [
    "slicegate.dev/trust-boundary",
    "slicegate.dev/strategy",
    "slicegate.dev/mps-user",
    "runai-gpu-group",
    "tensor-fusion.ai/enabled",
    "app.kubernetes.io/name",
];
const RESOURCES: [&str; 12] = [
    "nvidia.com/gpu",
    "nvidia.com/gpu.shared",
    "nvidia.com/mig-1g.10gb",
    "nvidia.com/mig-2g.20gb.shared",
    "nvidia.com/gpumem",
    "nvidia.com/gpucores",
    "nvidia.com/hostdev",
    "volcano.sh/vgpu-number",
    "deviceclass.resource.kubernetes.io/gpu.nvidia.com",
    "deviceclass.resource.kubernetes.io/nic.example.com",
    "amd.com/gpu",
    "example.com/nic",
];
const VARIABLES: [&str; 15] = [
    "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_MIG_CONFIG_DEVICES",
    "NVIDIA_IMEX_CHANNELS",
    "NVIDIA_GDS",
    "NVIDIA_MOFED",
    "NVIDIA_GDRCOPY",
    "NVIDIA_NVSWITCH",
    "NVIDIA_GPU_MEMORY_LIMIT",
    "NVIDIA_DRIVER_CAPABILITIES",
    "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT",
    "CUDA_MPS_PIPE_DIRECTORY",
    "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_VERSION",
    "NCCL_DEBUG",
];
/// Label keys by which required anti-affinity selects pods.
const SELECTED: [&str; 8] = [
    "slicegate.dev/trust-boundary",
    "slicegate.dev/mps-user",
    "slicegate.dev/strategy",
    "slicegate.dev/anything",
    "gpu-memory.slicegate.dev/main",
    "slicegate.example/tier",
    "app.kubernetes.io/name",
    "nvidia.com/gpu.present",
];
const CLASSES: [&str; 4] = ["nvidia", "nvidia-legacy", "nvidia-cdi", "kata"];
const HOST_PATHS: [&str; 44] = [
    "/",
    "/dev",
    "/dev/nvidia0",
    "/dev/nvidia-uvm",
    "/dev/char",
    "/dev/shm",
    "/run",
    "/run/nvidia/mps",
    "/var/run/nvidia/driver",
    "/var",
    "/var/run",
    "/var/lib",
    "/var/lib/kubelet",
    "/var/lib/kubelet/device-plugins/kubelet.sock",
    "/var/lib/kubelet/pods",
    "/tmp",
    "/tmp/nvidia-mps",
    "/etc",
    "/etc/cdi",
    "/etc/kubernetes",
    "/etc/kubernetes/manifests",
    "/etc/ssl",
    "/run/containerd/containerd.sock",
    "/run/k3s",
    "/run/crio/crio.sock",
    "/var/run/docker.sock",
    "/run/nri",
    "/home/kubernetes/bin/nvidia",
    "/var/log",
    "/opt",
    "/opt/nri/plugins",
    "/proc",
    "/proc/1/root",
    "/dev/fd",
    "/etc/containerd",
    "/mnt",
    "/mnt/stateful_partition",
    "/mnt/stateful_partition/var/run/nvidia",
    "/system/run/containerd",
    "/usr/local/nvidia/toolkit",
    "/var/data/kubelet/device-plugins",
    "/var/lib/k0s/kubelet/pods",
    "/var/snap/microk8s",
    "/var/lib/kubelet/plugins/gpu.nvidia.com",
];
const MOUNT_PATHS: [&str; 6] = [
    "/var/run/nvidia-container-devices",
    "/run/nvidia-container-devices/all",
    "/var/run/nvidia-container-devices/cdi/x",
    "/dev/shm",
    "/mps/nvidia.com/gpu.shared/pipe",
    "/data",
];
/// Parts of a volume that is a host path.
const SUB_PATHS: [&str; 8] = [
    "nvidia-mps",
    "containerd/containerd.sock",
    "run/nvidia",
    "device-plugins",
    "stateful_partition/var/run/crio",
    "toolkit",
    "1/root",
    "log",
];

/// A text, mostly as it is.
fn disguised(list: &'static [&'static str]) -> impl Strategy<Value = String> {
    let ways = prop_oneof![6 => Just(0), 10 => 1..12];
    (select(list), ways, any::<prop::sample::Index>()).prop_map(|(text, way, index)| {
        let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let (head, tail) = text.split_at(cuts[index.index(cuts.len())]);
        let last = text.rsplit_once('/').map_or("", |(above, _)| above);
        match way {
            1 => format!("{text}x"),
            2 => format!("{text}/"),
            3 => head.to_owned(),
            4 => tail.to_owned(),
            5 => text.to_uppercase(),
            6 => text.replace('/', "//"),
            7 => text.replacen('/', "/./", 1),
            8 => format!(
                "{last}/x/../{}",
                text.rsplit('/').next().unwrap_or_default()
            ),
            9 => format!("{head}x{tail}"),
            10 => format!("{text}{}", "x".repeat(250)),
            11 => text.replace('/', "/é/").replace('-', "_"),
            _ => text.to_owned(),
        }
    })
}

fn reach() -> BoxedStrategy<(Spot, String)> {
    let at = |spot: Spot, list: &'static [&'static str]| {
        disguised(list).prop_map(move |text| (spot, text))
    };
    prop_oneof![
        3 => at(Spot::Annotation, &ANNOTATIONS),
        1 => at(Spot::Label, &LABELS),
        1 => at(Spot::Limit, &RESOURCES),
        1 => at(Spot::Request, &RESOURCES),
        2 => at(Spot::Variable, &VARIABLES),
        2 => at(Spot::Prefix, &VARIABLES),
        1 => at(Spot::RuntimeClass, &CLASSES),
        3 => at(Spot::HostPath, &HOST_PATHS),
        1 => at(Spot::MountPath, &MOUNT_PATHS),
        2 => at(Spot::Repelled, &SELECTED),
        1 => at(Spot::SubPath, &SUB_PATHS),
    ]
    .boxed()
}

/// A pod of that namespace that reaches in up to three ways.
pub fn pod(namespaces: &'static [&'static str]) -> BoxedStrategy<Reaching> {
    let value = select(vec!["all", "void", "0", "true", "false", "500m", "1"]);
    let list = select(vec!["containers", "initContainers", "ephemeralContainers"]);
    (
        vec((reach(), value, list, any::<bool>()), 0..4),
        select(namespaces),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(reaches, namespace, is_privileged, has_more)| {
            let mut pod = plain(namespace, is_privileged, has_more);
            for ((spot, text), value, list, is_second) in reaches {
                put(&mut pod, spot, text, value, list, usize::from(is_second));
            }
            Reaching(pod)
        })
        .boxed()
}

/// A pod without any sign, though it looks like some: privileged, host paths, a claim, other resources.
pub fn plain(namespace: &str, is_privileged: bool, has_more: bool) -> Value {
    let container = |name: &str| json!({"name": name, "image": "registry.example/app:1"});
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "namespace": namespace},
        "spec": {"containers": [container("main"), container("side")]},
    });
    if is_privileged {
        pod["spec"]["hostPID"] = true.into();
        pod["spec"]["containers"][0]["securityContext"] = json!({"privileged": true});
    }
    if has_more {
        let sidecar =
            json!({"name": "init", "image": "registry.example/app:1", "restartPolicy": "Always"});
        pod["spec"]["initContainers"] = json!([sidecar, container("late")]);
        pod["metadata"]["labels"] = json!({"app": "web"});
        pod["metadata"]["annotations"] = json!({"prometheus.io/scrape": "true"});
        pod["spec"]["volumes"] = json!([
            {"name": "logs", "hostPath": {"path": "/var/log"}},
            {"name": "empty", "emptyDir": {}},
        ]);
        pod["spec"]["affinity"] = anywhere();
        pod["spec"]["resourceClaims"] = json!([{"name": "nic", "resourceClaimName": "nic"}]);
        pod["spec"]["containers"][0]["resources"] =
            json!({"limits": {"cpu": "1", "nvidia.com/hostdev": "1"}, "claims": [{"name": "nic"}]});
        pod["spec"]["containers"][0]["env"] =
            json!([{"name": "CUDA_VISIBLE_DEVICES", "value": "1"}]);
        pod["spec"]["containers"][0]["envFrom"] = json!([{"configMapRef": {"name": "x"}}]);
        pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "empty", "mountPath": "/dev/shm"}, {"name": "logs", "mountPath": "/l"}]);
    }
    pod
}

/// What keeps no GPU pod off a node: required terms by other keys, and preferences by any.
fn anywhere() -> Value {
    let term = |key: &str| json!({"labelSelector": {"matchLabels": {key: "web"}}, "topologyKey": "kubernetes.io/hostname"});
    let preferred = json!([{"weight": 1, "podAffinityTerm": term("slicegate.dev/trust-boundary")}]);
    json!({
        "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term("slicegate.dev/strategy")]},
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [term("app"), term("slicegate.example/tier")],
            "preferredDuringSchedulingIgnoredDuringExecution": preferred,
        },
    })
}

fn put(pod: &mut Value, spot: Spot, text: String, value: &str, list: &str, index: usize) {
    let spec = &mut pod["spec"];
    let containers = match &mut spec[list] {
        Value::Array(containers) => containers,
        none => {
            let name = |n: usize| json!({"name": format!("{}{n}", &list[..3]), "image": "registry.example/app:1"});
            *none = json!([name(0), name(1)]);
            none.as_array_mut().expect("just made")
        }
    };
    let container = &mut containers[index];
    let push = |list: &mut Value, entry: Value| match list {
        Value::Array(entries) => entries.push(entry),
        none => *none = json!([entry]),
    };
    match spot {
        Spot::Annotation => pod["metadata"]["annotations"][text] = value.into(),
        Spot::Label => pod["metadata"]["labels"][text] = value.into(),
        Spot::Limit => container["resources"]["limits"][text] = quantity(value).into(),
        Spot::Request => container["resources"]["requests"][text] = quantity(value).into(),
        Spot::Variable => push(&mut container["env"], json!({"name": text, "value": value})),
        Spot::Prefix => push(
            &mut container["envFrom"],
            json!({"prefix": text, "configMapRef": {"name": "x"}}),
        ),
        Spot::RuntimeClass => spec["runtimeClassName"] = text.into(),
        Spot::HostPath => push(
            &mut spec["volumes"],
            json!({"name": "host", "hostPath": {"path": text}}),
        ),
        Spot::MountPath => push(
            &mut container["volumeMounts"],
            json!({"name": "host", "mountPath": text}),
        ),
        Spot::Repelled => push(
            &mut spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"],
            repelling(&text, value, list),
        ),
        Spot::SubPath => push(
            &mut container["volumeMounts"],
            json!({"name": "host", "mountPath": "/part", "subPath": text}),
        ),
    }
}

/// A term of anti-affinity with a key in one of its four places.
fn repelling(key: &str, value: &str, list: &str) -> Value {
    let mut term = json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/os"});
    match (list, value) {
        ("containers", "all" | "void") => {
            term["labelSelector"] = json!({"matchLabels": {key: value}});
        }
        ("containers", _) => {
            let expression = json!({"key": key, "operator": "Exists"});
            term["labelSelector"] = json!({"matchExpressions": [expression]});
        }
        ("initContainers", _) => term["matchLabelKeys"] = json!([key]),
        _ => term["mismatchLabelKeys"] = json!([key]),
    }
    term
}

/// The API server reads no other.
fn quantity(value: &str) -> &str {
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        value
    } else {
        "1"
    }
}
