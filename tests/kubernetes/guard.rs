//! The guard on a real API server with slicegate gone: who opted in is closed, and nobody else notices.

use std::process::Command;

use serde_json::{Value, json};
use slicegate::config::policy;

use super::api::{Answer, Api};
use super::assets::Assets;
use super::cluster::{Cluster, Namespace, pods_of};
use super::control_plane::{Options, Parts};
use super::guard_pods::{self, OTHER_NAME, finished};
use super::many_pods;
use super::stage::{Stage, pod, sweep};
use super::wait::seconds;
use super::workloads;

const BARE: Options = Options {
    plugins: "",
    parts: Parts::Api,
};

/// Where policies stand in the API.
const REGISTRATION: &str = "/apis/admissionregistration.k8s.io/v1";

const fn namespace(
    name: &'static str,
    annotations: &'static [(&'static str, &'static str)],
) -> Namespace {
    Namespace {
        name,
        annotations,
        labels: &[],
    }
}

const CLOSED: [Namespace; 3] = [
    namespace("shut", &[("mode", "enforce")]),
    namespace("shouted", &[("mode", "ENFORCE")]),
    namespace("misspelt", &[("mode", "enforced")]),
];
const OPEN: [Namespace; 5] = [
    namespace("unannotated", &[]),
    namespace("off", &[("mode", "Off")]),
    namespace("falsified", &[("mode", "false")]),
    namespace("rehearsal", &[("mode", "Dry-Run")]),
    namespace("gpu-operator", &[("mode", "enforce")]),
];
const SHARED: [Namespace; 3] = [
    // The guard cannot see that it is listed, and lets its pods pass all the same.
    namespace("lab-1", &[("mode", "enforce"), ("trust-boundary", "infer")]),
    namespace("dev", &[("mode", "enforce"), ("tier", "development")]),
    namespace(
        "infer",
        &[
            ("mode", "enforce"),
            ("tier", "trusted-inference"),
            ("boundary-members", "lab-1"),
        ],
    ),
];

/// The cluster of these tests with the guard for the built-in policy in force, without what those before left there.
#[track_caller]
fn guarded(stage: &mut Stage) -> &Cluster {
    let cluster = stage.shared(boot);
    for kind in ["policybindings", "policies"] {
        cluster.delete(&format!(
            "{REGISTRATION}/mutatingadmission{kind}/slicegate-receipt"
        ));
    }
    until_receipts_are(cluster, "kept");
    sweep(cluster);
    guard(cluster);
    cluster
}

fn boot(assets: &Assets) -> Cluster {
    let cluster = Cluster::boot(assets, BARE);
    cluster.make_namespaces(CLOSED.iter().chain(&OPEN).chain(&SHARED));
    let account = json!({"metadata": {"name": "default"}});
    cluster.create("/api/v1/namespaces/kube-system/serviceaccounts", &account);
    for (name, handler) in [
        ("nvidia", "nvidia"),
        (OTHER_NAME, "nvidia"),
        ("kata", "kata"),
    ] {
        cluster.create(
            "/apis/node.k8s.io/v1/runtimeclasses",
            &json!({"metadata": {"name": name}, "handler": handler}),
        );
    }
    cluster
}

/// Where objects of that kind are created.
pub fn collection(object: &Value) -> String {
    let kind = object["kind"].as_str().expect("a kind");
    let plural = match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}s"),
    };
    format!("{REGISTRATION}/{}", plural.to_lowercase())
}

/// Applies the guard for the built-in policy, and waits until it is in force.
#[track_caller]
pub fn install(cluster: &Cluster, file: &str) {
    let path = format!("{}/examples/guard/{file}", env!("CARGO_MANIFEST_DIR"));
    cluster.kubectl.run(&["apply", "-f", &path]).good();
}

/// The same for this cluster's RuntimeClasses, as a person would who reads its help.
#[track_caller]
fn install_for_runtime_classes(cluster: &Cluster) {
    let get = ["get", "runtimeclasses", "-o", "yaml"];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("classes.yaml");
    std::fs::write(&file, cluster.kubectl.run(&get).good().out).expect("a file");
    let guard = Command::new(env!("CARGO_BIN_EXE_slicegate"))
        .args(["guard", "--runtime-classes"])
        .arg(&file)
        .output()
        .expect("slicegate runs");
    let guard = String::from_utf8_lossy(&guard.stdout);
    cluster.kubectl.apply(&guard);
}

/// Waits until a pod of `shut` is refused with these words.
#[track_caller]
fn until_refused(cluster: &Cluster, canary: &Value, words: &str) {
    let path = format!("{}?dryRun=All", pods_of("shut"));
    cluster.wait_for(&format!("the guard to say {words}"), seconds(30), || {
        let answer = cluster.api().try_send("POST", &path, Some(canary))?;
        let refused = answer.message().contains(words);
        refused.then_some(()).ok_or(answer.body.to_string())
    });
}

/// A pod for each of three policies, which refuses it in `shut` with these words.
fn canaries() -> [(Value, &'static str); 3] {
    let mut reaching = plain("canary");
    reaching["spec"]["hostIPC"] = true.into();
    reaching["spec"]["volumes"] = json!([{"name": "d", "hostPath": {"path": "/dev/nvidia0"}}]);
    let mut labelled = plain("canary");
    labelled["metadata"]["labels"] = json!({"slicegate.dev/strategy": "mps"});
    [
        (gpu("canary"), "slicegate did not decide"),
        (reaching, "[host-device]"),
        (labelled, "[protected-metadata]"),
    ]
}

#[track_caller]
fn guard(cluster: &Cluster) {
    install(cluster, "guard.yaml");
    for (canary, words) in canaries() {
        until_refused(cluster, &canary, words);
    }
}

/// And what needs Kubernetes 1.36.
#[track_caller]
fn strip_receipts(cluster: &Cluster) {
    install(cluster, "guard-1.36.yaml");
    until_receipts_are(cluster, "taken away");
}

/// Where nobody is refused for one.
#[track_caller]
fn until_receipts_are(cluster: &Cluster, what: &str) {
    let mut canary = plain("canary");
    canary["metadata"]["annotations"] = json!({"slicegate.dev/decision": "{}"});
    let path = format!("{}?dryRun=All", pods_of("off"));
    cluster.wait_for(&format!("receipts to be {what}"), seconds(30), || {
        let answer = cluster.api().try_send("POST", &path, Some(&canary))?;
        let is_kept = answer.body["metadata"].get("annotations").is_some();
        let is_right = answer.is_good() && is_kept == (what == "kept");
        is_right.then_some(()).ok_or(answer.body.to_string())
    });
}

fn plain(name: &str) -> Value {
    pod(name, &json!({}))
}

fn gpu(name: &str) -> Value {
    pod(name, &json!({"nvidia.com/gpu": "1"}))
}

fn tried(cluster: &Cluster, namespace: &str, pod: &Value) -> Answer {
    cluster.try_create(&format!("{}?dryRun=All", pods_of(namespace)), pod)
}

#[track_caller]
fn refused(cluster: &Cluster, namespace: &str, pod: &Value, words: &str) {
    let answer = tried(cluster, namespace, pod);
    assert_eq!(answer.status, 403, "{namespace}: {}\n{pod}", answer.body);
    assert!(
        answer.message().contains(words),
        "{words}: {}",
        answer.message()
    );
}

#[track_caller]
fn passes(cluster: &Cluster, namespace: &str, pod: &Value) {
    let answer = tried(cluster, namespace, pod);
    assert!(answer.is_good(), "{namespace}: {}\n{pod}", answer.message());
}

pub fn with_slicegate_gone_who_opted_in_is_closed_and_nobody_else_notices(stage: &mut Stage) {
    let cluster = guarded(stage);
    let never = [namespace("kube-system", &[])];
    let resources = [
        "nvidia.com/gpu",
        "nvidia.com/gpu.shared",
        "nvidia.com/mig-1g.10gb",
    ];
    for resource in resources {
        let pod = pod("taker", &json!({resource: "1"}));
        for namespace in &CLOSED {
            refused(cluster, namespace.name, &pod, "slicegate did not decide");
        }
        for namespace in OPEN.iter().chain(&never) {
            passes(cluster, namespace.name, &pod);
        }
    }
    let mut asking = plain("asking");
    asking["metadata"]["annotations"] = json!({"slicegate.dev/tier": "batch"});
    for namespace in CLOSED.iter().chain(&OPEN).chain(&never) {
        passes(cluster, namespace.name, &plain("cpu"));
        passes(cluster, namespace.name, &asking);
        passes(
            cluster,
            namespace.name,
            &pod("none", &json!({"nvidia.com/gpu": "0"})),
        );
        passes(
            cluster,
            namespace.name,
            &pod("nic", &json!({"nvidia.com/hostdev": "1"})),
        );
    }
    for namespace in ["kube-system", "gpu-operator"] {
        passes(cluster, namespace, &guard_pods::device_plugin());
    }
    refused(cluster, "shut", &guard_pods::device_plugin(), "[");
    for namespace in ["unannotated", "off"] {
        passes(cluster, namespace, &guard_pods::device_plugin());
    }
}

pub fn a_stamp_passes_where_it_is_right_and_only_there(stage: &mut Stage) {
    let cluster = guarded(stage);
    let label = |key: &str, value: &str| json!({"metadata": {"labels": {key: value}}});
    let wrong = [
        (
            label("slicegate.dev/trust-boundary", "team-b"),
            "has to be infer",
        ),
        (
            label("slicegate.dev/trust-boundary", "ANY"),
            "has to be infer",
        ),
        (
            label("slicegate.dev/strategy", "odd"),
            "[protected-metadata]",
        ),
        (label("slicegate.dev/mps-user", "0"), "other MPS users"),
        (
            json!({"spec": {"affinity": {"podAntiAffinity": null}}}),
            "slicegate: the terms",
        ),
        (
            json!({"metadata": {"annotations": {"slicegate.dev/decision": null}}}),
            "did not decide",
        ),
        (json!({"spec": {"nodeName": "mps-0"}}), "[node-name]"),
    ];
    for name in ["infer", "lab-1", "dev"] {
        let right = finished(&SHARED, name, &gpu("taker"));
        passes(cluster, name, &right);
        // Its terms are another's too: of two policies that refuse it, either may be heard first.
        refused(
            cluster,
            "shut",
            &right,
            "ValidatingAdmissionPolicy 'slicegate-",
        );
        let mut moved = right.clone();
        json_patch::merge(
            &mut moved,
            &json!({"spec": {"affinity": {"podAntiAffinity": null}}}),
        );
        refused(cluster, "shut", &moved, "trust-boundary has to be shut");
    }
    let right = finished(&SHARED, "infer", &gpu("taker"));
    assert_eq!(right["metadata"]["labels"]["slicegate.dev/strategy"], "mps");
    for (change, words) in wrong {
        let mut pod = right.clone();
        json_patch::merge(&mut pod, &change);
        // With another label its terms and its limits may no longer be its own, and any of the policies is heard first.
        let said = tried(cluster, "infer", &pod).message().to_owned();
        let others = ["[reserved-selector]", "[limit-env]"].into_iter();
        let mut others = others.filter(|_| change.pointer("/metadata/labels").is_some());
        let words = others.find(|other| said.contains(other)).unwrap_or(words);
        refused(cluster, "infer", &pod, words);
    }
    // Whoever names a node takes whole devices or slices there, whatever an owner and matchFields say of another one.
    let mut named = finished(&CLOSED, "shut", &gpu("taker"));
    named["spec"]["nodeName"] = "whole-0".into();
    passes(cluster, "shut", &named);
    named["metadata"]["labels"]
        .as_object_mut()
        .expect("labels")
        .remove("slicegate.dev/strategy");
    named["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet",
        "name": "d", "uid": "1", "controller": true}]);
    named["spec"]["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["whole-0"]}]}]}}});
    refused(cluster, "shut", &named, "slicegate: the terms");
    // What is written above makes a complete stamp. Nobody can tell it from slicegate's before 1.36.
    strip_receipts(cluster);
    refused(cluster, "infer", &right, "slicegate did not decide");
    passes(cluster, "off", &gpu("taker"));
}

pub fn a_refusal_by_the_guard_is_one_readable_line(stage: &mut Stage) {
    let cluster = guarded(stage);
    let run = |pod: &Value| {
        let arguments = ["create", "-n", "shut", "-f", "-"];
        cluster.kubectl.run_with(&arguments, &pod.to_string()).err
    };
    let said = run(&gpu("taker"));
    assert_eq!(
        said.trim(),
        "Error from server (Forbidden): error when creating \"STDIN\": pods \"taker\" is forbidden: \
        ValidatingAdmissionPolicy 'slicegate-stamp' with binding 'slicegate-stamp' denied request: slicegate: this \
        pod takes a GPU, and slicegate did not decide about it; slicegate may be away: try again when it is back"
    );
    let mut pod = plain("seer");
    pod["spec"]["containers"][0]["env"] =
        json!([{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]);
    let said = run(&pod);
    assert!(
        said.ends_with(
            "denied request: [visible-devices] container main sets NVIDIA_VISIBLE_DEVICES, which shows it GPUs past \
            its request; fix: remove it; the device plugin sets what the request grants\n"
        ),
        "{said}"
    );
}

pub fn every_way_around_the_request_is_closed_where_slicegate_acts(stage: &mut Stage) {
    let cluster = guarded(stage);
    install_for_runtime_classes(cluster);
    let mut canary = plain("canary");
    canary["spec"]["runtimeClassName"] = OTHER_NAME.into();
    until_refused(cluster, &canary, "[runtime-class]");
    for (change, rule) in guard_pods::bypasses() {
        let mut pod = plain("around");
        json_patch::merge(&mut pod, &change);
        refused(cluster, "shut", &pod, &format!("[{rule}]"));
        for namespace in &OPEN {
            passes(cluster, namespace.name, &pod);
        }
    }
    for change in guard_pods::harmless() {
        let mut pod = plain("harmless");
        json_patch::merge(&mut pod, &change);
        passes(cluster, "shut", &pod);
    }
}

pub fn an_ephemeral_container_gets_no_gpu(stage: &mut Stage) {
    let cluster = guarded(stage);
    for namespace in ["shut", "unannotated"] {
        cluster.create(&pods_of(namespace), &plain("web"));
        let path = format!("{}/web/ephemeralcontainers?dryRun=All", pods_of(namespace));
        let debug = |name: &str, more: &Value| {
            let mut container = json!({"name": name, "image": "example/debug:1"});
            json_patch::merge(&mut container, more);
            cluster.api().send(
                "PATCH",
                &path,
                Some(&json!({"spec": {"ephemeralContainers": [container]}})),
            )
        };
        let good = debug(
            "quiet",
            &json!({"env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}]}),
        );
        assert!(good.is_good(), "{}", good.body);
        let privileged = debug("root", &json!({"securityContext": {"privileged": true}}));
        assert!(privileged.is_good(), "{}", privileged.body);
        beside_nvidias_runtime(cluster, namespace);
        for env in [
            "NVIDIA_VISIBLE_DEVICES",
            "CUDA_MPS_PIPE_DIRECTORY",
            "CUDA_VERSION",
        ] {
            let answer = debug("seer", &json!({"env": [{"name": env, "value": "all"}]}));
            match namespace {
                "shut" => assert!(
                    answer
                        .message()
                        .contains("[ephemeral-gpu] container seer sets"),
                    "{}",
                    answer.body
                ),
                _ => assert!(answer.is_good(), "{}", answer.body),
            }
        }
    }
    let mut share = gpu("share");
    share["spec"]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
    let share = finished(&SHARED, "infer", &share);
    cluster.create(&pods_of("infer"), &share);
    let path = format!("{}/share/ephemeralcontainers?dryRun=All", pods_of("infer"));
    for (more, said) in [
        (
            json!({"securityContext": {"capabilities": {"add": ["SYS_MODULE"]}}}),
            Some("adds a capability"),
        ),
        (
            json!({"securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}),
            None,
        ),
        (
            json!({"volumeMounts": [{"name": "v", "mountPath": "/mps/nvidia.com/gpu/pipe"}]}),
            Some("over the pipe"),
        ),
    ] {
        let mut container = json!({"name": "debug", "image": "example/debug:1"});
        json_patch::merge(&mut container, &more);
        let patch = json!({"spec": {"ephemeralContainers": [container]}});
        let answer = cluster.api().send("PATCH", &path, Some(&patch));
        match said {
            Some(words) => assert!(answer.message().contains(words), "{}", answer.body),
            None => assert!(answer.is_good(), "{}", answer.body),
        }
    }
}

/// Under NVIDIA's runtime a debug container says that it sees no GPU, or is refused where slicegate acts.
fn beside_nvidias_runtime(cluster: &Cluster, namespace: &str) {
    let void = json!([{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}]);
    let mut pod = plain("under-nvidia");
    pod["spec"]["runtimeClassName"] = "nvidia".into();
    pod["spec"]["resourceClaims"] = json!([{"name": "n", "resourceClaimName": "nothing"}]);
    pod["spec"]["containers"][0]["env"] = void.clone();
    cluster.create(&pods_of(namespace), &pod);
    let path = format!(
        "{}/under-nvidia/ephemeralcontainers?dryRun=All",
        pods_of(namespace)
    );
    let debug = |env: &Value| {
        let shell = json!({"name": "shell", "image": "example/cuda:1", "env": env});
        let change = json!({"spec": {"ephemeralContainers": [shell]}});
        cluster.api().send("PATCH", &path, Some(&change))
    };
    assert!(debug(&void).is_good());
    let shown = debug(&json!([]));
    match namespace {
        "shut" => assert!(
            shown
                .message()
                .contains("[ephemeral-gpu] container shell runs under NVIDIA's runtime"),
            "{}",
            shown.body
        ),
        _ => assert!(shown.is_good(), "{}", shown.body),
    }
}

pub fn what_slicegate_wrote_on_a_live_pod_stays_and_all_else_may_change(stage: &mut Stage) {
    let cluster = guarded(stage);
    let right = finished(&SHARED, "infer", &gpu("taker"));
    cluster.create(&pods_of("infer"), &right);
    cluster.create(&pods_of("off"), &gpu("stray"));
    strip_receipts(cluster);
    let taker = format!("{}/taker", pods_of("infer"));
    let stray = format!("{}/stray", pods_of("off"));
    let user = user(cluster);
    let change = |api: &Api, path: &str, patch: &Value| api.send("PATCH", path, Some(patch));
    let (trial, bare) = (
        format!("{taker}?dryRun=All"),
        json!({"metadata": {"labels": null}}),
    );
    cluster.wait_for("live pods to be guarded", seconds(30), || {
        let answer = cluster.api().try_send("PATCH", &trial, Some(&bare))?;
        let refused = answer.message().contains("[protected-metadata]");
        refused.then_some(()).ok_or(answer.body.to_string())
    });
    for at in ["", "/status"] {
        for (kind, key, value) in [
            ("labels", "trust-boundary", json!("other")),
            ("labels", "trust-boundary", Value::Null),
            ("labels", "strategy", json!("exclusive")),
            ("labels", "mps-user", Value::Null),
            ("annotations", "decision", json!("{}")),
            ("annotations", "decision", Value::Null),
        ] {
            let patch = json!({"metadata": {kind: {format!("slicegate.dev/{key}"): value}}});
            let answer = change(cluster.api(), &format!("{taker}{at}"), &patch);
            assert!(
                answer.message().contains("[protected-metadata]"),
                "{at} {patch}: {}",
                answer.body
            );
        }
        for key in [
            "cdi.k8s.io/x",
            "nvidia.com/container.main.gpus.devices",
            "hami.io/vgpu-devices-to-allocate",
            "tensor-fusion.ai/gpu-ids",
            "volcano.sh/vgpu-ids-new",
            "org.systemd.property.DeviceAllow",
        ] {
            let patch = json!({"metadata": {"annotations": {key: "nvidia.com/gpu=all"}}});
            // Nobody who did not opt in is refused anything but slicegate's own words.
            for (pod, is_refused) in [(&taker, true), (&stray, false)] {
                let answer = change(cluster.api(), &format!("{pod}{at}?dryRun=All"), &patch);
                assert_eq!(
                    answer.message().contains("injects devices"),
                    is_refused,
                    "{key} {at}: {}",
                    answer.body
                );
            }
        }
        let patch = json!({"metadata": {"labels": {"slicegate.dev/trust-boundary": "off"}}});
        let answer = change(&user, &format!("{stray}{at}"), &patch);
        assert!(
            answer.message().contains("[protected-metadata]"),
            "{at}: {}",
            answer.body
        );
    }
    for (at, patch) in [
        (
            "/status",
            json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}),
        ),
        ("", json!({"metadata": {"finalizers": ["example.com/x"]}})),
        ("", json!({"metadata": {"finalizers": null}})),
        (
            "",
            json!({"metadata": {"labels": {"app": "x"}, "annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}),
        ),
        ("", json!({"spec": {"activeDeadlineSeconds": 60}})),
        (
            "/status",
            json!({"metadata": {"annotations": {"example.com/ip": "10.0.0.1"}}}),
        ),
    ] {
        for pod in [&taker, &stray] {
            let answer = change(cluster.api(), &format!("{pod}{at}"), &patch);
            assert!(answer.is_good(), "{at} {patch}: {}", answer.body);
        }
    }
    let mut newer = cluster.get(&taker);
    newer["spec"]["containers"][0]["image"] = "example/app:2".into();
    let answer = cluster.api().send("PUT", &taker, Some(&newer));
    assert!(answer.is_good(), "{}", answer.body);
    // Who may adopt pods may give one that has none its boundary, once.
    let patch = json!({"metadata": {"labels": {"slicegate.dev/trust-boundary": "off"}}});
    allow_adoption(cluster);
    cluster.wait_for("adoption to be allowed", seconds(20), || {
        let answer = change(&user, &stray, &patch);
        answer
            .is_good()
            .then_some(())
            .ok_or(answer.body.to_string())
    });
    let patch = json!({"metadata": {"labels": {"slicegate.dev/trust-boundary": "else"}}});
    let answer = change(&user, &stray, &patch);
    assert!(
        answer.message().contains("[protected-metadata]"),
        "{}",
        answer.body
    );
    cluster.delete(&taker);
    cluster.delete(&stray);
    let left = cluster.list("/api/v1/pods").len();
    assert_eq!(left, 0, "deleted pods stay");
}

/// Somebody who may edit pods and no more.
fn user(cluster: &Cluster) -> Api {
    grant(
        cluster,
        "editor",
        &json!([{"apiGroups": [""], "resources": ["pods", "pods/status"], "verbs": ["*"]}]),
    );
    let plane = cluster.plane();
    let who = plane.authority.client("casey", None);
    cluster.api().with_identity(&plane.authority, &who)
}

fn allow_adoption(cluster: &Cluster) {
    grant(
        cluster,
        "adopter",
        &json!([{"apiGroups": ["slicegate.dev"], "resources": ["pods"], "verbs": ["adopt"]}]),
    );
}

fn grant(cluster: &Cluster, name: &str, rules: &Value) {
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let role = json!({"metadata": {"name": name}, "rules": rules});
    cluster.create(&format!("{rbac}/clusterroles"), &role);
    let binding = json!({"metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "casey"}]});
    cluster.create(&format!("{rbac}/clusterrolebindings"), &binding);
}

pub fn labels_that_close_nodes_for_others_are_refused_in_every_namespace(stage: &mut Stage) {
    let cluster = guarded(stage);
    let labelled = |pod: &Value, key: &str, value: &str| {
        let mut pod = pod.clone();
        pod["metadata"]["labels"] = json!({format!("slicegate.dev/{key}"): value});
        pod
    };
    for namespace in ["kube-system", "off", "rehearsal", "unannotated"] {
        for (key, value) in [
            ("trust-boundary", namespace),
            ("strategy", "mps"),
            ("mps-user", "1000"),
        ] {
            let words = "[protected-metadata]";
            refused(
                cluster,
                namespace,
                &labelled(&plain("cpu"), key, value),
                words,
            );
        }
        refused(
            cluster,
            namespace,
            &labelled(&gpu("taker"), "trust-boundary", "shut"),
            "[protected-metadata]",
        );
        refused(
            cluster,
            namespace,
            &labelled(&gpu("taker"), "strategy", "mps"),
            "[protected-metadata]",
        );
        passes(
            cluster,
            namespace,
            &labelled(&gpu("taker"), "trust-boundary", namespace),
        );
        // Nobody can say here whether its node sells what it asks for, and so whether it takes anything.
        let mut named = labelled(&gpu("taker"), "trust-boundary", namespace);
        named["spec"]["nodeName"] = "whole-0".into();
        refused(cluster, namespace, &named, "[protected-metadata]");
    }
    refused(
        cluster,
        "shut",
        &labelled(&plain("cpu"), "trust-boundary", "shut"),
        "[protected-metadata]",
    );
}

pub fn anti_affinity_that_closes_nodes_for_others_is_refused_in_every_namespace(stage: &mut Stage) {
    let cluster = guarded(stage);
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let with = |mut pod: Value, terms: Value| {
        pod["spec"]["affinity"]["podAntiAffinity"][required] = terms;
        pod
    };
    let boundary = "slicegate.dev/trust-boundary";
    let everywhere = json!({"namespaceSelector": {}, "topologyKey": "kubernetes.io/os"});
    let term = |more: Value| {
        let mut term = everywhere.clone();
        json_patch::merge(&mut term, &more);
        term
    };
    let closing = [
        json!({"labelSelector": {"matchExpressions": [{"key": boundary, "operator": "Exists"},
            {"key": boundary, "operator": "NotIn", "values": ["off"]}]}}),
        json!({"labelSelector": {"matchLabels": {"slicegate.dev/strategy": "mps"}}}),
        json!({"labelSelector": {}, "matchLabelKeys": ["slicegate.dev/mps-user"]}),
        json!({"labelSelector": {}, "mismatchLabelKeys": [boundary]}),
        json!({"labelSelector": {"matchLabels": {"any.slicegate.dev/x": "y"}}, "namespaceSelector": null}),
    ];
    let innocent = term(json!({"labelSelector": {"matchLabels": {"app": "web"}}}));
    for namespace in [
        "kube-system",
        "gpu-operator",
        "off",
        "rehearsal",
        "unannotated",
        "shut",
    ] {
        for more in &closing {
            let terms = json!([innocent, term(more.clone())]);
            refused(
                cluster,
                namespace,
                &with(plain("cpu"), terms),
                "[reserved-selector]",
            );
        }
        passes(cluster, namespace, &with(plain("cpu"), json!([innocent])));
    }
    // What slicegate wrote passes where it belongs, and only there; nothing of the kind passes beside it.
    let right = finished(&SHARED, "infer", &gpu("taker"));
    passes(cluster, "infer", &right);
    refused(cluster, "off", &right, "[");
    let mut bent = right.clone();
    let terms = &mut bent["spec"]["affinity"]["podAntiAffinity"][required];
    let terms = terms.as_array_mut().expect("terms");
    assert_eq!(terms.len(), 2, "of the boundary and of the user");
    terms.push(term(closing[0].clone()));
    refused(cluster, "infer", &bent, "[reserved-selector]");
    // On a pod that runs nobody can add it: the API server keeps pod affinity as it is, gated pods included.
    let mut gated = plain("gated");
    gated["spec"]["schedulingGates"] = json!([{"name": "example.com/wait"}]);
    cluster.create(&pods_of("off"), &gated);
    let added = with(json!({}), json!([innocent]));
    for part in ["", "/status", "/resize", "/ephemeralcontainers"] {
        let path = format!("{}/gated{part}", pods_of("off"));
        cluster.api().send("PATCH", &path, Some(&added));
    }
    let live = cluster.get(&format!("{}/gated", pods_of("off")));
    assert!(live["spec"].get("affinity").is_none(), "{}", live["spec"]);
}

pub fn more_anti_affinity_than_the_guard_reads_hides_nothing(stage: &mut Stage) {
    let cluster = guarded(stage);
    for (count, is_forged, words) in [
        (4_800, true, "[reserved-selector]"),
        (5_001, false, "[too-large]"),
        (8_000, true, "[too-large]"),
    ] {
        for (source, mut pod) in many_pods::selecting(count, is_forged, 63) {
            many_pods::adopt(&mut pod, "many", "off");
            let answer = tried(cluster, "off", &pod);
            let said = answer.message();
            assert!(said.contains(words), "{source} {count}: {said}");
        }
    }
    for (source, mut pod) in many_pods::selecting_without_end() {
        many_pods::adopt(&mut pod, "many", "off");
        let said = tried(cluster, "off", &pod);
        let said = said.message();
        assert!(said.contains("[too-large]"), "{source}: {said}");
    }
    for (source, mut pod) in many_pods::selecting(4_800, false, 63) {
        many_pods::adopt(&mut pod, "many", "off");
        let answer = tried(cluster, "off", &pod);
        assert!(answer.is_good(), "{source}: {}", answer.message());
    }
}

pub fn a_pod_too_large_for_the_guard_is_refused_only_where_slicegate_acts(stage: &mut Stage) {
    let cluster = guarded(stage);
    strip_receipts(cluster);
    let fault = |answer: &Answer| {
        let said = ["cost", "resulted in error"];
        said.iter().any(|words| answer.message().contains(words))
    };
    let mut too_large = 0;
    for (source, mut pod) in many_pods::large() {
        if pod["spec"].get("containers").is_none() {
            continue;
        }
        // The API server gives up on these by itself, whoever looks at them.
        if ["as many variables as a request holds", "many annotations"].contains(&source) {
            continue;
        }
        many_pods::adopt(&mut pod, "large", "off");
        let answer = tried(cluster, "off", &pod);
        let by_guard = answer.message().contains("slicegate-");
        assert!(
            !by_guard && !fault(&answer),
            "{source}: {}",
            answer.message()
        );
        pod["metadata"]["namespace"] = "shut".into();
        let answer = tried(cluster, "shut", &pod);
        assert!(!fault(&answer), "{source}: {}", answer.message());
        let said = answer.message().contains("[too-large]");
        too_large += usize::from(said);
    }
    assert!(too_large >= 2, "{too_large} were too large");
    for (source, mut pod, takes_gpu) in many_pods::at_the_limits() {
        many_pods::adopt(&mut pod, "limit", "shut");
        let answer = tried(cluster, "shut", &pod);
        let said = answer.message();
        match takes_gpu {
            true => assert!(
                said.contains("slicegate did not decide"),
                "{source}: {said}"
            ),
            false => assert!(answer.is_good(), "{source}: {said}"),
        }
    }
}

pub fn the_guard_counts_to_the_entry_what_a_pod_says(stage: &mut Stage) {
    let cluster = guarded(stage);
    let list = |count: usize, entry: &dyn Fn(usize) -> Value| -> Value {
        (0..count).map(entry).collect::<Vec<_>>().into()
    };
    let exists = |n: usize| json!({"key": format!("k{n}"), "operator": "Exists"});
    let nodes = |terms: Value| {
        json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": terms}}}})
    };
    let neighbour = |_: usize| {
        json!({"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"app": "web"}}}})
    };
    let says = |what: &str, count: usize| match what {
        "tolerations" => json!({"tolerations": list(count, &exists)}),
        "node selector" => {
            let labels: serde_json::Map<String, Value> =
                (0..count).map(|n| (format!("k{n}"), "v".into())).collect();
            json!({"nodeSelector": labels})
        }
        "terms" => nodes(list(count, &|n| json!({"matchExpressions": [exists(n)]}))),
        "requirements" => nodes(json!([{"matchExpressions": list(count, &exists)}])),
        "values" => {
            let values = list(count, &|n| format!("v{n}").into());
            nodes(json!([{"matchExpressions": [{"key": "k", "operator": "In", "values": values}]}]))
        }
        "neighbours" => json!({"affinity": {"podAffinity":
            {"preferredDuringSchedulingIgnoredDuringExecution": list(count, &neighbour)}}}),
        _ => json!({"resourceClaims": list(count, &|n| {
            json!({"name": format!("c{n}"), "resourceClaimName": "claim"})
        })}),
    };
    for (what, most) in [
        // The API server adds two of its own before the guard looks.
        ("tolerations", 198),
        ("node selector", 200),
        ("terms", 200),
        ("requirements", 1_000),
        ("values", 5_000),
        ("neighbours", 200),
        ("claims", 200),
    ] {
        for (count, is_too_large) in [(most, false), (most + 1, true)] {
            let mut pod = gpu("taker");
            json_patch::merge(&mut pod, &json!({"spec": says(what, count)}));
            let answer = tried(cluster, "shut", &pod);
            let said = answer.message();
            assert!(said.contains("slicegate"), "{count} {what}: {said}");
            assert_eq!(
                said.contains("[too-large]"),
                is_too_large,
                "{count} {what}: {said}"
            );
        }
    }
}

pub fn a_policy_in_dry_run_refuses_no_missing_stamp(stage: &mut Stage) {
    let cluster = guarded(stage);
    let file = cluster.plane().folder.path().join("policy.yaml");
    let text = policy::DEFAULT_TEXT;
    let line = text.lines().find(|l| l.starts_with("  mode:"));
    let line = line.expect("a mode");
    for (mode, is_off) in [("dry-run", false), ("\"off\"", true)] {
        guard(cluster);
        let changed = text.replacen(line, &format!("  mode: {mode}"), 1);
        std::fs::write(&file, changed).expect("a policy");
        let printed = Command::new(env!("CARGO_BIN_EXE_slicegate"))
            .args(["guard", "--policy"])
            .arg(&file)
            .output()
            .expect("slicegate runs");
        let printed = String::from_utf8_lossy(&printed.stdout);
        cluster.kubectl.apply(&printed);
        let path = format!("{}?dryRun=All", pods_of("shut"));
        // In dry-run labels are still refused.
        for (canary, _) in canaries().iter().take(if is_off { 3 } else { 2 }) {
            cluster.wait_for("the guard to rest", seconds(30), || {
                let answer = cluster.api().try_send("POST", &path, Some(canary))?;
                let good = answer.is_good();
                good.then_some(()).ok_or(answer.body.to_string())
            });
        }
        for (change, _) in guard_pods::bypasses() {
            let mut pod = plain("around");
            json_patch::merge(&mut pod, &change);
            passes(cluster, "shut", &pod);
        }
        let mut pod = gpu("taker");
        pod["metadata"]["labels"] = json!({"slicegate.dev/trust-boundary": "else"});
        match is_off {
            true => passes(cluster, "off", &pod),
            false => refused(cluster, "off", &pod, "[protected-metadata]"),
        }
    }
}

pub fn with_slicegate_there_the_guard_is_not_noticed(stage: &mut Stage) {
    let standard = stage.standard();
    install(&standard.cluster, "guard.yaml");
    install(&standard.cluster, "guard-1.36.yaml");
    let path = format!("{}?dryRun=All", pods_of("unregistered"));
    let mut canary = plain("canary");
    canary["metadata"]["labels"] = json!({"slicegate.dev/strategy": "mps"});
    standard.cluster.wait_for("the guard", seconds(30), || {
        let answer = standard
            .cluster
            .api()
            .try_send("POST", &path, Some(&canary))?;
        let refused = answer.message().contains("[protected-metadata]");
        refused.then_some(()).ok_or(answer.body.to_string())
    });
    for test in [
        workloads::pods_of_a_deployment_get_shares_with_limits,
        workloads::pods_of_a_job_get_a_quarter_and_complete,
        workloads::pods_of_a_statefulset_get_slices,
        workloads::pods_of_a_daemonset_keep_their_request_and_get_the_boundary,
        workloads::pods_of_a_cronjob_take_turns_where_the_name_of_whole_gpus_means_turns,
        workloads::a_bare_pod_may_ask_for_half_a_gpu,
        workloads::whole_gpus_land_on_whole_gpus_alone,
    ] {
        test(stage);
    }
}
