//! The world of the golden cases, asked as the API server asks.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use slicegate::admission::{NoDecision, Webhook, respond_observed, respond_without_decision};
use slicegate::config::{documents, fleet, policy};
use slicegate::engine::{ClusterState, Namespaces};

/// Tier trusted-inference: MPS, then MIG.
pub const SHARED: &str = "team-b";
/// No tier: whole GPUs.
pub const WHOLE: &str = "team-a";

static WORLD: LazyLock<ClusterState> = LazyLock::new(|| {
    let file = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/_world");
        folder.join(name).display().to_string()
    };
    let text = std::fs::read_to_string(file("policy.yaml")).expect("the policy can be read");
    let policy = policy::read("policy", &text).expect("a policy");
    let (supply, classes) = fleet::from_file(&file("nodes.yaml"), &policy).expect("nodes");
    let path = file("namespaces.yaml");
    let views = fleet::namespace_views(&path, &documents::read(std::slice::from_ref(&path)));
    let namespaces = Namespaces::known(views.expect("namespaces"));
    ClusterState::new(policy, supply, namespaces).with_runtime_classes(classes)
});

/// The world of the golden cases, to be changed.
pub fn world() -> ClusterState {
    WORLD.clone()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Whether the request may go on.
    pub allowed: bool,
    /// The rules that refused it.
    pub rules: BTreeSet<String>,
    /// What the refusal says.
    pub message: String,
    /// What is warned of.
    pub warnings: Vec<String>,
    /// The pod as it is stored, if it is.
    pub pod: Option<Value>,
}

impl Answer {
    /// Whether exactly this rule, or also this one, refused it.
    pub fn is_refused_by(&self, rule: &str) -> bool {
        !self.allowed && self.rules.contains(rule)
    }

    /// Whether a warning names a rule.
    pub fn warns_of(&self, rule: &str) -> bool {
        let head = format!("slicegate {rule}:");
        self.warnings.iter().any(|w| w.starts_with(&head))
    }
}

/// A creation in a world of its own.
pub fn create_in(world: &ClusterState, namespace: &str, pod: &Value) -> Answer {
    let body = review(namespace, pod, None, "");
    try_send_in(world, Webhook::Mutate, &body, Some(pod)).expect("there is a uid to answer to")
}

/// What the second webhook says of a creation in a world of its own.
pub fn confirm_in(world: &ClusterState, namespace: &str, pod: &Value) -> Answer {
    let body = review(namespace, pod, None, "");
    try_send_in(world, Webhook::Validate, &body, Some(pod)).expect("there is a uid to answer to")
}

/// A creation.
pub fn create(namespace: &str, pod: &Value) -> Answer {
    send(
        Webhook::Mutate,
        &review(namespace, pod, None, ""),
        Some(pod),
    )
}

/// What the second webhook says of a creation.
pub fn confirm(namespace: &str, pod: &Value) -> Answer {
    send(
        Webhook::Validate,
        &review(namespace, pod, None, ""),
        Some(pod),
    )
}

/// What the first webhook makes of an ephemeral container that is added.
pub fn debug(namespace: &str, before: &Value, after: &Value) -> Answer {
    let body = review(namespace, after, Some(before), "ephemeralcontainers");
    send(Webhook::Mutate, &body, Some(after))
}

/// An update of a pod, or of a part of it.
pub fn update(namespace: &str, part: &str, before: &Value, after: &Value) -> Answer {
    let body = review(namespace, after, Some(before), part);
    send(Webhook::Validate, &body, None)
}

/// An AdmissionReview.
pub fn review(namespace: &str, pod: &Value, before: Option<&Value>, part: &str) -> String {
    let mut request = json!({
        "uid": "u",
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": namespace,
        "operation": if before.is_some() { "UPDATE" } else { "CREATE" },
        "userInfo": {"username": "somebody"},
        "object": pod,
        "oldObject": before,
    });
    if !part.is_empty() {
        request["subResource"] = part.into();
    }
    let kind = "AdmissionReview";
    json!({"apiVersion": "admission.k8s.io/v1", "kind": kind, "request": request}).to_string()
}

/// A body with a uid to answer to, answered as the server answers it.
pub fn send(webhook: Webhook, body: &str, pod: Option<&Value>) -> Answer {
    try_send(webhook, body, pod).expect("there is a uid to answer to")
}

/// Any bytes; none where the server answers 400 because they are no review at all.
pub fn try_send(webhook: Webhook, body: &str, pod: Option<&Value>) -> Option<Answer> {
    try_send_in(&WORLD, webhook, body, pod)
}

fn try_send_in(
    world: &ClusterState,
    webhook: Webhook,
    body: &str,
    pod: Option<&Value>,
) -> Option<Answer> {
    let answer = match respond_observed(world, webhook, body.as_bytes(), &mut |_| {}) {
        Ok(answer) => answer,
        Err(why) => {
            respond_without_decision(world, body.as_bytes(), &NoDecision::Unreadable(&why))?
        }
    };
    let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
    let response = &answer["response"];
    let message = response["status"]["message"].as_str().unwrap_or_default();
    let rules = message
        .lines()
        .filter_map(|l| l.strip_prefix('[')?.split(']').next());
    let warnings = response["warnings"].as_array().into_iter().flatten();
    let allowed = response["allowed"] == true;
    Some(Answer {
        allowed,
        message: message.to_owned(),
        rules: rules.map(str::to_owned).collect(),
        warnings: warnings
            .map(|w| w.as_str().unwrap_or_default().to_owned())
            .collect(),
        pod: pod.filter(|_| allowed).map(|pod| patched(pod, response)),
    })
}

fn patched(pod: &Value, response: &Value) -> Value {
    let mut pod = pod.clone();
    if let Some(patch) = response["patch"].as_str() {
        let patch = STANDARD.decode(patch).expect("the patch is base64");
        let patch: json_patch::Patch = serde_json::from_slice(&patch).expect("the patch is one");
        json_patch::patch(&mut pod, &patch).expect("the patch applies");
    }
    pod
}

/// A pod with one GPU in its only container.
pub fn gpu_pod() -> Value {
    let mut pod = plain_pod();
    pod["spec"]["containers"][0]["resources"] = json!({"limits": {"nvidia.com/gpu": "1"}});
    pod
}

/// A pod that asks for nothing.
pub fn plain_pod() -> Value {
    json!({
        "metadata": {"name": "app", "labels": {}, "annotations": {}},
        "spec": {
            "securityContext": {"runAsUser": 1000},
            "containers": [{"name": "main", "image": "registry.example/app:1"}],
        },
    })
}

/// A pod with what is merged into it.
pub fn with(mut pod: Value, more: &Value) -> Value {
    merge(&mut pod, more);
    pod
}

fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more.clone(),
    }
}

/// Fails with every row that came out otherwise.
pub fn report(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} rows:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
