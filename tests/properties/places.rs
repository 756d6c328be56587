//! Where random pods want to run: selectors, affinity of every operator, tolerations, terms of their own about other pods.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::fleet::{HOSTNAME, POOLS, ZONES};
use super::hardware::MODELS;
use super::pods::extra;

const ZONE: &str = "topology.kubernetes.io/zone";
const POOL: &str = "example.com/pool";
const PRODUCT: &str = "nvidia.com/gpu.product";
const SHARING: &str = "nvidia.com/gpu.sharing-strategy";
const REPLICAS: &str = "nvidia.com/gpu.replicas";
const MEMORY: &str = "nvidia.com/gpu.memory";

fn product() -> impl Strategy<Value = String> {
    let suffix = select(vec![
        "",
        "",
        "-SHARED",
        "-MIG-1g.10gb",
        "-MIG-1g.10gb-SHARED",
    ]);
    (0..MODELS.len(), suffix).prop_map(|(index, suffix)| {
        let product = MODELS[index].product;
        let suffix = if product.len() > 40 { "" } else { suffix };
        format!("{product}{suffix}")
    })
}

/// A label and values it has on some nodes.
fn label() -> BoxedStrategy<(&'static str, Vec<String>)> {
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let some = |key: &'static str, all: Vec<String>| {
        let most = all.len().min(3);
        proptest::sample::subsequence(all, 1..=most).prop_map(move |values| (key, values))
    };
    let numbered = |letter: &str| (0..24).map(|n| format!("{letter}{n}")).collect::<Vec<_>>();
    prop_oneof![
        4 => some(ZONE, words(&ZONES)),
        3 => some(POOL, words(&POOLS)),
        3 => vec(product(), 1..4).prop_map(|values| (PRODUCT, values)),
        2 => some(SHARING, words(&["none", "mps", "time-slicing"])),
        1 => some(REPLICAS, words(&["1", "4", "10", "2", "0"])),
        1 => some(MEMORY, words(&["81920", "9728", "40960", "23034"])),
        1 => some(HOSTNAME, numbered("n")),
        1 => some("example.com/rack", numbered("r")),
        1 => some("nvidia.com/mig-1g.10gb.sharing-strategy", words(&["none", "time-slicing"])),
        1 => Just(("example.com/nobody", vec!["x".to_owned()])),
    ]
    .boxed()
}

/// All the labels that say what one kind of node hands out.
fn identity() -> impl Strategy<Value = Vec<(&'static str, Vec<String>)>> {
    let sharing = select(vec![
        ("none", "1", ""),
        ("mps", "4", ""),
        ("mps", "4", "-SHARED"),
        ("time-slicing", "4", ""),
    ]);
    (0..3_usize, sharing, any::<bool>()).prop_map(
        |(model, (sharing, replicas, suffix), by_name)| {
            let product = format!("{}{suffix}", MODELS[model].product);
            let memory = MODELS[model].mib.to_string();
            let mut labels = vec![
                (PRODUCT, vec![product]),
                (SHARING, vec![sharing.to_owned()]),
                (REPLICAS, vec![replicas.to_owned()]),
                (MEMORY, vec![memory]),
            ];
            if by_name {
                labels.push((HOSTNAME, vec!["n0".to_owned()]));
            }
            labels
        },
    )
}

fn expression() -> BoxedStrategy<Value> {
    let numeric = (select(vec![MEMORY, REPLICAS, "example.com/slot"]), select(vec!["Gt", "Lt"]), select(vec![1, 3, 0, 16, 20000, 40960, 81919]))
        .prop_map(|(key, operator, bound)| json!({"key": key, "operator": operator, "values": [bound.to_string()]}));
    let there = (label(), select(vec!["Exists", "DoesNotExist"]))
        .prop_map(|((key, _), operator)| json!({"key": key, "operator": operator}));
    let listed = (label(), prop_oneof![4 => Just("In"), 3 => Just("NotIn")]).prop_map(
        |((key, values), operator)| json!({"key": key, "operator": operator, "values": values}),
    );
    (prop_oneof![5 => listed, 2 => there, 2 => numeric], extra())
        .prop_map(|(mut expression, extra)| {
            if let Some(map) = expression.as_object_mut() {
                map.extend(extra);
            }
            expression
        })
        .boxed()
}

fn field() -> impl Strategy<Value = Value> {
    (select(vec!["NotIn", "In"]), 0..24_usize)
        .prop_map(|(operator, index)| json!({"key": "metadata.name", "operator": operator, "values": [format!("n{index}")]}))
}

fn term() -> BoxedStrategy<Value> {
    let expressions = prop_oneof![12 => vec(expression(), 1..4), 1 => vec(expression(), 0..1)];
    (expressions, weighted(0.12, vec(field(), 0..2)), extra())
        .prop_map(|(expressions, fields, extra)| {
            let mut map = Map::new();
            if !expressions.is_empty() {
                map.insert("matchExpressions".to_owned(), expressions.into());
            }
            if let Some(fields) = fields {
                map.insert("matchFields".to_owned(), fields.into());
            }
            map.extend(extra);
            map.into()
        })
        .boxed()
}

fn toleration() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}),
        json!({"key": "nvidia.com/gpu", "operator": "Equal", "value": "other", "effect": "NoSchedule"}),
        json!({"key": "dedicated", "operator": "Exists", "xUnknown": 1}),
        json!({"key": "dedicated", "value": "ml"}),
        json!({"operator": "Exists"}),
        json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
    ])
}

/// Terms about other pods, near ours in form but never ours.
fn neighbours() -> impl Strategy<Value = Value> {
    let term = json!({"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": ZONE, "xUnknown": [1]});
    let near = json!({
        "labelSelector": {"matchExpressions": [
            {"key": "slicegate.dev/trust-boundary", "operator": "Exists"},
            {"key": "slicegate.dev/trust-boundary", "operator": "NotIn", "values": ["team-a"]},
        ]},
        "topologyKey": HOSTNAME,
    });
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    select(vec![
        json!({"podAntiAffinity": {required: [term]}}),
        json!({"podAntiAffinity": {required: [near]}}),
        json!({"podAffinity": {preferred: [{"weight": 1, "podAffinityTerm": term}]}, "podAntiAffinity": {preferred: []}}),
        json!({"podAffinity": {}, "podAntiAffinity": null}),
        json!({"nodeAffinity": {preferred: [{"weight": 1, "preference": {"matchExpressions": [{"key": ZONE, "operator": "Exists"}]}}]}}),
    ])
}

/// Selector, affinity, tolerations, and rarely the node itself.
pub fn place() -> BoxedStrategy<Map<String, Value>> {
    let selector = weighted(0.14, prop_oneof![6 => vec(label(), 1..3), 1 => identity()]);
    let terms = weighted(0.25, vec(term(), 1..4));
    let tolerations = weighted(0.3, vec(toleration(), 0..3));
    let named = weighted(0.02, 0..6_usize);
    let pinned = weighted(0.02, 0..6_usize);
    // One fact said twice, and the two contradict each other.
    let twice = weighted(0.04, (0..6_usize, 0..6_usize));
    let where_to = (named, pinned, twice).prop_map(|(named, pinned, twice)| match twice {
        Some((named, pinned)) => (Some(named), Some(pinned), true),
        None => (named, pinned, false),
    });
    (selector, terms, tolerations, weighted(0.15, neighbours()), where_to, extra(), extra()).prop_map(
        |(selector, terms, tolerations, neighbours, (named, pinned, is_twice), in_affinity, in_required)| {
            let mut spec = Map::new();
            if let Some(selector) = selector {
                let pair = |(key, values): (&str, Vec<String>)| (key.to_owned(), values[0].clone().into());
                spec.insert("nodeSelector".to_owned(), Value::Object(selector.into_iter().map(pair).collect()));
            }
            let mut affinity = neighbours.and_then(|n| n.as_object().cloned()).unwrap_or_default();
            let pin = |index| json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [format!("n{index}")]}]}]);
            let terms = terms.map(Value::from).filter(|_| !is_twice);
            if let Some(terms) = terms.or(pinned.map(pin)) {
                let mut required = in_required;
                required.insert("nodeSelectorTerms".to_owned(), terms);
                affinity.entry("nodeAffinity").or_insert_with(|| json!({}))["requiredDuringSchedulingIgnoredDuringExecution"] = required.into();
            }
            if !affinity.is_empty() {
                affinity.extend(in_affinity);
                spec.insert("affinity".to_owned(), affinity.into());
            }
            if let Some(tolerations) = tolerations {
                spec.insert("tolerations".to_owned(), tolerations.into());
            }
            if let Some(index) = named {
                spec.insert("nodeName".to_owned(), format!("n{index}").into());
            }
            spec
        },
    )
        .boxed()
}

/// Whether one field names the one node, as the controller of DaemonSets writes it.
pub fn is_pinned(spec: &Map<String, Value>) -> bool {
    let terms = spec.get("affinity").map(|a| {
        &a["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    });
    terms.is_some_and(|t| {
        t[0]["matchFields"][0]["operator"] == "In"
            && t[0].get("matchExpressions").is_none()
            && t.get(1).is_none()
    })
}
