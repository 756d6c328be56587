//! The guard's CEL and Rust say the same: random pods, in namespaces of every kind, under several policies.

use std::collections::BTreeMap;

use crate::guard_twin::{Refusal, guarded};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use slicegate::cel::guard;
use slicegate::config::policy;
use slicegate::engine::{ExcludedNamespaces, Policy};

use super::cluster::{Cluster, pods_of};
use super::control_plane::{Options, Parts};
use super::guard::collection;
use super::guard_pods::{OTHER_NAME, World, runtime_classes};
use super::many_pods;
use super::random::Random;
use super::reaching;
use super::runner::note;
use super::stage::Stage;
use super::wait::seconds;

/// How many pods are tried.
const PODS: usize = 3000;

/// Tells the namespaces of one policy from those of the others.
const LABEL: &str = "test.example/policy";

/// What differs from the built-in policy.
fn specs() -> [Value; 7] {
    let boundaries = json!([{"name": "payments", "namespaces": ["p1-vip", "p5-vip", "nobody"]}, {"name": "bank", "namespaces": ["x"]},
        {"name": "p1-trial", "namespaces": ["p1-trial"]}, {"name": "p5-trial", "namespaces": ["x"]}]);
    [
        json!({"boundaryNames": "open"}),
        json!({"boundaries": boundaries, "foreignSharing": ["hami", "tensor-fusion"]}),
        json!({"placement": {"boundary": "node-label"}, "namespaceDefault": "enforce", "boundaryNames": "open"}),
        json!({"rules": {"visible-devices": "warn", "limit-env": "off", "protected-metadata": "warn"}, "defaultTier": "development"}),
        json!({"mode": "dry-run", "rules": {"host-device": "warn", "reserved-selector": "warn"}}),
        json!({"boundaries": boundaries, "rules": {"privileged-share": "off", "runtime-class": "warn"}, "outsiders": "label", "boundaryNames": "open",
            "foreignSharing": ["kai", "hami", "volcano", "runai"], "defaultTier": "batch"}),
        json!({"mode": "off"}),
    ]
}

fn kinds() -> [(&'static str, Value); 10] {
    [
        ("plain", json!({"mode": "enforce"})),
        ("shout", json!({"mode": "Enforce", "tier": "batch"})),
        ("silent", json!({})),
        ("off", json!({"mode": "FALSE"})),
        ("trial", json!({"mode": "dry-run", "trust-boundary": "lab"})),
        ("lab", json!({"mode": "", "trust-boundary": "lab"})),
        ("dev", json!({"mode": "enforce", "tier": "development"})),
        (
            "listed",
            json!({"mode": "enforce", "allowed-tiers": " batch ,development,", "tier": "production"}),
        ),
        (
            "vip",
            json!({"mode": "enforced", "trust-boundary": "payments"}),
        ),
        (
            "odd",
            json!({"mode": "enforce", "trust-boundary": "Not.A-Label", "tier": "nobody"}),
        ),
    ]
}

struct Realm {
    world: World,
    namespaces: Vec<String>,
}

pub fn the_guard_and_rust_say_the_same_of_random_pods(stage: &mut Stage) {
    stage.clear();
    let bare = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, bare);
    for name in [
        "nvidia",
        "nvidia-legacy",
        "nvidia-cdi",
        "nvidiax",
        "kata",
        OTHER_NAME,
    ] {
        let class = json!({"metadata": {"name": name}, "handler": "runc"});
        cluster.create("/apis/node.k8s.io/v1/runtimeclasses", &class);
    }
    let specs = specs().into_iter().enumerate();
    let realms: Vec<Realm> = specs
        .map(|(index, spec)| install(&cluster, index, &spec))
        .collect();
    wait(&cluster);
    let mut tally = Tally::default();
    let mut random = Random::from_environment();
    let mut runner = TestRunner::deterministic();
    let reaching = reaching::pod(&["crowd"]);
    for number in 0..PODS {
        let realm = random.choose(&realms);
        let namespace = random.choose(&realm.namespaces);
        let mut pod = match random.below(4) {
            0 => repaired(reaching.new_tree(&mut runner).expect("a pod").current().0),
            1 => composed(&mut random, realm, namespace),
            _ => nearly_right(&mut random, realm, namespace),
        };
        many_pods::adopt(&mut pod, &format!("pod-{number}"), namespace);
        let path = format!("{}?dryRun=All", pods_of(namespace));
        let answer = cluster.api().send("POST", &path, Some(&pod));
        tally.count(realm, namespace, &pod, answer.status, answer.message());
    }
    tally.finish();
}

/// A policy with namespaces of its own.
fn install(cluster: &Cluster, index: usize, spec: &Value) -> Realm {
    let document = json!({"apiVersion": "slicegate.dev/v1alpha1", "kind": "SharingPolicy",
        "metadata": {"name": format!("policy-{index}")}, "spec": spec});
    let policy: Policy = policy::read("random", &document.to_string()).expect("a policy");
    let mut objects = Vec::new();
    for (kind, annotations) in kinds() {
        let annotations = annotations.as_object().expect("annotations").iter();
        let annotations: Map<String, Value> = annotations
            .map(|(key, value)| (format!("slicegate.dev/{key}"), value.clone()))
            .collect();
        let name = format!("p{index}-{kind}");
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata":
            {"name": name, "annotations": annotations, "labels": {LABEL: index.to_string()}}});
        cluster.create("/api/v1/namespaces", &object);
        let account = json!({"metadata": {"name": "default"}});
        cluster.create(
            &format!("/api/v1/namespaces/{name}/serviceaccounts"),
            &account,
        );
        objects.push(object);
    }
    for mut object in guard::validating(&policy, &ExcludedNamespaces::default(), &runtime_classes())
    {
        let name = format!(
            "{}-{index}",
            object["metadata"]["name"].as_str().expect("a name")
        );
        object["metadata"]["name"] = name.clone().into();
        if object["kind"] == "ValidatingAdmissionPolicyBinding" {
            object["spec"]["policyName"] = name.into();
            let selector = &mut object["spec"]["matchResources"]["namespaceSelector"];
            selector["matchLabels"] = json!({LABEL: index.to_string()});
        }
        cluster.create(&collection(&object), &object);
    }
    Realm {
        namespaces: objects
            .iter()
            .filter_map(|o| o["metadata"]["name"].as_str().map(str::to_owned))
            .collect(),
        world: World::new(policy, &objects),
    }
}

/// The last of them comes last, and the one before refuses a forged label.
fn wait(cluster: &Cluster) {
    let canary = json!({"metadata": {"name": "canary", "labels": {"slicegate.dev/strategy": "mps"}},
        "spec": {"containers": [{"name": "main", "image": "x"}]}});
    for realm in ["p0-off", "p5-off"] {
        let path = format!("{}?dryRun=All", pods_of(realm));
        cluster.wait_for("the guards", seconds(30), || {
            let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
            let refused = answer.message().contains("[protected-metadata]");
            refused.then_some(()).ok_or(answer.body.to_string())
        });
    }
    std::thread::sleep(seconds(3));
}

#[derive(Default)]
struct Tally {
    passed: usize,
    refused: usize,
    invalid: usize,
    by: BTreeMap<String, usize>,
    faults: Vec<String>,
}

impl Tally {
    fn count(&mut self, realm: &Realm, namespace: &str, pod: &Value, status: u16, message: &str) {
        let refusals = realm.world.ask(namespace, pod, guarded);
        let names: Vec<String> = refusals
            .iter()
            .map(|refusal| match refusal {
                Refusal::Stamp => "slicegate:".to_owned(),
                Refusal::Rule(rule) => format!("[{}]", rule.id),
            })
            .collect();
        let by_guard = message.contains("ValidatingAdmissionPolicy 'slicegate-");
        let agrees = match (by_guard, (200..300).contains(&status)) {
            (true, _) => {
                self.refused += 1;
                for name in &names {
                    *self.by.entry(name.clone()).or_default() += 1;
                }
                names
                    .iter()
                    .any(|name| message.contains(&format!("denied request: {name}")))
            }
            (false, true) => {
                self.passed += 1;
                names.is_empty()
            }
            (false, false) => {
                self.invalid += 1;
                true
            }
        };
        if !agrees {
            let said: String = message.chars().take(400).collect();
            self.faults.push(format!(
                "{namespace}: Rust says {names:?}, the guard {status} {said}\n  {pod}"
            ));
        }
    }

    #[track_caller]
    fn finish(&self) {
        let Self {
            passed,
            refused,
            invalid,
            ..
        } = self;
        note(format!(
            "{passed} passed, {refused} were refused, {invalid} were no pods; by {:?}",
            self.by
        ));
        let first: Vec<&String> = self.faults.iter().take(8).collect();
        assert!(
            self.faults.is_empty(),
            "{} faults:\n{first:#?}",
            self.faults.len()
        );
        assert!(*passed > 500 && *refused > 500, "too few of a kind");
    }
}

/// Without what no API server takes, whatever else is in the pod.
fn repaired(mut pod: Value) -> Value {
    let Some(spec) = pod["spec"].as_object_mut() else {
        return pod;
    };
    spec.remove("ephemeralContainers");
    let volumes = spec.entry("volumes").or_insert_with(|| json!([]));
    let volumes = volumes.as_array_mut().expect("a list");
    volumes.push(json!({"name": "host", "emptyDir": {}}));
    for (index, volume) in volumes.iter_mut().enumerate() {
        let is_taken = volume["name"] == "host" && index > 0;
        if volume["hostPath"]["path"] == "" {
            volume["hostPath"]["path"] = "/".into();
        }
        if is_taken {
            volume["name"] = format!("host-{index}").into();
        }
    }
    if volumes[0]["name"] != "host" {
        volumes[0]["name"] = "host".into();
        volumes.extend(["logs", "empty"].map(|name| json!({"name": name, "emptyDir": {}})));
        let mut seen = Vec::new();
        volumes.retain(|v| {
            let is_new = !seen.contains(&v["name"]);
            seen.push(v["name"].clone());
            is_new
        });
    }
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let requests = container["resources"]["requests"].take();
            if let Some(requests) = requests.as_object() {
                json_patch::merge(&mut container["resources"]["limits"], &json!(requests));
            }
            if container["resources"]["limits"].is_null() {
                container["resources"] = json!({});
            }
        }
    }
    pod
}

/// A pod that takes GPUs, mostly finished by slicegate, and mostly changed afterwards.
fn composed(random: &mut Random, realm: &Realm, namespace: &str) -> Value {
    let resources = [
        "nvidia.com/gpu",
        "nvidia.com/gpu",
        "nvidia.com/gpu.shared",
        "nvidia.com/mig-1g.10gb",
        "nvidia.com/mig-2g.20gb.shared",
        "nvidia.com/hostdev",
        "nvidia.com/mig-",
        "cpu",
    ];
    let limits = |random: &mut Random| json!({*random.choose(&resources): *random.choose(&["1", "1", "1", "2", "0"])});
    let mut pod = json!({"metadata": {"annotations": {}, "labels": {"app": "x"}}, "spec": {
        "containers": [
            {"name": "main", "image": "x", "resources": {"limits": limits(random)}},
            {"name": "side", "image": "x"}]}});
    if random.below(4) == 0 {
        pod["spec"]["containers"][1]["resources"] = json!({"limits": limits(random)});
    }
    if random.below(5) == 0 {
        pod["spec"]["initContainers"] = json!([{"name": "init", "image": "x", "restartPolicy": "Always",
            "resources": {"limits": limits(random)}}]);
    }
    for (key, values) in [
        (
            "tier",
            [
                "batch",
                "development",
                "trusted-inference",
                "production",
                "nobody",
            ],
        ),
        (
            "trust-boundary",
            ["secret", "payments", "lab", "No", namespace],
        ),
    ] {
        if random.below(3) == 0 {
            let value = *random.choose(&values);
            pod["metadata"]["annotations"][format!("slicegate.dev/{key}")] = value.into();
        }
    }
    if random.below(4) == 0 {
        pod["spec"]["securityContext"] = json!({"runAsUser": 1000});
    }
    if random.below(6) == 0 {
        daemon(random, &mut pod);
    }
    if random.below(6) > 0
        && let Some(finished) = realm.world.finish(namespace, &pod)
    {
        pod = finished;
    }
    for _ in 0..random.below(4) {
        let which = random.below(CHANGES);
        change(random, &mut pod, namespace, which);
    }
    pod
}

/// A share as slicegate finishes it but for one thing.
fn nearly_right(random: &mut Random, realm: &Realm, namespace: &str) -> Value {
    let tier = *random.choose(&["batch", "development", "trusted-inference"]);
    let mut pod = json!({
        "metadata": {"annotations": {"slicegate.dev/tier": tier}},
        "spec": {"containers": [
            {"name": "main", "image": "x", "resources": {"limits": {"nvidia.com/gpu": "1"}}},
            {"name": "side", "image": "x"}]}});
    if random.below(2) == 0 {
        pod["spec"]["securityContext"] = json!({"runAsUser": 1000});
    }
    if random.below(8) == 0 {
        pod["metadata"]["annotations"]["slicegate.dev/trust-boundary"] =
            (*random.choose(&["secret", "payments", "bank"])).into();
    }
    let mut pod = realm.world.finish(namespace, &pod).unwrap_or(pod);
    let which = random.below(CHANGES + 8);
    // What makes it apart from others is what is most easily got wrong.
    let which = if which < CHANGES {
        which
    } else {
        4 + which % 4
    };
    change(random, &mut pod, namespace, which);
    pod
}

fn daemon(random: &mut Random, pod: &mut Value) {
    let kind = *random.choose(&["DaemonSet", "DaemonSet", "Job"]);
    pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind, "name": "d", "uid": "1", "controller": true}]);
    let node = *random.choose(&["whole-0", "mps-0", "elsewhere"]);
    let mut term =
        json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    if random.below(3) == 0 {
        term["matchExpressions"] = json!([{"key": "zone", "operator": "Exists"}]);
    }
    pod["spec"]["affinity"] = json!({"nodeAffinity":
        {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}});
}

const TERMS: &str = "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";
const NODES: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// How many things may be changed.
const CHANGES: usize = 20;

/// Changes one thing, if it is there.
fn change(random: &mut Random, pod: &mut Value, namespace: &str, which: usize) {
    let label = |random: &mut Random, pod: &mut Value, key: &str, values: &[&str]| {
        let value = *random.choose(values);
        let value = if value.is_empty() {
            Value::Null
        } else {
            value.into()
        };
        json_patch::merge(
            pod,
            &json!({"metadata": {"labels": {format!("slicegate.dev/{key}"): value}}}),
        );
    };
    match which {
        0 => label(
            random,
            pod,
            "trust-boundary",
            &["", "lab", "ANY", "payments", namespace, "lab.secret"],
        ),
        1 => label(
            random,
            pod,
            "strategy",
            &["", "mps", "exclusive", "mig", "time-slicing", "odd"],
        ),
        2 => label(random, pod, "mps-user", &["", "1000", "image", "0"]),
        3 => json_patch::merge(
            pod,
            &json!({"metadata": {"annotations": {"slicegate.dev/decision": null}}}),
        ),
        4 | 5 => at(
            random,
            pod,
            TERMS,
            &[
                ("topologyKey", "zone".into()),
                ("namespaces", json!(["x"])),
                ("namespaces", json!([])),
                ("namespaceSelector", Value::Null),
                ("namespaceSelector", json!({"matchLabels": {"a": "b"}})),
                (
                    "labelSelector",
                    json!({"matchExpressions": [{"key": "slicegate.dev/trust-boundary", "operator": "Exists"}]}),
                ),
                (
                    "labelSelector",
                    json!({"matchLabels": {"slicegate.dev/trust-boundary": "lab"}}),
                ),
                ("matchLabelKeys", json!(["zone"])),
            ],
        ),
        6 | 7 => at(
            random,
            pod,
            NODES,
            &[
                (
                    "matchExpressions",
                    json!([{"key": "zone", "operator": "Exists"}]),
                ),
                ("matchExpressions", Value::Null),
                (
                    "matchExpressions",
                    json!([{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a", "b"]}]),
                ),
                (
                    "matchExpressions",
                    json!([{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["a"]}]),
                ),
                (
                    "matchExpressions",
                    json!([{"key": "kubernetes.io/hostname", "operator": "Exists"},
                {"key": "slicegate.node-restriction.kubernetes.io/trust-boundary", "operator": "In", "values": [namespace, "lab"]}]),
                ),
            ],
        ),
        8 => {
            pod["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": "a",
            "slicegate.node-restriction.kubernetes.io/trust-boundary": *random.choose(&[namespace, "lab"])})
        }
        9 => pod["spec"]["nodeName"] = "mps-0".into(),
        17 => {
            // One fact said twice.
            daemon(random, pod);
            pod["spec"]["nodeName"] = (*random.choose(&["whole-0", "mps-0", ""])).into();
        }
        18 => {
            pod["spec"]["runtimeClassName"] =
                (*random.choose(&["nvidia", OTHER_NAME, "kata"])).into();
            if random.below(2) == 0 {
                pod["spec"]["resourceClaims"] =
                    json!([{"name": "n", "resourceClaimName": "nothing"}]);
            }
            for index in 0..random.below(3) {
                let value = *random.choose(&["void", "none", "", "all"]);
                pod["spec"]["containers"][index]["env"] =
                    json!([{"name": "NVIDIA_VISIBLE_DEVICES", "value": value}]);
            }
        }
        10 => pod["spec"]["hostPID"] = true.into(),
        11 => {
            let added = *random.choose(&[
                "SYS_ADMIN",
                "cap_sys_admin",
                "ALL",
                "IPC_LOCK",
                "SYS_MODULE",
                "CAP_BPF",
                "net_raw",
                "CAP_CHOWN",
                "SYS_PTRACE",
                "sys_ptrace",
                "\u{17f}YS_ADMIN",
            ]);
            if random.below(2) == 0 {
                let path = *random.choose(&["/proc", "/proc/stat", "/data/processed"]);
                pod["spec"]["volumes"] = json!([{"name": "v", "hostPath": {"path": path}}]);
            }
            pod["spec"]["containers"][1]["securityContext"] =
                json!({"capabilities": {"add": [added]}, "runAsUser": 7});
            pod["spec"]["hostNetwork"] = (random.below(2) == 0).into();
        }
        12 => {
            let (name, value) = *random.choose(&[
                ("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=99999999M"),
                ("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=0M"),
                ("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "100"),
                ("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "101"),
                ("CUDA_VISIBLE_DEVICES", "1"),
                ("CUDA_VISIBLE_DEVICES", "0"),
                ("NVIDIA_VISIBLE_DEVICES", "none"),
                ("CUDA_VERSION", "12.4"),
            ]);
            let index = random.below(2);
            let env = &mut pod["spec"]["containers"][index]["env"];
            let entry = json!({"name": name, "value": value});
            match env {
                Value::Array(list) => list.push(entry),
                none => *none = json!([entry]),
            }
        }
        13 => {
            let value = *random.choose(&[
                "- path: /dev/nvidia0",
                "- path: /dev/nvidia0\n- path: /dev/nvidia1\r\n- path: /dev/nvidiactl\n",
                "- path: /dev/nvidiactl",
                "- path: /dev/nvidia0\n- path: 195",
                "x=all",
                "nvidia.com/gpu=0",
            ]);
            pod["metadata"]["annotations"]["devices.gke.io/container.side"] = value.into();
        }
        14 => {
            let (key, value) = *random.choose(&[
                ("hami.io/gpu-scheduler-policy", "x"),
                ("gpu-fraction", "0.5"),
                ("tensor-fusion.ai/tflops", "1"),
                ("gpu-memory", "false"),
                ("nvidia.com/mig-1g.5gb", "1"),
                ("nvidia.com/container.main.gpus.devices", "x"),
                ("hami.io/bind-phase", "x"),
                ("volcano.sh/vgpu-node", "x"),
                ("run.oci.handler", "x"),
            ]);
            pod["metadata"]["annotations"][key] = value.into();
        }
        15 => {
            let (key, value) = *random.choose(&[
                ("trust-boundary", namespace),
                ("trust-boundary", "lab"),
                ("mps-user", "1000"),
                ("mps-user", "image"),
                ("strategy", "mps"),
            ]);
            let key = format!("slicegate.dev/{key}");
            let own = json!({"matchExpressions": [{"key": key, "operator": "Exists"},
                {"key": key, "operator": "NotIn", "values": [value]}]});
            let selectors = [own.clone(), own, json!({"matchLabels": {key: value}})];
            let selector = random.choose(&selectors);
            let topology =
                *random.choose(&["kubernetes.io/hostname", "kubernetes.io/hostname", "zone"]);
            let term = json!({"labelSelector": selector, "topologyKey": topology, "namespaceSelector": {}});
            let required = "requiredDuringSchedulingIgnoredDuringExecution";
            let terms = &mut pod["spec"]["affinity"]["podAntiAffinity"][required];
            match terms {
                Value::Array(terms) => terms.push(term),
                none => *none = json!([term]),
            }
        }
        _ => {
            let path = *random.choose(&[
                "/",
                "/dev",
                "/dev/nvidia1",
                "//run/./nvidia/x",
                "/run/nvidia2",
                "/var/lib/kubelet/",
                "/var/data/kubelet/pki",
                "/proc",
                "/mnt",
            ]);
            pod["spec"]["volumes"] = json!([{"name": "host", "hostPath": {"path": path}}]);
            if random.below(2) == 0 {
                let part = *random.choose(&[
                    "nvidia0",
                    "lib/kubelet/pki",
                    "stateful_partition/var/run/nvidia",
                    "x",
                ]);
                let key = *random.choose(&["subPath", "subPathExpr"]);
                pod["spec"]["containers"][1]["volumeMounts"] =
                    json!([{"name": "host", "mountPath": "/host", key: part}]);
            }
        }
    }
}

/// Sets or removes a field of one entry of a list.
fn at(random: &mut Random, pod: &mut Value, path: &str, changes: &[(&str, Value)]) {
    let Some(Value::Array(list)) = pod.pointer_mut(path) else {
        return;
    };
    if list.is_empty() {
        return;
    }
    let index = random.below(list.len());
    let (key, value) = random.choose(changes).clone();
    json_patch::merge(&mut list[index], &json!({key: value}));
}
