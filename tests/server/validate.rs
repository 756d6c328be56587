//! `/validate`: what other webhooks leave of a pod, and ephemeral containers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::Connection;
use super::process::Server;
use super::world::{attack, pod, review};

fn rewritten(connection: &mut Connection, namespace: &str, mut pod: Value) -> Value {
    let answer = connection.review(&review("uid", namespace, &pod));
    if let Some(patch) = answer["response"]["patch"].as_str() {
        let patch = STANDARD.decode(patch).expect("base64");
        let patch: json_patch::Patch = serde_json::from_slice(&patch).expect("a patch");
        json_patch::patch(&mut pod, &patch).expect("it applies");
    }
    pod
}

#[track_caller]
fn validate(connection: &mut Connection, review: &Value) -> Value {
    let body = review.to_string();
    let line = "POST /validate?timeout=5s";
    let response = connection.request(line, "application/json", body.as_bytes());
    assert_eq!(response.status, 200, "{response:?}");
    let response = response.json()["response"].clone();
    assert!(response.get("patch").is_none(), "{response}");
    response
}

#[test]
fn a_pod_as_slicegate_made_it_passes_without_another_word() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    for namespace in ["inference", "shop", "records", "trial", "legacy"] {
        let pod = rewritten(&mut connection, namespace, pod());
        let response = validate(&mut connection, &review("uid-1", namespace, &pod));
        assert_eq!(
            response,
            json!({"uid": "uid-1", "allowed": true}),
            "{namespace}"
        );
    }
}

#[test]
fn a_pod_that_lost_what_keeps_it_safe_is_refused_with_what_is_missing() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let whole = rewritten(&mut connection, "inference", pod());
    let without = |pointer: &str| {
        let mut pod = whole.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let key = key.replace("~1", "/");
        let parent = pod.pointer_mut(parent).and_then(Value::as_object_mut);
        let taken = parent.expect("a parent").shift_remove(&key);
        assert!(taken.is_some(), "{pointer}");
        pod
    };
    let mut widened = whole.clone();
    let terms = widened
        .pointer_mut("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms")
        .and_then(Value::as_array_mut)
        .expect("terms");
    terms.push(json!({"matchExpressions": [
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]}));
    for (pod, missing) in [
        (
            pod(),
            "the request for nvidia.com/gpu.shared in container main",
        ),
        (
            without("/metadata/labels/slicegate.dev~1trust-boundary"),
            "the label slicegate.dev/trust-boundary=inference",
        ),
        (
            without("/metadata/annotations/slicegate.dev~1decision"),
            "the annotation slicegate.dev/decision",
        ),
        (
            without("/spec/affinity/nodeAffinity"),
            "the required node affinity",
        ),
        (
            without("/spec/affinity/podAntiAffinity"),
            "the anti-affinity to pods",
        ),
        (widened, "the required node affinity"),
    ] {
        let response = validate(&mut connection, &review("uid", "inference", &pod));
        assert_eq!(response["allowed"], false, "{missing}: {pod}");
        let status = &response["status"];
        assert_eq!(
            (&status["code"], &status["reason"]),
            (&json!(403), &json!("Forbidden"))
        );
        let message = status["message"].as_str().expect("a message");
        assert!(
            message.contains(missing),
            "{missing} is missing in\n{message}"
        );
        assert!(message.lines().next().expect("a line").chars().count() <= 200);
        // Elsewhere nobody is held to a decision, but slicegate's labels are nobody's to write.
        let is_labelled = pod.to_string().contains("slicegate.dev/strategy");
        for namespace in ["trial", "legacy"] {
            let response = validate(&mut connection, &review("uid", namespace, &pod));
            assert_eq!(response["allowed"], !is_labelled, "{namespace}: {response}");
        }
    }
    let softer = without("/spec/tolerations");
    let response = validate(&mut connection, &review("uid", "inference", &softer));
    assert_eq!(response["allowed"], true, "a preference is nobody's safety");
}

#[test]
fn a_pod_that_never_came_by_is_refused_where_slicegate_enforces() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    for (namespace, allowed) in [("inference", false), ("trial", true), ("legacy", true)] {
        for object in [pod(), attack()] {
            let response = validate(&mut connection, &review("uid", namespace, &object));
            assert_eq!(response["allowed"], allowed, "{namespace}: {response}");
        }
    }
}

#[test]
fn an_ephemeral_container_may_not_reach_for_the_gpus() {
    let server = Server::start();
    let mut connection = Connection::to(&server);
    let before = rewritten(&mut connection, "inference", pod());
    let mut debug = |namespace: &str, there: &[Value], container: Value| {
        let mut old = before.clone();
        old["spec"]["ephemeralContainers"] = json!(there);
        let mut new = old.clone();
        let all = new["spec"]["ephemeralContainers"].as_array_mut();
        all.expect("a list").push(container);
        let mut review = review("uid", namespace, &new);
        review["request"]["operation"] = "UPDATE".into();
        review["request"]["subResource"] = "ephemeralcontainers".into();
        review["request"]["oldObject"] = old;
        validate(&mut connection, &review)
    };
    let env = |name: &str, value: &str| json!({"name": "debug", "image": "x", "env": [{"name": name, "value": value}]});
    let privileged =
        json!({"name": "debug", "image": "x", "securityContext": {"privileged": true}});
    let plain = json!({"name": "other", "image": "x"});
    for reaching in [
        env("NVIDIA_VISIBLE_DEVICES", "all"),
        env("CUDA_MPS_PIPE_DIRECTORY", "/x"),
        privileged.clone(),
        json!({"name": "debug", "envFrom": [{"prefix": "NVIDIA_VISIBLE_", "secretRef": {"name": "x"}}]}),
        json!({"name": "debug", "volumeMounts": [
            {"name": "x", "mountPath": "/var/run/nvidia-container-devices/all"}]}),
    ] {
        let response = debug("inference", &[], reaching.clone());
        assert_eq!(response["allowed"], false, "{reaching}");
        let message = response["status"]["message"].as_str().expect("a message");
        assert!(message.contains("[ephemeral-gpu]"), "{message}");
        assert!(message.contains("/spec/ephemeralContainers/0"), "{message}");
        assert_eq!(debug("legacy", &[], reaching.clone())["allowed"], true);
        let tried = debug("trial", &[], reaching.clone());
        assert_eq!(tried["allowed"], true);
        assert_eq!(
            tried["warnings"][0],
            "slicegate dry-run: this pod would be refused"
        );
        // What was there before is not refused again for the next one.
        assert_eq!(
            debug("inference", &[reaching], plain.clone())["allowed"],
            true
        );
    }
    for harmless in [env("NVIDIA_VISIBLE_DEVICES", "void"), env("A", "b"), plain] {
        assert_eq!(debug("inference", &[], harmless)["allowed"], true);
    }
}
