//! A finished pod whose node selector terms were widened: every value that they list is judged, wherever it stands.

use serde_json::{Value, json};

use slicegate::config::policy;
use slicegate::engine::supply::{FleetBuilder, NodeView};
use slicegate::engine::{ClusterState, NamespaceView, Namespaces};
use slicegate::facts;

use super::scene::{SHARED, WHOLE, create, create_in, gpu_pod, report};

const TERMS: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
const STRATEGY: &str = "nvidia.com/gpu.sharing-strategy";
const REPLICAS: &str = "nvidia.com/gpu.replicas";

/// What a node may have under a label for each term of a pod to match it.
fn left(pod: &Value, key: &str) -> Vec<Vec<String>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let terms = pod.pointer(TERMS).map(list).unwrap_or_default();
    let of_term = |term: &Value| {
        let requirements = list(&term["matchExpressions"]).into_iter();
        let mut lists = requirements
            .filter(|r| r["key"] == key && r["operator"] == "In")
            .map(|r| list(&r["values"]));
        let first = lists.next().unwrap_or_default();
        let both = lists.fold(first, |first, more| {
            first.into_iter().filter(|v| more.contains(v)).collect()
        });
        let texts = both.iter().map(|v| v.as_str().unwrap_or_default());
        texts.map(str::to_owned).collect()
    };
    terms.iter().map(of_term).collect()
}

/// One more value in every requirement of a key, in front of the others or behind them.
fn widened(mut pod: Value, key: &str, value: &str, is_first: bool) -> Value {
    let terms = pod.pointer_mut(TERMS).and_then(Value::as_array_mut);
    for term in terms.into_iter().flatten() {
        let requirements = term["matchExpressions"].as_array_mut();
        for requirement in requirements.into_iter().flatten() {
            if requirement["key"] == key {
                let values = requirement["values"].as_array_mut().expect("values");
                let at = if is_first { 0 } else { values.len() };
                values.insert(at, json!(value));
            }
        }
    }
    pod
}

#[test]
fn a_value_that_would_not_do_is_left_out_again_wherever_it_stands() {
    let finished = create(SHARED, &gpu_pod()).pod.expect("a share");
    assert_eq!(left(&finished, STRATEGY), [["mps"]]);
    assert_eq!(left(&finished, REPLICAS), [["4"]]);
    let mut faults = Vec::new();
    for (key, value) in [
        (STRATEGY, "time-slicing"),
        (STRATEGY, "none"),
        (STRATEGY, "MPS"),
        (STRATEGY, ""),
        (REPLICAS, "10"),
        (REPLICAS, "48"),
        (REPLICAS, "1000000"),
        (REPLICAS, "four"),
        (REPLICAS, "-4"),
        (REPLICAS, ""),
    ] {
        for is_first in [true, false] {
            let forged = widened(finished.clone(), key, value, is_first);
            let answer = create(SHARED, &forged);
            let Some(pod) = answer.pod else { continue };
            let left = left(&pod, key);
            if left != self::left(&finished, key) {
                faults.push(format!(
                    "{key} {value:?}, first {is_first}: {left:?} are left"
                ));
            }
        }
    }
    report(&faults);
}

#[test]
fn a_requirement_that_was_taken_out_is_put_back() {
    let finished = create(SHARED, &gpu_pod()).pod.expect("a share");
    let requirements = |pod: &Value| {
        let list = pod
            .pointer(TERMS)
            .and_then(|t| t[0]["matchExpressions"].as_array());
        list.expect("one term").clone()
    };
    let mut faults = Vec::new();
    for (at, requirement) in requirements(&finished).iter().enumerate() {
        let mut forged = finished.clone();
        let terms = forged.pointer_mut(TERMS).expect("terms");
        terms[0]["matchExpressions"]
            .as_array_mut()
            .expect("a list")
            .remove(at);
        let again = create(SHARED, &forged).pod;
        if again.is_some_and(|pod| !requirements(&pod).contains(requirement)) {
            faults.push(format!("without {requirement}"));
        }
    }
    report(&faults);
}

/// Nodes of whole GPUs; the second sells more than its labels say, and is tainted.
fn world(with_liar: bool) -> ClusterState {
    let node = |name: &str, sold: &str, taints: Value| {
        let labels = json!({
            "kubernetes.io/hostname": name,
            "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
            "nvidia.com/gpu.count": "8",
            "nvidia.com/gpu.replicas": "1",
            "nvidia.com/gpu.sharing-strategy": "none",
            "nvidia.com/gpu.memory": "81559",
        });
        json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {"taints": taints},
            "status": {"allocatable": {"nvidia.com/gpu": sold}},
        })
        .to_string()
    };
    let taint = json!([{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]);
    let mut nodes = vec![node("honest", "8", json!([]))];
    nodes.extend(with_liar.then(|| node("liar", "32", taint)));
    let policy = policy::built_in().expect("a policy");
    let mut builder = FleetBuilder::new(policy.supply.declared);
    for node in &nodes {
        let node: facts::Node<'_> = serde_json::from_str(node).expect("a node");
        builder.add(NodeView::of_node(&node));
    }
    let view = NamespaceView {
        mode: Some("enforce".to_owned()),
        ..NamespaceView::default()
    };
    let namespaces = Namespaces::known([(WHOLE.to_owned(), view)].into());
    ClusterState::new(policy, builder.build(), namespaces)
}

#[test]
fn a_node_that_lies_is_left_out_though_its_taint_is_not_tolerated_yet() {
    let pod = gpu_pod();
    let finished = create_in(&world(false), WHOLE, &pod).pod.expect("a GPU");
    let names_the_liar = |pod: &Value| pod["spec"]["affinity"].to_string().contains("liar");
    assert!(!names_the_liar(&finished));
    for sent in [&pod, &finished] {
        let again = create_in(&world(true), WHOLE, sent).pod;
        assert!(again.is_some_and(|pod| names_the_liar(&pod)), "{sent}");
    }
}
