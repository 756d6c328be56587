//! Required anti-affinity by slicegate's labels, which would close nodes for others: in every namespace, in both webhooks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::scene::{
    SHARED, WHOLE, confirm, create, create_in, gpu_pod, plain_pod, report, review, try_send, with,
    world,
};
use slicegate::admission::Webhook;
use slicegate::engine::vocabulary::Outsiders;

const RULE: &str = "reserved-selector";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const KEY: &str = "slicegate.dev/trust-boundary";

/// A namespace that is off, one in dry-run, and one that is never matched.
const OFF: &str = "plain";
const DRY: &str = "preview";
const NEVER: &str = "kube-system";

fn with_terms(pod: Value, terms: &Value) -> Value {
    with(
        pod,
        &json!({"spec": {"affinity": {"podAntiAffinity": {REQUIRED: terms}}}}),
    )
}

/// What closes nodes, each term with a key of slicegate's in another place.
fn closing() -> Vec<Value> {
    let by = |selector: Value| json!({"labelSelector": selector, "topologyKey": "kubernetes.io/os", "namespaceSelector": {}});
    let expression = |key: &str, operator: &str, values: Value| {
        by(json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}))
    };
    let beside = |list: &str, selector: Value| {
        let mut term = by(selector);
        term[list] = json!(["app", KEY]);
        term
    };
    let mut terms = vec![
        by(json!({"matchLabels": {KEY: "team-c"}})),
        by(json!({"matchLabels": {"app": "web", KEY: "team-c"}})),
        expression(KEY, "Exists", Value::Null),
        expression(KEY, "In", json!(["team-b", "team-c"])),
        expression(KEY, "NotIn", json!(["team-b"])),
        expression(KEY, "DoesNotExist", json!([])),
        expression(KEY, "Nonsense", json!([1, true])),
        beside("matchLabelKeys", json!({})),
        beside("matchLabelKeys", Value::Null),
        beside(
            "mismatchLabelKeys",
            json!({"matchLabels": null, "matchExpressions": null}),
        ),
        json!({"labelSelector": {"matchLabels": {KEY: "team-c"}}}),
        json!({"labelSelector": {"matchLabels": {KEY: "team-c"}}, "namespaces": null, "more": {"a": [1]}}),
        // No API server takes these; whoever reads them must not take them for harmless.
        json!({"labelSelector": {"matchExpressions": {KEY: 1}}}),
        json!({"matchLabelKeys": KEY}),
        json!([KEY]),
    ];
    for key in [
        "slicegate.dev/mps-user",
        "slicegate.dev/strategy",
        "slicegate.dev/slot",
        "slicegate.dev/nobody-knows",
        "gpu-memory.slicegate.dev/main",
        "a.b.slicegate.dev/c",
    ] {
        terms.push(expression(key, "Exists", Value::Null));
    }
    terms
}

/// What closes nodes for nobody but those whom its author may shut out anyway.
fn harmless() -> Vec<Value> {
    let by = |key: &str| json!({"labelSelector": {"matchLabels": {key: "x"}}, "topologyKey": KEY});
    vec![
        by("app"),
        by("slicegate.example/tier"),
        by("notslicegate.dev/trust-boundary"),
        by("slicegate.dev"),
        json!({"labelSelector": {}, "topologyKey": "kubernetes.io/hostname"}),
        json!({"labelSelector": null, "matchLabelKeys": null, "topologyKey": "kubernetes.io/hostname"}),
        json!({"labelSelector": {"matchLabels": {"app": KEY}}, "topologyKey": "kubernetes.io/hostname"}),
        json!({"namespaceSelector": {"matchLabels": {"team": "a"}}, "topologyKey": "kubernetes.io/hostname"}),
        json!({}),
    ]
}

#[test]
fn what_closes_nodes_is_refused_in_every_namespace_with_and_without_a_gpu() {
    let mut faults = Vec::new();
    for term in closing() {
        for pod in [plain_pod(), gpu_pod()] {
            let pod = with_terms(pod, &json!([term]));
            for namespace in [SHARED, WHOLE, OFF, DRY, "nobody-described-it"] {
                for (webhook, answer) in [
                    ("mutate", create(namespace, &pod)),
                    ("validate", confirm(namespace, &pod)),
                ] {
                    if !answer.is_refused_by(RULE) {
                        faults.push(format!("{webhook} {namespace} {term}: {answer:?}"));
                    }
                }
            }
        }
    }
    report(&faults);
}

#[test]
fn other_terms_are_left_alone() {
    let mut faults = Vec::new();
    for term in harmless() {
        let pod = with_terms(plain_pod(), &json!([term]));
        for namespace in [SHARED, WHOLE, OFF, DRY, NEVER] {
            let answer = create(namespace, &pod);
            if answer.pod.as_ref() != Some(&pod) || !answer.warnings.is_empty() {
                faults.push(format!("{namespace} {term}: {answer:?}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn a_finished_pod_may_come_again_where_it_was_made_and_nowhere_else() {
    let finished = create(SHARED, &gpu_pod()).pod.expect("it is admitted");
    for webhook in [create, confirm] {
        assert!(webhook(SHARED, &finished).allowed);
        for elsewhere in [WHOLE, OFF, DRY] {
            let answer = webhook(elsewhere, &finished);
            assert!(answer.is_refused_by(RULE) || answer.is_refused_by("boundary-not-yours"));
            assert!(!answer.allowed, "{elsewhere}");
        }
    }
}

#[test]
fn a_term_is_found_wherever_it_stands_and_said_once() {
    let honest = json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"});
    let mut terms = vec![honest; 1_000];
    terms[999] = closing()[0].clone();
    assert!(create(OFF, &with_terms(plain_pod(), &json!(terms))).is_refused_by(RULE));
    let forged = vec![closing()[0].clone(); 1_000];
    let body = review(OFF, &with_terms(plain_pod(), &json!(forged)), None, "");
    let answer = try_send(Webhook::Mutate, &body, None).expect("an answer");
    assert!(answer.is_refused_by(RULE));
    let said = answer.message.len();
    assert!(said < 2_000, "{said} bytes are said");
}

#[test]
fn a_term_that_hides_behind_more_than_is_read_is_refused_and_a_large_pod_without_terms_is_not() {
    let honest = json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"});
    let mut terms = vec![honest; 30_000];
    terms[29_999] = closing()[0].clone();
    let behind_terms = with_terms(plain_pod(), &json!(terms));
    let mut large = plain_pod();
    large["spec"]["containers"][0]["env"] = vec![json!({"name": "A", "value": "x"}); 30_000].into();
    let behind_variables = with_terms(large.clone(), &json!(closing()));
    let mut labels: serde_json::Map<String, Value> =
        (0..6_000).map(|i| (format!("k{i}"), json!(""))).collect();
    labels.insert(KEY.to_owned(), json!("x"));
    let wide = json!({"labelSelector": {"matchLabels": labels}, "topologyKey": "a"});
    let behind_keys = with_terms(plain_pod(), &json!([wide]));
    for pod in [behind_terms, behind_variables, behind_keys] {
        let escaped = KEY.replace("slice", r"\u0073lice");
        let body = review(OFF, &pod, None, "").replace(KEY, &escaped);
        let answer = try_send(Webhook::Mutate, &body, None).expect("an answer");
        assert!(answer.is_refused_by("too-large"), "{answer:?}");
    }
    let answer = try_send(Webhook::Mutate, &review(OFF, &large, None, ""), None);
    assert!(answer.expect("an answer").allowed);
}

#[test]
fn a_key_that_is_written_with_escapes_is_the_same_key() {
    let pod = with_terms(
        plain_pod(),
        &json!([{"labelSelector": {"matchLabels": {KEY: "x"}}}]),
    );
    for escaped in [
        r"\u0073licegate.dev/trust-boundary",
        r"slicegate.dev\/trust-boundary",
    ] {
        let body = review(OFF, &pod, None, "").replace(KEY, escaped);
        let answer = try_send(Webhook::Mutate, &body, None).expect("an answer");
        assert!(answer.is_refused_by(RULE), "{escaped}: {answer:?}");
    }
}

/// Such a pod costs nothing: a kubelet lets it run without what its node does not sell.
#[test]
fn a_pod_that_names_its_node_and_takes_nothing_there_bears_no_label_where_slicegate_is_off() {
    let pod = |resource: &str, node: Option<&str>| {
        let mut pod = json!({
            "metadata": {"name": "p", "labels": {"slicegate.dev/trust-boundary": OFF}},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": {"limits": {resource: "1"}}}]},
        });
        if let Some(node) = node {
            pod["spec"]["nodeName"] = node.into();
        }
        pod
    };
    let mut faults = Vec::new();
    for (resource, node, is_refused) in [
        ("nvidia.com/gpu", None, false),
        ("nvidia.com/mig-9g.999gb", Some("mps-l40s"), true),
        ("nvidia.com/gpu.shared", Some("mps-l40s"), true),
        ("nvidia.com/gpu", Some("mps-l40s"), true),
        ("nvidia.com/gpu", Some("nowhere"), true),
    ] {
        let pod = pod(resource, node);
        for answer in [create(OFF, &pod), confirm(OFF, &pod)] {
            if answer.is_refused_by("protected-metadata") != is_refused {
                faults.push(format!("{resource} on {node:?}: {answer:?}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn where_the_policy_labels_outsiders_a_pod_that_names_its_node_is_labelled_if_it_may_take_something_there()
 {
    let mut world = world();
    let mut policy = (*world.policy).clone();
    policy.outsiders = Outsiders::Label;
    world.policy = Arc::new(policy);
    let mut faults = Vec::new();
    for (resource, node, is_labelled) in [
        ("nvidia.com/gpu", "mps-l40s", true),
        ("nvidia.com/gpu", "of-tomorrow", true),
        ("nvidia.com/gpu.shared", "mps-l40s", false),
        ("nvidia.com/mig-9g.999gb", "mps-l40s", false),
    ] {
        let pod = json!({"metadata": {"name": "p"}, "spec": {"nodeName": node,
            "containers": [{"name": "c", "image": "i", "resources": {"limits": {resource: "1"}}}]}});
        let made = create_in(&world, OFF, &pod).pod.expect("it is let in");
        if made["metadata"]["labels"].get(KEY).is_some() != is_labelled {
            faults.push(format!("{resource} on {node}: {made}"));
        }
    }
    report(&faults);
}
