//! slicegate beside a webhook of somebody else, which adds a sidecar, a variable and a way around the node affinity.

use serde_json::{Value, json};

use super::audit::Record;
use super::cluster::{Cluster, pods_of};
use super::neighbour::{NAMESPACE, Neighbour};
use super::stage::{Stage, Standard, pod};
use super::wait::seconds;
use super::webhook;

const TERMS: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

pub fn what_a_later_webhook_adds_is_completed_and_nothing_is_written_twice(stage: &mut Stage) {
    let standard = stage.standard();
    let made = beside(standard, "zz-neighbour");
    is_complete(&made.pod);
    assert!(
        made.record.was_called(webhook::NAME, 1),
        "it is called a second time"
    );
    let first = made.record.patch(webhook::NAME, 0).expect("a patch");
    let second = made.record.patch(webhook::NAME, 1).expect("a second patch");
    let ours = written_terms(&first);
    for operation in second.as_array().expect("a list") {
        let path = operation["path"].as_str().unwrap_or_default();
        let completes = operation["op"] == "add" && path.starts_with("/spec/containers/1/");
        // The other's term is narrowed, and becomes one for each kind of node; those before it stay as they are.
        let narrows = path == TERMS
            && operation["value"]
                .as_array()
                .is_some_and(|t| t.starts_with(&ours));
        assert!(completes || narrows, "{operation}");
    }
}

/// The node terms that a patch puts where none were.
fn written_terms(patch: &Value) -> Vec<Value> {
    let mut operations = patch.as_array().into_iter().flatten();
    let written = operations.find_map(|o| o["value"]["nodeSelectorTerms"].as_array());
    written.expect("node terms").clone()
}

pub fn what_an_earlier_webhook_adds_is_complete_at_once(stage: &mut Stage) {
    let standard = stage.standard();
    let made = beside(standard, "aa-neighbour");
    is_complete(&made.pod);
    let second = made.record.patch(webhook::NAME, 1);
    assert_eq!(second, None, "a second pass changes nothing");
}

struct Made {
    pod: Value,
    record: Record,
}

/// Creates a pod where another webhook of that name is registered. Webhooks are called in the order of their names.
#[track_caller]
fn beside(standard: &Standard, name: &'static str) -> Made {
    let cluster = &standard.cluster;
    let neighbour = Neighbour::register(cluster, name, additions);
    wait_for_neighbour(cluster);
    let mut one = pod(name, &json!({"nvidia.com/gpu": "1"}));
    // So that there is a variable to write, whatever its nodes give.
    one["metadata"]["annotations"] = json!({"slicegate.dev/gpu-memory": "9Gi"});
    cluster.create(&pods_of(NAMESPACE), &one);
    drop(neighbour);
    let bound = cluster.bound_pods(NAMESPACE, 1, |p| p["metadata"]["name"] == name);
    let node = bound[0]["spec"]["nodeName"].as_str().expect("a node");
    let offer = standard.fleet.shape(node).offer("nvidia.com/gpu.shared");
    assert!(
        offer.is_some_and(|o| o.strategy == "mps"),
        "it is on {node}"
    );
    Made {
        record: Record::of(cluster, NAMESPACE, name),
        pod: bound.into_iter().next().expect("a pod"),
    }
}

#[track_caller]
fn wait_for_neighbour(cluster: &Cluster) {
    let path = format!("{}?dryRun=All", pods_of(NAMESPACE));
    cluster.wait_for("the other webhook to be asked", seconds(20), || {
        let probe = pod("probe", &json!({"nvidia.com/gpu": "1"}));
        let answer = cluster.api().try_send("POST", &path, Some(&probe))?;
        let two = answer.body["spec"]["containers"]
            .as_array()
            .is_some_and(|c| c.len() == 2);
        two.then_some(()).ok_or(answer.body.to_string())
    });
}

/// Nothing of either webhook is missing, and the other's node term is no way around slicegate's.
#[track_caller]
fn is_complete(pod: &Value) {
    let [main, proxy] = [0, 1].map(|index| &pod["spec"]["containers"][index]);
    assert_eq!(
        main["resources"]["limits"],
        json!({"nvidia.com/gpu.shared": "1"})
    );
    assert_eq!(proxy["name"], "proxy");
    for (container, names) in [
        (main, ["PROXY", "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"]),
        (proxy, ["PROXY", "NVIDIA_VISIBLE_DEVICES"]),
    ] {
        let variables = container["env"].as_array().expect("variables");
        for name in names {
            let count = variables.iter().filter(|v| v["name"] == name).count();
            assert_eq!(count, 1, "{name} in {container}");
        }
    }
    let terms = pod
        .pointer(TERMS)
        .and_then(Value::as_array)
        .expect("node terms");
    let keys = |term: &Value| {
        let expressions = term["matchExpressions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        expressions
            .into_iter()
            .map(|e| e["key"].to_string())
            .collect::<Vec<_>>()
    };
    assert!(
        terms
            .iter()
            .any(|t| keys(t).contains(&"\"kubernetes.io/os\"".to_owned())),
        "{terms:?}"
    );
    for term in terms {
        assert!(
            keys(term).contains(&"\"nvidia.com/gpu.sharing-strategy\"".to_owned()),
            "{term}"
        );
    }
}

/// What the other webhook does, once: a sidecar, a variable, and one more node term, which is an alternative.
fn additions(pod: &Value) -> Vec<Value> {
    let containers = pod["spec"]["containers"].as_array();
    if containers
        .into_iter()
        .flatten()
        .any(|c| c["name"] == "proxy")
    {
        return Vec::new();
    }
    let variable = json!({"name": "PROXY", "value": "on"});
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let proxy = json!({"name": "proxy", "image": "example/proxy:1", "env": [variable]});
    let mut patch = vec![add("/spec/containers/-", proxy)];
    if pod["spec"]["containers"][0]["env"].is_null() {
        patch.push(add("/spec/containers/0/env", json!([])));
    }
    patch.push(add("/spec/containers/0/env/-", variable));
    let term = json!({"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}]});
    patch.push(match pod.pointer(TERMS) {
        Some(_) => add(&format!("{TERMS}/-"), term),
        None => add(
            "/spec/affinity",
            json!({"nodeAffinity":
            {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}),
        ),
    });
    patch
}
