//! Pods for the guard: as slicegate finishes them, infrastructure's, and ways around a request.

use std::collections::HashMap;

use serde_json::{Value, json};
use slicegate::admission::patch;
use slicegate::config::policy;
use slicegate::engine::supply::{FleetBuilder, NodeView};
use slicegate::engine::{
    NamespaceView, Namespaces, Outcome, Policy, Question, Supply, Workload, decide,
};
use slicegate::facts;

use super::cluster::Namespace;
use super::fleet::{self, Fleet};

/// What a decision is made against.
pub struct World {
    pub policy: Policy,
    pub supply: Supply,
    pub namespaces: Namespaces,
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
        let mut builder = FleetBuilder::new(policy.supply.unlabelled);
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
        Self {
            supply: builder.build(),
            namespaces: Namespaces::known(views),
            policy,
        }
    }

    /// Asks something about a pod.
    pub fn ask<T>(&self, namespace: &str, pod: &Value, ask: impl FnOnce(&Question<'_>) -> T) -> T {
        let text = pod.to_string();
        let read: facts::Pod<'_> = serde_json::from_str(&text).expect("a pod");
        ask(&Question {
            policy: &self.policy,
            supply: &self.supply,
            namespaces: &self.namespaces,
            namespace,
            pod: &read,
            workload: Workload::Pod,
            user: Some("admin"),
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
    let mut parent = host("/var/run");
    parent["spec"]["hostPID"] = true.into();
    let visible = "visible-devices";
    let device = "host-device";
    vec![
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
    vec![
        env("NVIDIA_VISIBLE_DEVICES", "void"),
        env("NVIDIA_VISIBLE_DEVICES", ""),
        env("NVIDIA_DRIVER_CAPABILITIES", "all"),
        env("CUDA_VISIBLE_DEVICES", "1"),
        host("/"),
        host("/var/run"),
        host("/dev/shm"),
        host("/home/kubernetes/bin/nvidia"),
        json!({"spec": {"hostPID": true, "hostNetwork": true}}),
        json!({"metadata": {"annotations": {"gpu-fraction": "0.5", "slicegate.dev/tier": "batch"}}}),
    ]
}
