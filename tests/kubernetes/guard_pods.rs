//! Pods for the guard: as slicegate finishes them, infrastructure's, and ways around a request.

use std::collections::HashMap;

use serde_json::{Value, json};
use slicegate::admission::patch;
use slicegate::config::policy;
use slicegate::engine::supply::{FleetBuilder, NodeView};
use slicegate::engine::{
    ClusterState, DecisionInput, NamespaceView, Namespaces, Outcome, Policy, RuntimeClasses, decide,
};
use slicegate::facts;

use super::cluster::Namespace;
use super::fleet::{self, Fleet};

/// What a decision is made against.
pub struct World(pub ClusterState);

/// A RuntimeClass whose name does not say that its handler is NVIDIA's.
pub const OTHER_NAME: &str = "accelerated";

/// The RuntimeClasses of these tests.
pub fn runtime_classes() -> RuntimeClasses {
    RuntimeClasses::known([(OTHER_NAME.to_owned(), "nvidia".to_owned())].into())
}

impl World {
    /// With nodes of every mechanism.
    pub fn new(policy: Policy, namespaces: &[Value]) -> Self {
        let fleet = Fleet::of(&[
            ("whole", fleet::WHOLE_H100, 1),
            ("mps", fleet::MPS_A100, 1),
            ("turns", fleet::TURNS_L4, 1),
            ("sliced", fleet::SLICED_A100, 1),
        ]);
        let mut builder = FleetBuilder::new(policy.supply.declared);
        for node in fleet.nodes() {
            let text = node.to_string();
            let node: facts::Node<'_> = serde_json::from_str(&text).expect("a node");
            builder.add(NodeView::of_node(&node));
        }
        let view = |object: &Value| {
            let text = object.to_string();
            let read: facts::Namespace<'_> = serde_json::from_str(&text).expect("a namespace");
            let name = object["metadata"]["name"].as_str().expect("a name");
            (name.to_owned(), NamespaceView::of(&read))
        };
        let views: HashMap<String, NamespaceView> = namespaces.iter().map(view).collect();
        let state = ClusterState::new(policy, builder.build(), Namespaces::known(views));
        Self(state.with_runtime_classes(runtime_classes()))
    }

    /// Asks something about a pod.
    pub fn ask<T>(
        &self,
        namespace: &str,
        pod: &Value,
        ask: impl FnOnce(&DecisionInput<'_>) -> T,
    ) -> T {
        let text = pod.to_string();
        let read: facts::Pod<'_> = serde_json::from_str(&text).expect("a pod");
        ask(&DecisionInput {
            user: Some("admin"),
            ..self.0.input(namespace, &read)
        })
    }

    /// The pod as slicegate makes it, unless it refuses it.
    pub fn finish(&self, namespace: &str, pod: &Value) -> Option<Value> {
        let text = self.ask(namespace, pod, |question| {
            let decision = decide(question);
            (decision.outcome != Outcome::Denied)
                .then(|| patch::write(question.pod, &decision.edits).expect("a patch"))
        })?;
        let patch: json_patch::Patch = serde_json::from_str(&text).expect("a patch");
        let mut pod = pod.clone();
        json_patch::patch(&mut pod, &patch).expect("a patch that applies");
        Some(pod)
    }
}

/// A pod as slicegate makes it under the built-in policy.
#[track_caller]
pub fn finished(namespaces: &[Namespace], namespace: &str, pod: &Value) -> Value {
    let objects: Vec<Value> = namespaces.iter().map(Namespace::object).collect();
    let world = World::new(policy::built_in().expect("a policy"), &objects);
    world
        .finish(namespace, pod)
        .expect("a pod that is admitted")
}

/// What NVIDIA's device plugin looks like to a webhook: privileged, with the paths and variables others must not have.
pub fn device_plugin() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nvidia-device-plugin"},
        "spec": {"automountServiceAccountToken": false, "runtimeClassName": "nvidia", "hostPID": true,
            "containers": [{"name": "plugin", "image": "example/plugin:1",
                "securityContext": {"privileged": true},
                "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"},
                    {"name": "NVIDIA_MIG_MONITOR_DEVICES", "value": "all"}],
                "volumeMounts": [{"name": "plugins", "mountPath": "/var/lib/kubelet/device-plugins"}]}],
            "volumes": [{"name": "plugins", "hostPath": {"path": "/var/lib/kubelet/device-plugins"}},
                {"name": "mps", "hostPath": {"path": "/run/nvidia/mps"}}]}})
}

/// Merged into a plain pod, each is refused by a rule.
pub fn bypasses() -> Vec<(Value, &'static str)> {
    let main = |more: Value| {
        let mut container = json!({"name": "main", "image": "example/app:1"});
        json_patch::merge(&mut container, &more);
        json!({"spec": {"containers": [container]}})
    };
    let env = |name: &str, value: &str| main(json!({"env": [{"name": name, "value": value}]}));
    let host =
        |path: &str| json!({"spec": {"volumes": [{"name": "host", "hostPath": {"path": path}}]}});
    let mount = |path: &str| {
        let mut change = main(json!({"volumeMounts": [{"name": "v", "mountPath": path}]}));
        change["spec"]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
        change
    };
    let from = json!({"env": [{"name": "NVIDIA_VISIBLE_DEVICES",
        "valueFrom": {"configMapKeyRef": {"name": "x", "key": "y"}}}]});
    let prefix = |prefix: &str| {
        main(json!({"envFrom": [{"prefix": prefix, "configMapRef": {"name": "x"}}]}))
    };
    let init = json!({"spec": {"initContainers": [{"name": "first", "image": "example/app:1",
        "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "0"}]}]}});
    let under_nvidia = |mut change: Value| {
        change["spec"]["runtimeClassName"] = "nvidia".into();
        change["spec"]["resourceClaims"] = json!([{"name": "n", "resourceClaimName": "nothing"}]);
        change
    };
    let mut parent = host("/var/run");
    parent["spec"]["hostPID"] = true.into();
    let visible = "visible-devices";
    let device = "host-device";
    let word = |key: &str| json!({"metadata": {"annotations": {key: "x"}}});
    let part = |path: &str, part: &str| {
        let mount = json!({"name": "host", "mountPath": "/host", "subPath": part});
        let mut change = main(json!({"volumeMounts": [mount]}));
        change["spec"]["volumes"] = host(path)["spec"]["volumes"].clone();
        change
    };
    vec![
        (env("CUDA_VERSION", "12.4.0"), visible),
        (prefix("CUDA_V"), visible),
        (word("nvidia.com/container.main.gpus.devices"), visible),
        (word("hami.io/vgpu-devices-to-allocate"), visible),
        (word("tensor-fusion.ai/gpu-ids"), visible),
        (word("volcano.sh/vgpu-ids-new"), visible),
        (word("platform-runtime-path.crio.io"), visible),
        (word("io.kubernetes.cri-o.PlatformRuntimePath"), visible),
        (word("org.systemd.property.DeviceAllow"), visible),
        (word("run.oci.handler"), visible),
        (word("io.katacontainers.config_path"), visible),
        (part("/run", "containerd/containerd.sock"), device),
        (part("/var/lib/kubelet", "device-plugins"), device),
        (part("/etc/", "kubernetes/./manifests"), device),
        (part("/tmp", "nvidia-mps"), device),
        (part("/mnt", "stateful_partition/var/run/nvidia"), device),
        (mount("/mps/nvidia.com/gpu.shared/pipe"), device),
        (mount("/mps//x/../nvidia.com/gpu"), device),
        (host("/dev/fd"), device),
        (host("/etc/containerd"), device),
        (host("/opt/nri/plugins"), device),
        (
            host("/var/snap/microk8s/common/run/containerd.sock"),
            device,
        ),
        (host("/run/podman/podman.sock"), device),
        (host("/var/run/dockershim.sock"), device),
        (host("/var/data/kubelet/device-plugins"), device),
        (host("/var/lib/k0s/kubelet/device-plugins"), device),
        (host("/var/lib/kubelet/plugins_registry"), device),
        (
            host("/mnt/stateful_partition/var/lib/kubelet/pod-resources"),
            device,
        ),
        (env("NVIDIA_VISIBLE_DEVICES", "all"), visible),
        (env("NVIDIA_MIG_CONFIG_DEVICES", "all"), visible),
        (env("NVIDIA_GDS", "enabled"), visible),
        (main(from), visible),
        (init, visible),
        (prefix("NVIDIA_VIS"), visible),
        (prefix("NVIDIA_MIG_X"), visible),
        (mount("/var/run/nvidia-container-devices/all"), visible),
        (mount("/run//./nvidia-container-devices"), visible),
        (mount("/run/x/../nvidia-container-devices/all"), visible),
        (
            json!({"metadata": {"annotations": {"nvidia.cdi.k8s.io": "nvidia.com/gpu=all"}}}),
            visible,
        ),
        (
            json!({"metadata": {"annotations": {"cdi.k8s.io/x": "nvidia.com/gpu=0"}}}),
            visible,
        ),
        (
            json!({"spec": {"runtimeClassName": "nvidia"}}),
            "runtime-class",
        ),
        (
            json!({"spec": {"runtimeClassName": OTHER_NAME}}),
            "runtime-class",
        ),
        (under_nvidia(main(json!({}))), "runtime-class"),
        (
            under_nvidia(env("NVIDIA_VISIBLE_DEVICES_", "void")),
            "runtime-class",
        ),
        (env("CUDA_MPS_PIPE_DIRECTORY", "/tmp/x"), "limit-env"),
        (env("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=1M"), "limit-env"),
        (env("NVIDIA_GPU_MEMORY_LIMIT", "1"), "limit-env"),
        (prefix("CUDA_MPS_P"), "limit-env"),
        (host("/proc/self/root"), device),
        (host("/dev/nvidia0"), device),
        (host("/dev/nvidia-uvm/"), device),
        (host("//dev/./char"), device),
        (host("/tmp/nvidia-mps/x"), device),
        (host("/run/containerd/containerd.sock"), device),
        (host("/etc/kubernetes/manifests"), device),
        (parent, device),
    ]
}

/// Merged into a plain pod, none is refused.
pub fn harmless() -> Vec<Value> {
    let env = |name: &str, value: &str| {
        json!({"spec": {"containers": [{"name": "main", "image": "example/app:1",
            "env": [{"name": name, "value": value}]}]}})
    };
    let host =
        |path: &str| json!({"spec": {"volumes": [{"name": "host", "hostPath": {"path": path}}]}});
    let mut hidden = env("NVIDIA_VISIBLE_DEVICES", "none");
    hidden["spec"]["runtimeClassName"] = OTHER_NAME.into();
    hidden["spec"]["resourceClaims"] = json!([{"name": "n", "resourceClaimName": "nothing"}]);
    vec![
        hidden,
        json!({"spec": {"runtimeClassName": "kata"}}),
        env("NVIDIA_VISIBLE_DEVICES", "void"),
        env("NVIDIA_VISIBLE_DEVICES", ""),
        env("NVIDIA_DRIVER_CAPABILITIES", "all"),
        env("CUDA_VISIBLE_DEVICES", "1"),
        host("/"),
        host("/var/run"),
        host("/dev/shm"),
        host("/home/kubernetes/bin/nvidia"),
        host("/usr/local/nvidia"),
        host("/var/lib/kubelet/pods"),
        host("/var/lib/docker/containers"),
        host("/proc"),
        host("/mnt"),
        json!({"spec": {"containers": [{"name": "main", "image": "example/app:1",
            "env": [{"name": "CUDA_VERSION", "value": "12"}, {"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}]}]}}),
        json!({"spec": {"containers": [{"name": "main", "image": "example/app:1",
            "securityContext": {"capabilities": {"add": ["SYS_MODULE"]}}}]}}),
        json!({"metadata": {"annotations": {"io.katacontainers.config.hypervisor.default_vcpus": "2"}}}),
        json!({"spec": {"hostPID": true, "hostNetwork": true}}),
        json!({"metadata": {"annotations": {"gpu-fraction": "0.5", "slicegate.dev/tier": "batch"}}}),
    ]
}
