//! Pods as large as a body may be: they are refused for that alone, before anything is made of them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::scene::{SHARED, WHOLE, create, gpu_pod, plain_pod, with};

/// A generous bound for a build without optimisation; what is quadratic takes minutes at these sizes.
const LONGEST: Duration = Duration::from_secs(10);

fn refused(what: &str, namespace: &str, pod: &Value) {
    let started = Instant::now();
    let answer = create(namespace, pod);
    let took = started.elapsed();
    println!("{what}: {took:?}, allowed {}", answer.allowed);
    assert!(took < LONGEST, "{what} took {took:?}");
    assert!(answer.is_refused_by("too-large"), "{what}: {answer:?}");
}

fn many(n: usize, entry: impl Fn(usize) -> Value) -> Value {
    (0..n).map(entry).collect()
}

fn map(n: usize, entry: impl Fn(usize) -> (String, String)) -> Value {
    let entries = (0..n).map(entry).map(|(k, v)| (k, Value::String(v)));
    Value::Object(entries.collect())
}

fn in_main(key: &str, value: Value) -> Value {
    let mut pod = gpu_pod();
    pod["spec"]["containers"][0][key] = value;
    pod
}

#[test]
fn many_variables() {
    let plain = many(100_000, |i| json!({"name": format!("V{i}"), "value": "x"}));
    refused("100,000 variables", SHARED, &in_main("env", plain));
    let bad = many(
        50_000,
        |_| json!({"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}),
    );
    refused("50,000 attacks", SHARED, &in_main("env", bad));
    let limits = many(
        50_000,
        |_| json!({"name": "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "value": "0=1M"}),
    );
    refused("50,000 limits", SHARED, &in_main("env", limits));
    let sources = many(
        50_000,
        |_| json!({"prefix": "NVIDIA_", "configMapRef": {"name": "c"}}),
    );
    refused("50,000 sources", SHARED, &in_main("envFrom", sources));
}

#[test]
fn many_annotations_and_labels() {
    let pod = |list: &str, map: Value| with(gpu_pod(), &json!({"metadata": {list: map}}));
    let plain = map(50_000, |i| (format!("example.com/{i}"), "x".to_owned()));
    refused(
        "50,000 annotations",
        SHARED,
        &pod("annotations", plain.clone()),
    );
    refused("50,000 labels", SHARED, &pod("labels", plain));
    let asks = map(30_000, |i| {
        (format!("gpu-memory.slicegate.dev/c{i}"), "1Gi".to_owned())
    });
    refused(
        "30,000 asks for no container",
        SHARED,
        &pod("annotations", asks),
    );
    let cdi = map(30_000, |i| (format!("cdi.k8s.io/{i}"), "x".to_owned()));
    refused("30,000 CDI annotations", SHARED, &pod("annotations", cdi));
}

#[test]
fn many_containers() {
    let limits = json!({"limits": {"nvidia.com/gpu": "1"}});
    let asking = many(
        10_000,
        |i| json!({"name": format!("c{i}"), "resources": limits}),
    );
    for namespace in [SHARED, WHOLE] {
        let mut pod = gpu_pod();
        pod["spec"]["containers"] = asking.clone();
        refused("10,000 containers with a GPU", namespace, &pod);
        let mut pod = gpu_pod();
        pod["spec"]["initContainers"] = asking.clone();
        refused("10,000 init containers with a GPU", namespace, &pod);
    }
    let plain = many(30_000, |i| json!({"name": format!("c{i}"), "image": "x"}));
    let mut pod = gpu_pod();
    pod["spec"]["initContainers"] = plain;
    refused("30,000 init containers without", SHARED, &pod);
    let asks = map(5_000, |i| {
        (format!("gpu-memory.slicegate.dev/c{i}"), "1Gi".to_owned())
    });
    let mut pod = with(gpu_pod(), &json!({"metadata": {"annotations": asks}}));
    pod["spec"]["containers"] = many(5_000, |i| json!({"name": format!("c{i}")}));
    refused("5,000 containers that ask by annotation", SHARED, &pod);
}

#[test]
fn many_terms_and_tolerations() {
    let key = "requiredDuringSchedulingIgnoredDuringExecution";
    let nodes = |terms: Value| json!({"spec": {"affinity": {"nodeAffinity": {key: {"nodeSelectorTerms": terms}}}}});
    let terms = many(
        1_000,
        |i| json!({"matchExpressions": [{"key": "nvidia.com/gpu.product", "operator": "NotIn", "values": [format!("x{i}")]}]}),
    );
    refused(
        "1,000 terms",
        SHARED,
        &with(gpu_pod(), &nodes(terms.clone())),
    );
    refused("1,000 terms", WHOLE, &with(gpu_pod(), &nodes(terms)));
    let values = many(50_000, |i| json!(format!("x{i}")));
    let term =
        json!([{"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": values}]}]);
    refused(
        "a term of 50,000 values",
        SHARED,
        &with(gpu_pod(), &nodes(term)),
    );
    let long = many(
        2_000,
        |i| json!({"key": format!("k{i}"), "operator": "DoesNotExist"}),
    );
    let term = json!([{"matchExpressions": long}]);
    refused(
        "a term of 2,000 keys",
        SHARED,
        &with(gpu_pod(), &nodes(term)),
    );
    let tolerations = many(
        50_000,
        |i| json!({"key": format!("k{i}"), "operator": "Exists"}),
    );
    refused(
        "50,000 tolerations",
        SHARED,
        &with(gpu_pod(), &json!({"spec": {"tolerations": tolerations}})),
    );
    let selector = map(30_000, |i| (format!("k{i}"), "x".to_owned()));
    refused(
        "30,000 selectors",
        SHARED,
        &with(gpu_pod(), &json!({"spec": {"nodeSelector": selector}})),
    );
    let apart = many(
        20_000,
        |i| json!({"topologyKey": format!("k{i}"), "labelSelector": {}}),
    );
    refused(
        "20,000 anti-affinities",
        SHARED,
        &with(
            gpu_pod(),
            &json!({"spec": {"affinity": {"podAntiAffinity": {key: apart}}}}),
        ),
    );
}

#[test]
fn many_volumes_claims_owners_and_words() {
    let hosts = many(
        30_000,
        |i| json!({"name": format!("v{i}"), "hostPath": {"path": "/dev/nvidia0"}}),
    );
    refused(
        "30,000 host paths",
        SHARED,
        &with(gpu_pod(), &json!({"spec": {"volumes": hosts}})),
    );
    let claims = many(
        30_000,
        |i| json!({"name": format!("v{i}"), "resourceClaimName": "x"}),
    );
    refused(
        "30,000 claims",
        SHARED,
        &with(gpu_pod(), &json!({"spec": {"resourceClaims": claims}})),
    );
    let owners = many(
        30_000,
        |_| json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "controller": false}),
    );
    refused(
        "30,000 owners",
        SHARED,
        &with(gpu_pod(), &json!({"metadata": {"ownerReferences": owners}})),
    );
    let words = many(100_000, |_| json!("--tensor-parallel-size"));
    refused("100,000 arguments", SHARED, &in_main("args", words));
    let limits = map(50_000, |i| {
        (format!("nvidia.com/mig-{i}g.10gb"), "1".to_owned())
    });
    refused(
        "50,000 resources",
        SHARED,
        &in_main("resources", json!({"limits": limits})),
    );
    let path = format!("/{}dev/nvidia0", "a/../".repeat(500_000));
    refused(
        "a path of 2.5 MB",
        SHARED,
        &with(
            gpu_pod(),
            &json!({"spec": {"volumes": [{"name": "v", "hostPath": {"path": path}}]}}),
        ),
    );
    let wild = format!("{}b", "*a".repeat(100_000));
    let products = json!({"metadata": {"annotations": {"slicegate.dev/gpu-products": wild}}});
    refused(
        "a product of 100,000 wildcards",
        SHARED,
        &with(gpu_pod(), &products),
    );
    let list = "NVIDIA-A100*,".repeat(50_000);
    let products = json!({"metadata": {"annotations": {"slicegate.dev/gpu-products": list}}});
    refused("50,000 products", SHARED, &with(gpu_pod(), &products));
}

#[test]
fn what_has_nothing_to_do_with_gpus_is_left_alone_however_much_it_says() {
    let key = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = many(
        1_000,
        |i| json!({"matchExpressions": [{"key": "rack", "operator": "In", "values": [format!("r{i}")]}]}),
    );
    let more = json!({"spec": {
        "affinity": {"nodeAffinity": {key: {"nodeSelectorTerms": terms}}},
        "tolerations": many(1_000, |i| json!({"key": format!("k{i}"), "operator": "Exists"})),
    }});
    for namespace in [SHARED, WHOLE, "plain"] {
        let answer = create(namespace, &with(plain_pod(), &more));
        assert!(answer.allowed && answer.warnings.is_empty(), "{answer:?}");
    }
    let labels = map(30_000, |i| (format!("example.com/{i}"), "x".to_owned()));
    let crowd = with(plain_pod(), &json!({"metadata": {"labels": labels}}));
    assert!(create("plain", &crowd).allowed);
    assert!(create(SHARED, &crowd).is_refused_by("too-large"));
}
