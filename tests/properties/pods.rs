//! Random pods: every way to ask, in every place, beside parts that nobody here reads and that have to survive.

use std::fmt;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::places;
use super::policies::{ENFORCED, TIERS};

/// A pod as it is sent.
#[derive(Clone)]
pub struct Pod(pub Value);

impl fmt::Debug for Pod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

const MEMORY: [&str; 16] = [
    "9Gi", "1Gi", "18Gi", "4864Mi", "9728Mi", "9729Mi", "10Gi", "19968Mi", "20480Mi", "39Gi",
    "79Gi", "10G", "8191.5Mi", "1", "0.1Gi", "200Gi",
];
const FRACTION: [&str; 16] = [
    "0.25",
    "0.5",
    "0.1",
    "1",
    "0.125",
    "0.14",
    "0.143",
    "0.2",
    ".3",
    "0.3333",
    "0.333333333333333333333333333334",
    "0.4",
    "0.57",
    "0.02",
    "0.0208",
    "1.0",
];
const COMPUTE: [&str; 10] = ["10", "25", "14", "15", "33", "34", "50", "100", "2", "28"];
const PRODUCTS: [&str; 7] = [
    "NVIDIA-A100*",
    "NVIDIA-A100-SXM4-80GB",
    "*",
    "NVIDIA-L4, Tesla-*",
    "*80GB*",
    "NVIDIA-H100*,NVIDIA-R*",
    "nobody's",
];
/// What a container may name, the common ones first.
const NAMED: [&str; 12] = [
    "nvidia.com/gpu.shared",
    "nvidia.com/mig-1g.10gb",
    "nvidia.com/mig-2g.20gb",
    "nvidia.com/mig-1g.5gb",
    "nvidia.com/mig-3g.40gb",
    "nvidia.com/mig-1g.10gb.shared",
    "nvidia.com/mig-1g.24gb",
    "nvidia.com/mig-1g.24gb.gfx",
    "nvidia.com/mig-1g.6gb",
    "nvidia.com/mig-1g.10gb.me",
    "nvidia.com/mig-1g.36gb",
    "nvidia.com/mig-2g.20gb.shared",
];

/// Annotations about size, strategy and product; `None` for the whole pod, else for a container.
fn sizes(container: Option<&'static str>) -> impl Strategy<Value = Vec<(String, String)>> {
    let key = move |word: &str| match container {
        None => format!("slicegate.dev/gpu-{word}"),
        Some(name) => format!("gpu-{word}.slicegate.dev/{name}"),
    };
    let often = match container {
        None => 0.2,
        Some("main") => 0.08,
        Some(_) => 0.015,
    };
    let pick = |list: &'static [&'static str], often| weighted(often, select(list));
    (
        pick(&MEMORY, often),
        pick(&FRACTION, often / 2.0),
        pick(&COMPUTE, often / 3.0),
    )
        .prop_map(move |(memory, fraction, compute)| {
            let all = [
                ("memory", memory),
                ("fraction", fraction),
                ("compute", compute),
            ];
            all.into_iter()
                .filter_map(|(word, value)| Some((key(word), value?.to_owned())))
                .collect()
        })
}

fn annotations() -> BoxedStrategy<Map<String, Value>> {
    let tier = prop_oneof![40 => select(TIERS.to_vec()).prop_map(Some), 5 => Just(None), 1 => Just(Some("no-such-tier"))];
    let word = prop_oneof![10 => select(vec!["auto", "mps", "mig", "time-slicing", "exclusive"]), 1 => Just("sharing")];
    let strategy = weighted(0.12, word);
    let part = weighted(
        0.1,
        prop_oneof![8 => select(vec!["secret", "open"]), 1 => Just("team-b")],
    );
    let off = weighted(0.03, Just("off"));
    (
        tier,
        sizes(None),
        sizes(Some("main")),
        sizes(Some("side")),
        strategy,
        weighted(0.12, select(PRODUCTS.to_vec())),
        part,
        off,
    )
        .prop_map(|(tier, pod, main, side, strategy, products, part, off)| {
            let mut map: Map<String, Value> = [pod, main, side]
                .concat()
                .into_iter()
                .map(|(k, v)| (k, v.into()))
                .collect();
            let words = [
                ("tier", tier),
                ("strategy", strategy),
                ("gpu-products", products),
                ("trust-boundary", part),
                ("mode", off),
            ];
            for (word, value) in words {
                if let Some(value) = value {
                    map.insert(format!("slicegate.dev/{word}"), value.into());
                }
            }
            map
        })
        .boxed()
}

/// Resources of one container, and in which of the two lists they stand.
fn resources(is_main: bool) -> BoxedStrategy<Value> {
    let (takes, takes_none) = if is_main { (28, 2) } else { (10, 20) };
    let gpu = prop_oneof![
        takes => Just(vec![("nvidia.com/gpu", "1")]),
        takes_none => Just(vec![]),
        3 => select(vec!["500m", "250m", "2", "0.1", "0", "1e0", "125m", "1.0", "3"]).prop_map(|n| vec![("nvidia.com/gpu", n)]),
        4 => (select(NAMED.to_vec()), select(vec!["1", "1", "1", "1", "1", "2"])).prop_map(|ask| vec![ask]),
        1 => (select(NAMED.to_vec()), select(NAMED.to_vec())).prop_map(|(a, b)| vec![(a, "1"), (b, "1")]),
        1 => (select(NAMED.to_vec()), select(vec!["1", "0"])).prop_map(|(name, n)| vec![("nvidia.com/gpu", "1"), (name, n)]),
    ];
    let others = weighted(
        0.3,
        select(vec![
            ("cpu", "500m"),
            ("memory", "1Gi"),
            ("example.com/nic", "1"),
            ("nvidia.com/hostdev", "1"),
        ]),
    );
    let form = prop_oneof![6 => Just("limits"), 4 => Just("both"), 1 => Just("requests")];
    (gpu, others, form, extra())
        .prop_map(|(gpu, others, form, extra)| {
            let list: Map<String, Value> = others
                .into_iter()
                .chain(gpu)
                .map(|(k, v)| (k.to_owned(), v.into()))
                .collect();
            let mut resources = Map::new();
            for part in ["limits", "requests"] {
                if form == part || form == "both" {
                    resources.insert(part.to_owned(), list.clone().into());
                }
            }
            resources.extend(extra);
            resources.into()
        })
        .boxed()
}

/// Fields that no version known here has.
pub fn extra() -> impl Strategy<Value = Map<String, Value>> {
    let odd = select(vec![
        ("xUnknown", json!({"deep": [1, null, {"a/b~c": "d"}]})),
        ("x-list", json!([[], {}, "", 0.5, -3])),
        ("nothing", Value::Null),
        ("é\"\\\n", json!("\u{1}\u{7f}\u{10ffff}")),
    ]);
    let pair =
        |(key, value): (&'static str, Value)| [(key.to_owned(), value)].into_iter().collect();
    weighted(0.12, odd).prop_map(move |odd| odd.map(pair).unwrap_or_default())
}

fn container(name: &'static str) -> BoxedStrategy<Value> {
    let env = vec(
        select(vec![
            json!({"name": "A", "value": "b"}),
            json!({"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}),
            json!({"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}),
            json!({"name": "CUDA_VISIBLE_DEVICES", "value": "0"}),
            json!({"name": "A", "value": "c", "xUnknown": true}),
        ]),
        0..3,
    );
    let user = prop_oneof![10 => Just(None), 3 => Just(Some(1000)), 1 => Just(Some(2000))];
    let odd = prop_oneof![
        60 => Just(None),
        2 => Just(Some(("volumeMounts", json!([{"name": "shm", "mountPath": "/dev/shm/"}])))),
        1 => Just(Some(("env", json!([{"name": "CUDA_VISIBLE_DEVICES", "value": "1"}])))),
        1 => Just(Some(("env", json!([{"name": "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "value": "0=512M"}])))),
        1 => Just(Some(("command", json!(["torchrun", "--nnodes=2"])))),
        2 => Just(Some(("args", json!(["--tensor-parallel-size=2", "--gpu-memory-utilization", "0.95"])))),
        1 => Just(Some(("securityContext", Value::Null))),
        1 => Just(Some(("resources", Value::Null))),
    ];
    (resources(name == "main"), env, user, odd, extra())
        .prop_map(move |(resources, env, user, odd, extra)| {
            let mut map = Map::new();
            map.insert("name".to_owned(), name.into());
            map.insert("image".to_owned(), "registry.example/app:1".into());
            map.insert("resources".to_owned(), resources);
            if !env.is_empty() {
                map.insert("env".to_owned(), env.into());
            }
            if let Some(user) = user {
                map.insert(
                    "securityContext".to_owned(),
                    json!({"runAsUser": user, "readOnlyRootFilesystem": true}),
                );
            }
            if let Some((key, value)) = odd {
                map.insert(key.to_owned(), value);
            }
            map.extend(extra);
            map.into()
        })
        .boxed()
}

/// Main containers, and init containers of which some are sidecars.
fn containers() -> BoxedStrategy<Map<String, Value>> {
    let more = weighted(0.25, container("side"));
    let init = weighted(
        0.15,
        (
            container("init"),
            any::<bool>(),
            weighted(0.3, container("late")),
        ),
    );
    (container("main"), more, init)
        .prop_map(|(main, more, init)| {
            let mut map = Map::new();
            map.insert(
                "containers".to_owned(),
                [Some(main), more]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .into(),
            );
            if let Some((mut init, is_sidecar, late)) = init {
                if is_sidecar {
                    init["restartPolicy"] = "Always".into();
                }
                map.insert(
                    "initContainers".to_owned(),
                    [Some(init), late]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .into(),
                );
            }
            map
        })
        .boxed()
}

fn metadata() -> BoxedStrategy<Map<String, Value>> {
    let labels = prop_oneof![
        3 => Just(Some(json!({"app": "web"}))),
        2 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(json!({}))),
    ];
    let owner = prop_oneof![
        60 => Just(None),
        2 => Just(Some(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "1", "controller": true}))),
        1 => Just(Some(json!({"apiVersion": "kubeflow.org/v1", "kind": "MPIJob", "name": "x", "uid": "1"}))),
    ];
    (
        select(ENFORCED.to_vec()),
        annotations(),
        labels,
        owner,
        extra(),
    )
        .prop_map(|(namespace, notes, labels, owner, extra)| {
            let mut map = Map::new();
            map.insert("name".to_owned(), "p".into());
            map.insert("namespace".to_owned(), namespace.into());
            if !notes.is_empty() {
                map.insert("annotations".to_owned(), notes.into());
            }
            if let Some(labels) = labels {
                map.insert("labels".to_owned(), labels);
            }
            if let Some(owner) = owner {
                map.insert("ownerReferences".to_owned(), vec![owner].into());
            }
            map.extend(extra);
            map
        })
        .boxed()
}

/// A pod of an enforced namespace, as a file has it.
pub fn pod() -> BoxedStrategy<Pod> {
    let user = weighted(0.3, select(vec![1000, 2000]));
    let scheduler = prop_oneof![8 => Just(None), 4 => Just(Some("default-scheduler")), 1 => Just(Some("other"))];
    let apart = weighted(
        0.06,
        select(vec![
            ("hostUsers", json!(false)),
            ("runtimeClassName", json!("gvisor")),
        ]),
    );
    (metadata(), containers(), places::place(), user, scheduler, apart, extra(), extra(), any::<bool>()).prop_map(
        |(mut metadata, containers, place, user, scheduler, apart, in_spec, outside, is_daemon)| {
            let mut spec = containers;
            spec.extend(place);
            if is_daemon && places::is_pinned(&spec) {
                let owner = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "1", "controller": true});
                metadata.insert("ownerReferences".to_owned(), json!([owner]));
            }
            if let Some(user) = user {
                spec.insert("securityContext".to_owned(), json!({"runAsUser": user}));
            }
            if let Some(scheduler) = scheduler {
                spec.insert("schedulerName".to_owned(), scheduler.into());
            }
            if let Some((key, value)) = apart {
                spec.insert(key.to_owned(), value);
            }
            spec.extend(in_spec);
            let mut pod = Map::new();
            pod.insert("apiVersion".to_owned(), "v1".into());
            pod.insert("kind".to_owned(), "Pod".into());
            pod.insert("metadata".to_owned(), metadata.into());
            pod.insert("spec".to_owned(), spec.into());
            pod.extend(outside);
            Pod(pod.into())
        },
    )
        .boxed()
}
