//! What slicegate writes, written by somebody else: labels, receipts, terms, owners.

use std::sync::Arc;

use serde_json::{Value, json};

use slicegate::engine::vocabulary::Severity;

use super::scene::{
    SHARED, WHOLE, confirm, create, create_in, gpu_pod, plain_pod, report, with, world,
};

const BOUNDARY: &str = "slicegate.dev/trust-boundary";
const STRATEGY: &str = "slicegate.dev/strategy";
const USER: &str = "slicegate.dev/mps-user";
const RECEIPT: &str = "slicegate.dev/decision";

fn metadata(more: &Value) -> Value {
    json!({"metadata": more})
}

/// What keeps a pod's neighbours to its own boundary.
fn stamp(pod: &Value) -> [Value; 3] {
    let metadata = &pod["metadata"]["labels"];
    let terms = "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";
    let terms = pod.pointer(terms).cloned().unwrap_or_default();
    [
        metadata[BOUNDARY].clone(),
        metadata[STRATEGY].clone(),
        terms,
    ]
}

#[test]
fn labels_of_others_and_labels_without_a_gpu_are_refused() {
    let labels = |labels: Value| metadata(&json!({"labels": labels}));
    let mut faults = Vec::new();
    for (pod, more, rule) in [
        (gpu_pod(), json!({BOUNDARY: "team-c"}), "boundary-not-yours"),
        (gpu_pod(), json!({BOUNDARY: "ANY"}), "boundary-not-yours"),
        (gpu_pod(), json!({BOUNDARY: ""}), "boundary-not-yours"),
        (
            gpu_pod(),
            json!({BOUNDARY: "team-b."}),
            "boundary-not-yours",
        ),
        (gpu_pod(), json!({BOUNDARY: "Team-b"}), "boundary-not-yours"),
        (gpu_pod(), json!({BOUNDARY: "tеam-b"}), "boundary-not-yours"),
        (
            gpu_pod(),
            json!({STRATEGY: "exclusive"}),
            "protected-metadata",
        ),
        (
            gpu_pod(),
            json!({STRATEGY: "time-slicing"}),
            "protected-metadata",
        ),
        (gpu_pod(), json!({STRATEGY: "MPS"}), "protected-metadata"),
        (gpu_pod(), json!({USER: "0"}), "protected-metadata"),
        (gpu_pod(), json!({USER: "image"}), "protected-metadata"),
        (
            plain_pod(),
            json!({BOUNDARY: "team-b"}),
            "protected-metadata",
        ),
        (plain_pod(), json!({STRATEGY: "mps"}), "protected-metadata"),
        (plain_pod(), json!({USER: "1000"}), "protected-metadata"),
    ] {
        let pod = with(pod, &labels(more.clone()));
        for answer in [create(SHARED, &pod), confirm(SHARED, &pod)] {
            if !answer.is_refused_by(rule) {
                faults.push(format!("{more}: {answer:?}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn boundaries_and_tiers_that_are_not_ones_own_are_refused() {
    let mut faults = Vec::new();
    for (key, value, rule) in [
        (BOUNDARY, "team-c", "boundary-not-yours"),
        (BOUNDARY, "payments", "boundary-not-yours"),
        (BOUNDARY, "team-a", "boundary-not-yours"),
        (BOUNDARY, "ANY", "ask-invalid"),
        (BOUNDARY, "a.b", "ask-invalid"),
        (BOUNDARY, "-", "ask-invalid"),
        (BOUNDARY, " team-b", "ask-invalid"),
        (BOUNDARY, "geheim\u{fc}", "ask-invalid"),
        (BOUNDARY, "team-b\n", "ask-invalid"),
        (BOUNDARY, "team-b\u{0}", "ask-invalid"),
        ("slicegate.dev/tier", "batch", "tier-not-allowed"),
        ("slicegate.dev/tier", "development", "tier-not-allowed"),
        ("slicegate.dev/tier", "Trusted-Inference", "tier-unknown"),
        ("slicegate.dev/tier", "trusted-inference ", "tier-unknown"),
        ("slicegate.dev/tier", "bаtch", "tier-unknown"),
        (STRATEGY, "time-slicing", "isolation-below-tier"),
        (STRATEGY, "MPS", "ask-invalid"),
        (STRATEGY, "none", "ask-invalid"),
    ] {
        let pod = with(gpu_pod(), &metadata(&json!({"annotations": {key: value}})));
        let answer = create(SHARED, &pod);
        if !answer.is_refused_by(rule) {
            faults.push(format!("{key}: {value:?}: {answer:?}"));
        }
    }
    report(&faults);
}

#[test]
fn huge_and_odd_annotations_are_refused_or_mean_nothing() {
    let huge = "x".repeat(250 * 1024);
    for key in [
        BOUNDARY,
        "slicegate.dev/tier",
        STRATEGY,
        "slicegate.dev/gpu-memory",
        "slicegate.dev/gpu-fraction",
    ] {
        let pod = with(gpu_pod(), &metadata(&json!({"annotations": {key: &huge}})));
        assert!(!create(SHARED, &pod).allowed, "{key}");
    }
    let receipt = with(
        gpu_pod(),
        &metadata(&json!({"annotations": {RECEIPT: &huge}})),
    );
    let plain = create(SHARED, &gpu_pod()).pod.expect("admitted");
    let written = create(SHARED, &receipt).pod.expect("admitted");
    assert_eq!(plain, written, "a receipt is written anew");
    for key in [
        "slicegate.dev/",
        "slicegate.dev/tier ",
        "slicegate.dev/tiеr",
        "SLICEGATE.DEV/tier",
        "x.slicegate.dev/tier",
    ] {
        let pod = with(
            gpu_pod(),
            &metadata(&json!({"annotations": {key: "development"}})),
        );
        let pod = create(SHARED, &pod).pod.expect("a word nobody knows");
        assert_eq!(stamp(&plain), stamp(&pod), "{key:?}");
    }
}

/// Receipts that say something else than what was decided.
fn receipts() -> Vec<String> {
    let other = create(WHOLE, &gpu_pod()).pod.expect("admitted");
    let copied = other["metadata"]["annotations"][RECEIPT].as_str();
    [
        copied.unwrap_or_default(),
        "",
        "{}",
        "null",
        "no json",
        r#"{"tier":"development","boundary":"ANY","strategy":"time-slicing","from":{},"to":{}}"#,
        r#"{"from":{"main":{"nvidia.com/gpu":"0"}}}"#,
        r#"{"from":1,"from":2}"#,
        r#"{"from":"\ud800"}"#,
    ]
    .map(str::to_owned)
    .into()
}

#[test]
fn a_receipt_from_elsewhere_changes_nothing() {
    let own = create(SHARED, &gpu_pod()).pod.expect("admitted");
    let mut faults = Vec::new();
    let deep = format!(
        "{{\"from\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for receipt in receipts().into_iter().chain([deep]) {
        let said: String = receipt.chars().take(60).collect();
        for stamped in [false, true] {
            let mut more = json!({"annotations": {RECEIPT: &receipt}});
            if stamped {
                more["labels"] = json!({BOUNDARY: "team-b", STRATEGY: "mps", USER: "1000"});
            }
            let pod = with(gpu_pod(), &metadata(&more));
            match create(SHARED, &pod).pod {
                Some(pod) if stamp(&pod) == stamp(&own) => {}
                other => faults.push(format!("{said} ({stamped}): {other:?}")),
            }
            if confirm(SHARED, &pod).allowed {
                faults.push(format!("{said} ({stamped}) is confirmed as it stands"));
            }
        }
    }
    report(&faults);
}

#[test]
fn a_finished_pod_of_another_namespace_is_judged_as_this_ones() {
    let other = create("team-c", &gpu_pod()).pod.expect("admitted");
    assert!(create(SHARED, &other).is_refused_by("boundary-not-yours"));
    assert!(confirm(SHARED, &other).is_refused_by("boundary-not-yours"));
    let own = create(SHARED, &gpu_pod()).pod.expect("admitted");
    let fields = [
        "/metadata/labels",
        "/metadata/annotations",
        "/spec/affinity",
        "/spec/affinity/podAntiAffinity",
        "/spec/affinity/nodeAffinity",
    ];
    for field in fields {
        let mut stripped = own.clone();
        *stripped.pointer_mut(field).expect("it is written") = Value::Null;
        assert!(!confirm(SHARED, &stripped).allowed, "without {field}");
    }
    // Without its limit a client has its share: that is the daemon's own. What it asked for itself it has to have.
    let mut asking = gpu_pod();
    asking["metadata"]["annotations"]["slicegate.dev/gpu-memory"] = json!("4Gi");
    let mut asking = create(SHARED, &asking).pod.expect("admitted");
    asking["spec"]["containers"][0]["env"] = Value::Null;
    assert!(
        !confirm(SHARED, &asking).allowed,
        "without the limit it asked for"
    );
    let terms = "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0";
    for (path, value) in [
        ("/topologyKey", json!("topology.kubernetes.io/zone")),
        ("/namespaceSelector", json!({"matchLabels": {"a": "b"}})),
        ("/namespaceSelector", Value::Null),
        ("/namespaces", json!(["team-b"])),
        ("/matchLabelKeys", json!(["slicegate.dev/trust-boundary"])),
        ("/mismatchLabelKeys", json!(["pod-template-hash"])),
    ] {
        let mut bent = own.clone();
        let list = bent
            .pointer_mut(terms.trim_end_matches("/0"))
            .and_then(Value::as_array_mut);
        for term in list.expect("terms") {
            term[&path[1..]] = value.clone();
        }
        assert!(!confirm(SHARED, &bent).allowed, "{path}: {value}");
    }
}

#[test]
fn owners_names_and_other_words_of_ones_own_exempt_from_nothing() {
    let own = create(SHARED, &gpu_pod()).pod.expect("admitted");
    let daemon = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "1", "controller": true}]);
    let mut faults = Vec::new();
    for more in [
        metadata(&json!({"ownerReferences": daemon})),
        metadata(&json!({"generateName": "nvidia-device-plugin-"})),
        metadata(&json!({"name": "", "generateName": "a/../b"})),
        metadata(&json!({"namespace": "gpu-operator"})),
        metadata(&json!({"namespace": "kube-system"})),
        metadata(&json!({"annotations": {"kubernetes.io/config.mirror": "x"}})),
        metadata(&json!({"annotations": {"slicegate.dev/mode": "off"}})),
        metadata(&json!({"annotations": {"slicegate.dev/mode": "false"}})),
        metadata(&json!({"labels": {"app.kubernetes.io/managed-by": "gpu-operator"}})),
        json!({"spec": {"priorityClassName": "system-node-critical"}}),
        json!({"spec": {"serviceAccountName": "nvidia-device-plugin"}}),
        json!({"spec": {"resourceClaims": [{"name": "nic", "resourceClaimName": "nic"}]}}),
        json!({"spec": {"hostNetwork": true}}),
        json!({"status": {"phase": "Running"}}),
    ] {
        match create(SHARED, &with(gpu_pod(), &more)).pod {
            Some(pod) if stamp(&pod) == stamp(&own) => {}
            other => faults.push(format!("{more}: {other:?}")),
        }
    }
    report(&faults);
}

#[test]
fn a_daemonset_that_is_forged_with_its_pin_gets_the_boundarys_terms() {
    let pin = json!({"nodeSelectorTerms": [{"matchFields": [
        {"key": "metadata.name", "operator": "In", "values": ["mps-l40s"]},
    ]}]});
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "1", "controller": true}]);
    let more = json!({
        "metadata": {"ownerReferences": owner},
        "spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": pin}}},
    });
    let answer = create(SHARED, &with(gpu_pod(), &more));
    let pod = answer.pod.expect("a DaemonSet's pod keeps its request");
    let [boundary, _, terms] = stamp(&pod);
    assert_eq!(boundary, "team-b");
    assert!(terms.as_array().is_some_and(|t| !t.is_empty()), "{pod}");
    // And its containers without a GPU are told to see none, as in any pod that is rewritten.
    let mut beside = with(gpu_pod(), &more);
    let containers = beside["spec"]["containers"].as_array_mut().expect("a list");
    containers.push(json!({"name": "side", "image": "i"}));
    let pod = create(SHARED, &beside).pod.expect("its request is kept");
    let env = &pod["spec"]["containers"][1]["env"];
    assert_eq!(
        *env,
        json!([{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}])
    );
}

#[test]
fn a_daemonsets_pod_on_a_node_of_mps_is_judged_as_an_mps_client() {
    let pin = json!({"nodeSelectorTerms": [{"matchFields": [
        {"key": "metadata.name", "operator": "In", "values": ["mps-l40s"]},
    ]}]});
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "1", "controller": true}]);
    let pinned = with(
        gpu_pod(),
        &json!({
            "metadata": {"ownerReferences": owner},
            "spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": pin}}},
        }),
    );
    let container = |more: Value| {
        let mut pod = pinned.clone();
        let own = pod["spec"]["containers"][0].as_object_mut().expect("one");
        own.extend(more.as_object().expect("members").clone());
        pod
    };
    let ordinal = container(json!({"env": [{"name": "CUDA_VISIBLE_DEVICES", "value": "1"}]}));
    let memory = container(json!({"volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]}));
    let users = with(pinned.clone(), &json!({"spec": {"hostUsers": false}}));
    let several = container(json!({"resources": {"limits": {"nvidia.com/gpu": "2"}}}));
    let mut faults = Vec::new();
    for (namespace, pod, rule) in [
        (SHARED, &ordinal, "limit-env"),
        (SHARED, &memory, "shm-conflict"),
        (SHARED, &users, "no-such-offer"),
        (SHARED, &several, "whole-gpu-needed"),
        // Its tier's pods sit beside anybody's, and so never on MPS.
        ("notebooks", &pinned, "no-such-offer"),
    ] {
        let answer = create(namespace, pod);
        if !answer.is_refused_by(rule) {
            faults.push(format!("{namespace} {rule}: {answer:?}"));
        }
    }
    // A policy that only warns of what nothing can serve makes no exception of these two.
    let mut weak = world();
    let mut policy = (*weak.policy).clone();
    policy.rules.insert("no-such-offer", Severity::Warn);
    weak.policy = Arc::new(policy);
    for (namespace, pod) in [(SHARED, &users), ("notebooks", &pinned)] {
        if create_in(&weak, namespace, pod).allowed {
            faults.push(format!("{namespace} under a weaker policy"));
        }
    }
    report(&faults);
}

#[test]
fn a_mount_on_the_shared_memory_of_mps_is_found_however_it_is_spelt() {
    for path in [
        "/dev/shm",
        "/dev/shm/",
        "//dev//shm",
        "/dev/./shm",
        "/dev/../dev/shm",
        "/x/../dev/shm",
    ] {
        let mut pod = with(
            gpu_pod(),
            &metadata(&json!({"annotations": {STRATEGY: "mps"}})),
        );
        pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "shm", "mountPath": path}]);
        assert!(create(SHARED, &pod).is_refused_by("shm-conflict"), "{path}");
    }
}
