//! Every way past a request that is known of the NVIDIA runtime, in every kind of container.

use serde_json::{Value, json};

use super::scene::{self, SHARED, WHOLE, create, gpu_pod, plain_pod, report, with};

const DEVICES: &str = "visible-devices";
const LIMITS: &str = "limit-env";

/// Variables that no container may set, GPU or not.
const VARIABLES: [(&str, &str, &str); 30] = [
    ("NVIDIA_VISIBLE_DEVICES", "all", DEVICES),
    ("NVIDIA_VISIBLE_DEVICES", "0", DEVICES),
    ("NVIDIA_VISIBLE_DEVICES", "0,1", DEVICES),
    ("NVIDIA_VISIBLE_DEVICES", "0:1", DEVICES),
    (
        "NVIDIA_VISIBLE_DEVICES",
        "GPU-6bf1d2a9-0000-0000-0000-000000000000",
        DEVICES,
    ),
    (
        "NVIDIA_VISIBLE_DEVICES",
        "MIG-6bf1d2a9-0000-0000-0000-000000000000",
        DEVICES,
    ),
    (
        "NVIDIA_VISIBLE_DEVICES",
        "runtime.nvidia.com/gpu=all",
        DEVICES,
    ),
    (
        "NVIDIA_VISIBLE_DEVICES",
        "management.nvidia.com/gpu=all",
        DEVICES,
    ),
    (
        "NVIDIA_VISIBLE_DEVICES",
        "/var/run/nvidia-container-devices",
        DEVICES,
    ),
    ("NVIDIA_VISIBLE_DEVICES", "void,all", DEVICES),
    ("NVIDIA_VISIBLE_DEVICES", " void", DEVICES),
    ("NVIDIA_VISIBLE_DEVICES", "VOID", DEVICES),
    ("NVIDIA_VISIBLE_DEVICES", "vоid", DEVICES),
    ("NVIDIA_VISIBLE_DEVICES", "$(WHICH)", DEVICES),
    ("NVIDIA_MIG_CONFIG_DEVICES", "all", DEVICES),
    ("NVIDIA_MIG_MONITOR_DEVICES", "all", DEVICES),
    ("NVIDIA_IMEX_CHANNELS", "0", DEVICES),
    ("NVIDIA_GDS", "enabled", DEVICES),
    ("NVIDIA_MOFED", "enabled", DEVICES),
    ("NVIDIA_GDRCOPY", "enabled", DEVICES),
    ("NVIDIA_NVSWITCH", "enabled", DEVICES),
    ("CUDA_MPS_PIPE_DIRECTORY", "/tmp/mine", LIMITS),
    ("CUDA_MPS_LOG_DIRECTORY", "/tmp/mine", LIMITS),
    ("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=2G,1=4G", LIMITS),
    ("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "１００", LIMITS),
    ("CUDA_MPS_CLIENT_PRIORITY", "0", LIMITS),
    ("CUDA_MPS_SM_PARTITION", "GPU-0/1", LIMITS),
    ("CUDA_MPS_PROTOCOL_VERSION", "3", LIMITS),
    ("NVIDIA_GPU_MEMORY_LIMIT", "80000", LIMITS),
    ("NVIDIA_GPU_MEMORY_REQUEST", "80000", LIMITS),
];

/// Prefixes under which a config map's keys could be such variables.
const PREFIXES: [(&str, &str); 9] = [
    ("N", DEVICES),
    ("NVIDIA_", DEVICES),
    ("NVIDIA_VISIBLE_", DEVICES),
    ("NVIDIA_MIG_CONF", DEVICES),
    ("NVIDIA_G", DEVICES),
    ("NVIDIA_GPU_MEMORY_", LIMITS),
    ("C", LIMITS),
    ("CUDA_MPS_", LIMITS),
    ("CUDA_MPS_PIPE_", LIMITS),
];

/// Where the toolkit looks for devices in the list of mounts.
const MOUNTS: [&str; 5] = [
    "/var/run/nvidia-container-devices/all",
    "/run/nvidia-container-devices/cdi/runtime.nvidia.com/gpu/all",
    "/var/run/nvidia-container-devices",
    "//var/./run/x/../nvidia-container-devices/0/",
    "/var/run/../../run/nvidia-container-devices/imex/0",
];

fn fragments() -> Vec<(Value, &'static str)> {
    let variable = |(name, value, rule): (&str, &str, &'static str)| {
        (json!({"env": [{"name": name, "value": value}]}), rule)
    };
    let from = json!({"fieldRef": {"fieldPath": "metadata.annotations['x']"}});
    let source = |name: &str| json!({"env": [{"name": name, "value": "", "valueFrom": from}]});
    let twice = |first: &str, second: &str| {
        let name = "NVIDIA_VISIBLE_DEVICES";
        json!({"env": [{"name": name, "value": first}, {"name": name, "value": second}]})
    };
    let prefix = |(prefix, rule): (&str, &'static str)| {
        let source = json!({"prefix": prefix, "configMapRef": {"name": "c"}});
        (
            json!({"envFrom": [{"secretRef": {"name": "s"}}, source]}),
            rule,
        )
    };
    let mount = |path: &str| {
        (
            json!({"volumeMounts": [{"name": "null", "mountPath": path}]}),
            DEVICES,
        )
    };
    let mut all: Vec<(Value, &str)> = VARIABLES.into_iter().map(variable).collect();
    all.extend([
        (source("NVIDIA_VISIBLE_DEVICES"), DEVICES),
        (source("CUDA_MPS_PIPE_DIRECTORY"), LIMITS),
        (twice("void", "all"), DEVICES),
        (twice("all", "void"), DEVICES),
    ]);
    all.extend(PREFIXES.into_iter().map(prefix));
    all.extend(MOUNTS.into_iter().map(mount));
    all
}

/// Variables, sources and mounts that look like it and are fine.
fn innocent() -> Vec<Value> {
    let variable = |(name, value): (&str, &str)| json!({"env": [{"name": name, "value": value}]});
    let mut all: Vec<Value> = [
        ("NVIDIA_VISIBLE_DEVICES", "void"),
        ("NVIDIA_VISIBLE_DEVICES", "none"),
        ("NVIDIA_VISIBLE_DEVICES", ""),
        ("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"),
        ("NVIDIA_REQUIRE_CUDA", "cuda>=12"),
        ("nvidia_visible_devices", "all"),
        ("MY_NVIDIA_VISIBLE_DEVICES", "all"),
        ("CUDA_VISIBLE_DEVICES", "0"),
        ("CUDA_MODULE_LOADING", "LAZY"),
    ]
    .map(variable)
    .into();
    for prefix in [
        "",
        "APP_",
        "nvidia_",
        "XNVIDIA_",
        "CUDA_X",
        "NVIDIA_DRIVER_",
    ] {
        all.push(json!({"envFrom": [{"prefix": prefix, "configMapRef": {"name": "c"}}]}));
    }
    for path in [
        "/var/run/secrets",
        "/data/nvidia-container-devices",
        "/var/run",
    ] {
        all.push(json!({"volumeMounts": [{"name": "v", "mountPath": path}]}));
    }
    all
}

/// The kinds of containers a new pod has, and where one of each stands.
const KINDS: [(&str, &str); 3] = [
    ("containers", "a second container"),
    ("initContainers", "an init container"),
    ("sidecar", "a sidecar"),
];

fn placed(mut pod: Value, kind: &str, fragment: &Value) -> Value {
    let mut container = json!({"name": "more", "image": "registry.example/more:1"});
    if kind == "sidecar" {
        container["restartPolicy"] = "Always".into();
    }
    let container = with(container, fragment);
    let list = if kind == "sidecar" {
        "initContainers"
    } else {
        kind
    };
    match pod["spec"][list].as_array_mut() {
        Some(list) => list.push(container),
        None => pod["spec"][list] = json!([container]),
    }
    pod
}

#[test]
fn what_brings_devices_or_lifts_limits_is_refused_in_every_kind_of_container() {
    let mut faults = Vec::new();
    for (fragment, rule) in fragments() {
        for (kind, words) in KINDS {
            for (what, pod) in [("with", gpu_pod()), ("without", plain_pod())] {
                for namespace in [SHARED, WHOLE] {
                    let answer = create(namespace, &placed(pod.clone(), kind, &fragment));
                    if !answer.is_refused_by(rule) {
                        let rules = answer.rules;
                        faults.push(format!("{fragment} in {words}, {what} GPU: {rules:?}"));
                    }
                }
            }
        }
        let mut own = gpu_pod();
        own["spec"]["containers"][0] = with(own["spec"]["containers"][0].clone(), &fragment);
        if !create(SHARED, &own).is_refused_by(rule) {
            faults.push(format!("{fragment} in the container with the GPU"));
        }
    }
    report(&faults);
}

#[test]
fn an_old_images_version_is_refused_where_no_void_stands_beside_it() {
    let version = json!({"name": "CUDA_VERSION", "value": "12.4.0"});
    let prefix =
        |prefix: &str| json!({"envFrom": [{"prefix": prefix, "configMapRef": {"name": "c"}}]});
    let visible = |value: &str| json!({"name": "NVIDIA_VISIBLE_DEVICES", "value": value});
    let mut faults = Vec::new();
    for fragment in [
        json!({"env": [version]}),
        json!({"env": [{"name": "CUDA_VERSION", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}),
        prefix("CUDA_V"),
        prefix("CUDA_VERSION"),
    ] {
        for (kind, words) in KINDS {
            if !create(SHARED, &placed(plain_pod(), kind, &fragment)).is_refused_by(DEVICES) {
                faults.push(format!("{fragment} in {words} without GPU"));
            }
            // slicegate writes void where a pod that it rewrites has no GPU in the container.
            let hidden = create(SHARED, &placed(gpu_pod(), kind, &fragment));
            let confirmed = hidden
                .pod
                .as_ref()
                .map(|pod| scene::confirm(SHARED, pod).allowed);
            if confirmed != Some(true) {
                faults.push(format!("{fragment} in {words} beside a GPU: {hidden:?}"));
            }
            // Something took it away again.
            let open = hidden
                .pod
                .map(|pod| pod.to_string().replace("\"void\"", "\"all\""));
            let open = open.map(|pod| serde_json::from_str(&pod).expect("a pod"));
            if open.is_some_and(|pod: Value| scene::confirm(SHARED, &pod).allowed) {
                faults.push(format!("{fragment} in {words}, with void taken away"));
            }
        }
        let debug = placed(gpu_pod(), "ephemeralContainers", &fragment);
        let answer = scene::update(SHARED, "ephemeralcontainers", &gpu_pod(), &debug);
        if !answer.is_refused_by("ephemeral-gpu") {
            faults.push(format!("{fragment} in a debug container"));
        }
    }
    for value in ["void", "none", ""] {
        let fragment = json!({"env": [version, visible(value)]});
        if !create(SHARED, &placed(plain_pod(), "containers", &fragment)).allowed {
            faults.push(format!("{fragment}"));
        }
    }
    let mut own = gpu_pod();
    own["spec"]["containers"][0]["env"] = json!([version]);
    if !create(SHARED, &own).allowed {
        faults.push("in the container with the GPU".to_owned());
    }
    report(&faults);
}

#[test]
fn what_brings_devices_or_lifts_limits_is_refused_in_a_debug_container() {
    let mut faults = Vec::new();
    for (fragment, _) in fragments() {
        for before in [gpu_pod(), plain_pod()] {
            let after = placed(before.clone(), "ephemeralContainers", &fragment);
            let answer = scene::update(SHARED, "ephemeralcontainers", &before, &after);
            if !answer.is_refused_by("ephemeral-gpu") {
                faults.push(format!("{fragment}: {answer:?}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn what_only_looks_like_it_is_admitted() {
    let mut faults = Vec::new();
    for fragment in innocent() {
        for (kind, words) in KINDS {
            for pod in [gpu_pod(), plain_pod()] {
                let answer = create(SHARED, &placed(pod, kind, &fragment));
                if !answer.allowed {
                    faults.push(format!("{fragment} in {words}: {:?}", answer.rules));
                }
            }
        }
        let after = placed(gpu_pod(), "ephemeralContainers", &fragment);
        if !scene::update(SHARED, "ephemeralcontainers", &gpu_pod(), &after).allowed {
            faults.push(format!("{fragment} in a debug container"));
        }
    }
    report(&faults);
}

/// Security contexts that reach past a share.
fn privileges() -> Vec<Value> {
    let mut all = vec![json!({"privileged": true})];
    for name in [
        "SYS_ADMIN",
        "CAP_SYS_ADMIN",
        "sys_admin",
        "cap_sys_admin",
        "Cap_Sys_Admin",
        "ALL",
        "all",
    ]
    .into_iter()
    .chain(BEYOND)
    {
        all.push(json!({"capabilities": {"add": ["NET_ADMIN", name]}}));
    }
    all
}

/// Capabilities that no share allows, and texts that are none.
const BEYOND: [&str; 14] = [
    "SYS_MODULE",
    "CAP_SYS_MODULE",
    "sys_rawio",
    "BPF",
    "PERFMON",
    "DAC_READ_SEARCH",
    "SYS_BOOT",
    "SYSLOG",
    "MAC_ADMIN",
    "CHECKPOINT_RESTORE",
    "SYS_ADMINX",
    "CAP_CAP_CHOWN",
    " CHOWN",
    "",
];

#[test]
fn capabilities_that_a_share_allows_are_admitted_beside_it() {
    let mut faults = Vec::new();
    for name in [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
        "IPC_LOCK",
        "SYS_NICE",
        "SYS_PTRACE",
        "SYS_RESOURCE",
    ] {
        for spelt in [name.to_owned(), format!("CAP_{name}"), name.to_lowercase()] {
            let fragment = json!({"securityContext": {"capabilities": {"add": [spelt]}}});
            for host_network in [true, false] {
                let pod = with(gpu_pod(), &json!({"spec": {"hostNetwork": host_network}}));
                if !create(SHARED, &placed(pod, "sidecar", &fragment)).allowed {
                    faults.push(format!("{spelt}, hostNetwork {host_network}"));
                }
            }
        }
    }
    let debugger = json!({"securityContext": {"capabilities": {"add": ["cap_sys_ptrace"]}}});
    for (path, is_refused) in [
        ("/proc", true),
        ("//proc/", true),
        ("/x/../proc/1", true),
        ("/data/processed", false),
    ] {
        let pod = placed(gpu_pod(), "sidecar", &debugger);
        let volumes = json!([{"name": "v", "hostPath": {"path": path}}]);
        let answer = create(SHARED, &with(pod, &json!({"spec": {"volumes": volumes}})));
        if answer.is_refused_by("privileged-share") != is_refused {
            faults.push(format!("a debugger beside {path}"));
        }
    }
    for name in ["NET_ADMIN", "cap_net_raw"] {
        let fragment = json!({"securityContext": {"capabilities": {"add": [name]}}});
        let pod = placed(gpu_pod(), "sidecar", &fragment);
        let in_the_nodes = with(pod.clone(), &json!({"spec": {"hostNetwork": true}}));
        if !create(SHARED, &pod).allowed
            || !create(SHARED, &in_the_nodes).is_refused_by("privileged-share")
        {
            faults.push(name.to_owned());
        }
    }
    report(&faults);
}

#[test]
fn privilege_beside_a_share_is_refused_and_beside_whole_gpus_warned_of() {
    let mut faults = Vec::new();
    for context in privileges() {
        let fragment = json!({"securityContext": context});
        for (kind, words) in KINDS {
            let pod = placed(gpu_pod(), kind, &fragment);
            if !create(SHARED, &pod).is_refused_by("privileged-share") {
                faults.push(format!("{context} in {words} beside a share"));
            }
            let whole = create(WHOLE, &pod);
            if !whole.allowed || !whole.warns_of("privileged-gpu") {
                faults.push(format!(
                    "{context} in {words} beside a whole GPU: {whole:?}"
                ));
            }
            if !create(SHARED, &placed(plain_pod(), kind, &fragment)).allowed {
                faults.push(format!("{context} in {words} without a GPU"));
            }
        }
        let after = placed(gpu_pod(), "ephemeralContainers", &fragment);
        let debug = scene::update(SHARED, "ephemeralcontainers", &gpu_pod(), &after);
        if !debug.is_refused_by("ephemeral-gpu") {
            faults.push(format!("{context} in a debug container"));
        }
    }
    for field in ["hostPID", "hostIPC"] {
        let pod = with(gpu_pod(), &json!({"spec": {field: true}}));
        if !create(SHARED, &pod).is_refused_by("privileged-share") {
            faults.push(format!("{field} beside a share"));
        }
    }
    for context in [
        json!({"privileged": false}),
        json!({"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"], "drop": ["ALL"]}}),
    ] {
        let fragment = json!({"securityContext": context});
        if !create(SHARED, &placed(gpu_pod(), "containers", &fragment)).allowed {
            faults.push(format!("{context} is no privilege"));
        }
    }
    report(&faults);
}

#[test]
fn annotations_that_inject_are_refused_for_pods_and_for_containers() {
    let mut faults = Vec::new();
    for key in [
        "cdi.k8s.io/gpu",
        "cdi.k8s.io/vendor.com_device",
        "nvidia.cdi.k8s.io",
        "nvidia.cdi.k8s.io/pod",
        "nvidia.cdi.k8s.io/container.main",
        "devices.gke.io",
        "devices.gke.io/pod",
        "devices.gke.io/container.main",
        "cdi-devices.gke.io/container.main",
        "devices.noderesource.dev",
        "devices.noderesource.dev/container.main",
        "cdi-devices.noderesource.dev/pod",
        "mounts.noderesource.dev/container.main",
        "devices.nri.io",
        "devices.nri.io/pod",
        "devices.nri.io/container.main",
        "cdi-devices.nri.io",
        "cdi-devices.nri.io/container.main",
        "mounts.nri.io",
        "mounts.nri.io/container.main",
        "cdi.nri.io/container.main",
        "io.kubernetes.cri-o.Devices",
        "io.kubernetes.cri-o.Devices/main",
        "devices.crio.io",
        "devices.crio.io/main",
        "io.kubernetes.cri-o.PlatformRuntimePath",
        "platform-runtime-path.crio.io",
        "platform-runtime-path.crio.io/main",
        "org.systemd.property.DeviceAllow",
        "org.criu.config",
        "run.oci.hooks.stdout",
        "io.katacontainers.config_path",
        "io.katacontainers.config.hypervisor.path",
        "io.katacontainers.config.hypervisor.virtio_fs_extra_args",
        "io.katacontainers.config.hypervisor.vhost_user_store_path",
        "dev.gvisor.flag.nvproxy",
        "dev.gvisor.flag.host-uds",
        "scheduling.koordinator.sh/device-allocated",
        "nvidia.com/container.main.gpus.devices",
        "hami.io/vgpu-devices-to-allocate",
        "hami.io/bind-phase",
        "tensor-fusion.ai/gpu-ids",
        "volcano.sh/vgpu-ids-new",
        "volcano.sh/gpu-index",
    ] {
        for pod in [gpu_pod(), plain_pod()] {
            let pod = with(
                pod,
                &json!({"metadata": {"annotations": {key: "nvidia.com/gpu=all"}}}),
            );
            if !create(SHARED, &pod).is_refused_by(DEVICES) {
                faults.push(key.to_owned());
            }
        }
    }
    for key in [
        "cdi.k8s.io",
        "devices.example.com/pod",
        "xdevices.nri.io",
        "io.kubernetes.cri-o.ShmSize",
        "example.com/cdi.k8s.io",
        "io.katacontainers.config.hypervisor.default_vcpus",
        "hami.io/gpu",
        "volcano.sh/queue-name",
        "run.ocix",
    ] {
        let pod = with(
            gpu_pod(),
            &json!({"metadata": {"annotations": {key: "all"}}}),
        );
        if !create(SHARED, &pod).allowed {
            faults.push(format!("{key} injects nothing"));
        }
    }
    report(&faults);
}

#[test]
fn an_annotation_that_lists_the_gpus_a_pod_holds_warns_and_any_other_list_is_refused() {
    let holding = |gpus: &str, key: &str, value: &str| {
        let container = json!({"name": "main", "image": "i", "resources": {"limits": {"nvidia.com/gpu": gpus}}});
        let more =
            json!({"metadata": {"annotations": {key: value}}, "spec": {"containers": [container]}});
        create(WHOLE, &with(gpu_pod(), &more))
    };
    let pod = |key: &str, value: &str| holding("8", key, value);
    let key = "devices.gke.io/container.main";
    let list = "- path: /dev/nvidia0\n- path: /dev/nvidiactl\n- path: /dev/nvidia-uvm\n";
    let fine = pod(key, list);
    assert!(fine.allowed && fine.warns_of(DEVICES), "{fine:?}");
    let mut faults = Vec::new();
    // Who holds some of a node's GPUs may list those of others, and other words than GKE's are not for what a pod holds.
    for (gpus, key) in [
        ("1", key),
        ("7", key),
        ("8", "devices.gke.io/pod"),
        ("8", "devices.nri.io/container.main"),
        ("8", "cdi.k8s.io/main"),
        ("8", "io.kubernetes.cri-o.Devices"),
    ] {
        if !holding(gpus, key, list).is_refused_by(DEVICES) {
            faults.push(format!("{gpus} GPUs and {key}"));
        }
    }
    for value in [
        &*(0..9)
            .map(|n| format!("- path: /dev/nvidia{n}\n"))
            .collect::<String>(),
        "- path: /dev//nvidia0\n",
        "- path: \"/dev/nvidia0\"\n",
        "- path: /dev/null2\n  type: c\n  major: 195\n  minor: 1\n",
        "- {path: /dev/x, type: c, major: 195, minor: 1}\n",
        "- path: /dev/nvidia0\n  major: 195\n  minor: 1\n",
        "- source: /\n  destination: /host\n",
        "- path: /dev/char/195:1\n",
        "- path: /dev/nvidia-caps/nvidia-cap1\n",
        "- path: /dev/nvidiactl\n",
        "nvidia.com/gpu=all",
        "[]",
        "",
    ] {
        if !pod(key, value).is_refused_by(DEVICES) {
            faults.push(format!("{value:?}"));
        }
    }
    report(&faults);
}

#[test]
fn runtime_classes_and_implicit_claims_are_requests_or_refused() {
    let class = |name: &str| json!({"spec": {"runtimeClassName": name}});
    for name in [
        "nvidia",
        "nvidia-cdi",
        "nvidia-legacy",
        "nvidia-experimental",
    ] {
        let answer = create(SHARED, &with(plain_pod(), &class(name)));
        assert!(answer.is_refused_by("runtime-class"), "{name}: {answer:?}");
        assert!(
            create(SHARED, &with(gpu_pod(), &class(name))).allowed,
            "{name}"
        );
    }
    assert!(create(SHARED, &with(plain_pod(), &class("kata"))).allowed);
    for quantity in ["0", "00", "0.0", "0m", "0e3", "-0"] {
        let mut pod = with(plain_pod(), &class("nvidia"));
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"amd.com/gpu": quantity}});
        assert!(
            create(SHARED, &pod).is_refused_by("runtime-class"),
            "{quantity}"
        );
    }
    for name in ["gpu.nvidia.com", "mig.nvidia.com", "vfio.gpu.nvidia.com"] {
        let mut pod = gpu_pod();
        let resource = format!("deviceclass.resource.kubernetes.io/{name}");
        let more = json!({"name": "more", "resources": {"requests": {&resource: "1"}}});
        for list in ["containers", "initContainers"] {
            pod["spec"][list] = json!([pod["spec"]["containers"][0], more]);
            assert!(
                create(SHARED, &pod).is_refused_by("mixed-devices"),
                "{resource}"
            );
        }
        let mut alone = plain_pod();
        alone["spec"]["containers"] = json!([more]);
        assert!(create(SHARED, &alone).allowed, "{resource} alone");
    }
}
