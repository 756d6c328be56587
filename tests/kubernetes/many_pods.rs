//! Many pods: other people's manifests, golden cases, attacks, random ones, and ones made to cost much.

use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use slicegate::config::documents;

use super::reaching;
use super::runner::{note, shared};
use super::stage::Stage;

/// How many random ones.
const RANDOM: usize = 2000;

/// Each with where it comes from.
pub fn all(stage: &mut Stage) -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pods = Vec::new();
    for folder in fs::read_dir(root.join("tests/cases")).expect("the cases") {
        let folder = folder.expect("an entry").path();
        pods.extend(of_file(&folder.join("pod.yaml")));
        pods.extend(of_file(&folder.join("request.json")));
    }
    let golden = pods.len();
    if let Some(folder) = stage.given_besides(shared::find("corpus/manifests")) {
        for file in fs::read_dir(folder).expect("the corpus") {
            pods.extend(of_file(&file.expect("an entry").path()));
        }
    }
    let manifests = pods.len() - golden;
    for name in ["acceptance/bypass.yaml", "acceptance/asks.yaml"] {
        let file = stage.given_besides(shared::find(name));
        pods.extend(file.iter().flat_map(|file| of_file(file)));
    }
    let attacks = pods.len() - golden - manifests;
    let mut runner = TestRunner::deterministic();
    let reaching = reaching::pod(&["crowd"]);
    for index in 0..RANDOM {
        let pod = reaching.new_tree(&mut runner).expect("a pod").current();
        pods.push((format!("random {index}"), pod.0));
    }
    note(format!(
        "{golden} of golden cases, {manifests} of the corpus, {attacks} of attacks and asks, {RANDOM} random"
    ));
    pods
}

/// The pods of a file: objects, templates, requests, or cases with an `object`.
fn of_file(path: &Path) -> Vec<(String, Value)> {
    let Ok(text) = fs::read_to_string(path) else {
        return Vec::new();
    };
    let source = path.display().to_string();
    let input = documents::parse(&source, &text);
    let mut pods = Vec::new();
    for document in input.documents {
        match document.value {
            Value::Array(cases) => pods.extend(cases.iter().filter_map(|c| pod_of(&c["object"]))),
            object if object["kind"] == "AdmissionReview" => {
                pods.extend(pod_of(&object["request"]["object"]));
            }
            object => pods.extend(pod_of(&object)),
        }
    }
    pods.into_iter().map(|pod| (source.clone(), pod)).collect()
}

fn pod_of(object: &Value) -> Option<Value> {
    let path = match object["kind"].as_str()? {
        "Pod" => "",
        "CronJob" => "/spec/jobTemplate/spec/template",
        "PodTemplate" => "/template",
        "Deployment"
        | "ReplicaSet"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "ReplicationController" => "/spec/template",
        _ => return None,
    };
    object.pointer(path).filter(|pod| pod.is_object()).cloned()
}

/// Pods at the limits of what is looked through, with texts that take long to compare, and pods far beyond.
pub fn large() -> Vec<(&'static str, Value)> {
    let long = |index: usize| format!("{index:04}{}", "x".repeat(252));
    let map = |count: usize| -> Value {
        let pairs = (0..count).map(|i| (long(i), json!("1")));
        Value::Object(pairs.collect())
    };
    let list = |count: usize, entry: &dyn Fn(usize) -> Value| -> Value {
        (0..count).map(entry).collect::<Vec<_>>().into()
    };
    let path = |index: usize| format!("/{}", &long(index)[1..]);
    let variable = |index: usize| json!({"name": long(index), "value": "x"});
    let tiny = |_: usize| json!({"name": "A"});
    let source = |index: usize| json!({"prefix": long(index), "configMapRef": {"name": "x"}});
    let mount = |index: usize| json!({"name": "data", "mountPath": path(index)});
    let host =
        |index: usize| json!({"name": format!("v{index}"), "hostPath": {"path": path(index)}});
    let container = |index: usize| json!({"name": format!("c{index}"), "image": "example/app:1"});
    let one = |key: &str, value: Value| {
        let mut container = container(0);
        container[key] = value;
        json!({"spec": {"containers": [container]}})
    };
    let crowd = |containers: usize, each: usize| {
        let full = |index: usize| {
            let mut container = container(index);
            container["env"] = list(each, &variable);
            container
        };
        json!({"spec": {"containers": list(containers, &full)}})
    };
    let mut spelled = one(
        "env",
        list(10_000, &|i| json!({"name": format!("V{i}"), "value": "x"})),
    );
    spelled["spec"]["containers"][0]["env"][9_999]["name"] = "NVIDIA_VISIBLE_DEVICES".into();
    vec![
        ("no containers", json!({"spec": {}})),
        ("no spec", json!({})),
        (
            "a thousand annotations",
            json!({"metadata": {"annotations": map(1000)}, "spec": {"containers": [container(0)]}}),
        ),
        (
            "one annotation more",
            json!({"metadata": {"annotations": map(1001)}, "spec": {"containers": [container(0)]}}),
        ),
        (
            "a thousand labels",
            json!({"metadata": {"labels": map(1000)}, "spec": {"containers": [container(0)]}}),
        ),
        (
            "a thousand host paths",
            json!({"spec": {"containers": [container(0)], "volumes": list(1000, &host)}}),
        ),
        ("a thousand variables", one("env", list(1000, &variable))),
        ("a thousand sources", one("envFrom", list(1000, &source))),
        ("a thousand mounts", one("volumeMounts", list(1000, &mount))),
        (
            "five hundred limits, which are requests as well",
            one("resources", json!({"limits": map(500)})),
        ),
        (
            "a thousand requests",
            one("resources", json!({"requests": map(1000)})),
        ),
        ("a hundred containers", crowd(100, 10)),
        ("one container more", crowd(101, 1)),
        ("a thousand containers", crowd(1000, 0)),
        ("ten thousand variables", spelled),
        (
            "as many variables as a request holds",
            one("env", list(220_000, &tiny)),
        ),
        (
            "a long variable",
            one("env", json!([{"name": "A".repeat(2_000_000)}])),
        ),
        (
            "a long mount path",
            one(
                "volumeMounts",
                json!([{"name": "x", "mountPath": format!("/{}", "a".repeat(2_000_000))}]),
            ),
        ),
        (
            "a long host path",
            json!({"spec": {"containers": [container(0)],
            "volumes": [{"name": "x", "hostPath": {"path": format!("/{}", "a".repeat(2_000_000))}}]}}),
        ),
        (
            "many annotations",
            json!({"metadata": {"annotations":
            (0..60_000).map(|i| (format!("{i:x}"), json!(""))).collect::<serde_json::Map<_, _>>()},
            "spec": {"containers": [container(0)]}}),
        ),
    ]
}

/// Pods whose required anti-affinity selects by so many keys, each in another form. Only the last key of a forged one is
/// slicegate's. `name` is how long the part after the slash is, at most 63; the domain is as long as it may be.
pub fn selecting(count: usize, is_forged: bool, name: usize) -> Vec<(&'static str, Value)> {
    let key = |index: usize| {
        let domain = format!(
            "{}.{}.{}.{index:061}",
            "a".repeat(63),
            "b".repeat(63),
            "c".repeat(63)
        );
        match is_forged && index + 1 == count {
            true => "slicegate.dev/trust-boundary".to_owned(),
            false => format!("{domain}/{}", "d".repeat(name)),
        }
    };
    let expression = |index: usize| json!({"key": key(index), "operator": "Exists"});
    let term =
        |selector: Value| json!({"labelSelector": selector, "topologyKey": "kubernetes.io/os"});
    let pod = |terms: Value| {
        json!({"spec": {"containers": [{"name": "main", "image": "example/app:1"}],
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}})
    };
    let labels: Map<String, Value> = (0..count).map(|i| (key(i), json!("x"))).collect();
    let expressions: Vec<Value> = (0..count).map(expression).collect();
    let keys: Vec<String> = (0..count).map(key).collect();
    let mut beside = term(json!({}));
    beside["matchLabelKeys"] = json!(keys);
    // Each term counts beside its key.
    let terms = (0..count)
        .skip(count / 2)
        .map(|i| term(json!({"matchExpressions": [expression(i)]})));
    vec![
        (
            "selected labels",
            pod(json!([term(json!({"matchLabels": labels}))])),
        ),
        (
            "expressions",
            pod(json!([term(json!({"matchExpressions": expressions}))])),
        ),
        ("keys beside the selector", pod(json!([beside]))),
        ("terms", pod(terms.collect::<Vec<Value>>().into())),
    ]
}

/// As many keys as the guard reads, and as many terms.
fn selecting_at_the_limits() -> impl Iterator<Item = (&'static str, Value)> {
    let keys = selecting(4_800, false, 63).into_iter();
    let keys = keys.filter(|(source, _)| *source != "terms");
    let terms = selecting(380, false, 63).into_iter();
    keys.chain(terms.filter(|(source, _)| *source == "terms"))
}

/// As many terms and keys as a request holds.
pub fn selecting_without_end() -> Vec<(&'static str, Value)> {
    let pod = |terms: Vec<Value>| {
        json!({"spec": {"containers": [{"name": "main", "image": "example/app:1"}],
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}})
    };
    let keys: Vec<String> = (0..200_000).map(|i| format!("k{i}")).collect();
    let labels: Map<String, Value> = keys.iter().map(|k| (k.clone(), json!(""))).collect();
    vec![
        (
            "tiny keys",
            pod(vec![
                json!({"labelSelector": {"matchLabels": labels}, "topologyKey": "a"}),
            ]),
        ),
        (
            "tiny terms",
            pod(vec![json!({"topologyKey": "a"}); 100_000]),
        ),
    ]
}

/// As a pod of its own, created by nobody else's controller.
pub fn adopt(pod: &mut Value, name: &str, namespace: &str) {
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    if !pod["metadata"].is_object() {
        pod["metadata"] = json!({});
    }
    let Some(metadata) = pod["metadata"].as_object_mut() else {
        return;
    };
    for key in [
        "generateName",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        metadata.remove(key);
    }
    metadata.insert("name".to_owned(), name.into());
    metadata.insert("namespace".to_owned(), namespace.into());
    // These name objects of their own clusters.
    if let Some(spec) = pod["spec"].as_object_mut() {
        for key in [
            "serviceAccountName",
            "serviceAccount",
            "priorityClassName",
            "priority",
        ] {
            spec.remove(key);
        }
        // Its volume would be one entry more than the test counts.
        spec.insert("automountServiceAccountToken".to_owned(), false.into());
    }
}

/// Pods as large as the guard still looks through, each with whether it takes a GPU.
pub fn at_the_limits() -> Vec<(&'static str, Value, bool)> {
    let list = |count: usize, entry: &dyn Fn(usize) -> Value| -> Value {
        (0..count).map(entry).collect::<Vec<_>>().into()
    };
    let one = |key: &str, value: Value| {
        let mut pod = json!({"spec": {"containers": [{"name": "main", "image": "example/app:1"}]}});
        pod["spec"]["containers"][0][key] = value;
        pod
    };
    let variable = |index: usize| json!({"name": format!("NVIDIA_{index}"), "value": "all"});
    let source =
        |index: usize| json!({"prefix": format!("NVIDIA_{index}_"), "configMapRef": {"name": "x"}});
    let mut mounts = one(
        "volumeMounts",
        list(
            4_800,
            &|i| json!({"name": "v", "mountPath": format!("/m/{i}")}),
        ),
    );
    mounts["spec"]["volumes"] = json!([{"name": "v", "emptyDir": {}}]);
    let hosts = list(
        990,
        &|i| json!({"name": format!("v{i}"), "hostPath": {"path": format!("/var/lib/kubelet/plugins/x{i}")}}),
    );
    let mut volumes = one("env", json!([]));
    volumes["spec"]["volumes"] = hosts;
    let mut parts = one(
        "volumeMounts",
        list(
            900,
            &|i| json!({"name": format!("v{}", i % 20), "mountPath": format!("/m/{i}"), "subPath": format!("lib/x{i}")}),
        ),
    );
    parts["spec"]["volumes"] = list(
        20,
        &|i| json!({"name": format!("v{i}"), "hostPath": {"path": "/var"}}),
    );
    let crowd = |count: usize, more: &Value| {
        let container = |index: usize| {
            let mut container = json!({"name": format!("c{index}"), "image": "example/app:1"});
            json_patch::merge(&mut container, more);
            container
        };
        json!({"spec": {"containers": list(count, &container)}})
    };
    let annotations = (0..4_800).map(|i| (format!("nvidia.com/{i}"), json!("x")));
    let annotations: serde_json::Map<String, Value> = annotations.collect();
    vec![
        ("variables", one("env", list(4_800, &variable)), false),
        ("sources", one("envFrom", list(4_800, &source)), false),
        ("mounts", mounts, false),
        ("host paths", volumes, false),
        ("parts of host paths", parts, false),
        (
            "annotations",
            json!({"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": "main", "image": "x"}]}}),
            false,
        ),
        (
            "containers",
            crowd(490, &json!({"env": list(8, &variable)})),
            false,
        ),
        (
            "containers with GPUs",
            crowd(
                490,
                &json!({"resources": {"limits": {"nvidia.com/gpu": "1", "nvidia.com/mig-1g.10gb": "1"}}}),
            ),
            true,
        ),
    ]
    .into_iter()
    .chain(selecting_at_the_limits().map(|(source, pod)| (source, pod, false)))
    .chain(selecting_at_the_limits().map(|(source, mut pod)| {
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"nvidia.com/gpu": "1"}});
        (source, pod, true)
    }))
    .collect()
}
