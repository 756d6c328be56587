//! Nothing is gained by bending the terms of a finished pod: with every operator, with many keys, by fields, in more
//! terms. The fleet may grow after that, by nodes of any shape that bear whatever labels the pod asks for.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::api::list_of;
use super::boundaries;
use super::fleet::{self, Fleet, HOSTNAME};
use super::pods::Pod;
use super::policies;
use super::scene::{Scene, Verdict, cases, judge, scene, scene_on};
use super::shapes;
use super::sound;
use super::truth::{Kind, Truth};
use super::wants;

const REQUIRED: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// Those of Kubernetes, and some that are none.
const OPERATORS: [&str; 9] = [
    "In",
    "NotIn",
    "Exists",
    "DoesNotExist",
    "Gt",
    "Lt",
    "in",
    "Equals",
    "",
];

/// Labels that say what a node hands out, and one that says nothing.
const KEYS: [&str; 9] = [
    "nvidia.com/gpu.sharing-strategy",
    "nvidia.com/gpu.replicas",
    "nvidia.com/gpu.product",
    "nvidia.com/gpu.memory",
    "nvidia.com/gpu.count",
    "nvidia.com/mig-1g.10gb.replicas",
    "nvidia.com/mig-1g.10gb.sharing-strategy",
    "kubernetes.io/hostname",
    "nvidia.com/zzz",
];

const VALUES: [&str; 10] = [
    "none",
    "mps",
    "time-slicing",
    "1",
    "2",
    "4",
    "10",
    "1000000",
    "NVIDIA-L4",
    "NVIDIA-A100-SXM4-80GB-SHARED",
];

/// One change of a finished pod's terms.
#[derive(Clone, Debug)]
enum Bend {
    /// Another operator for a requirement that is there.
    Operator(Index, &'static str),
    /// A number that is listed becomes a bound.
    Bound(Index, &'static str),
    /// One more value for a requirement, before or behind the others.
    Value(Index, Index, bool),
    /// A requirement goes.
    Loosen(Index),
    /// One more requirement, beside the others.
    Require(Index, Value),
    /// One more term.
    Term(Value),
    /// One more term of so many keys with so many values each, of keys that say something or nothing.
    Wide(usize, usize, bool),
    /// The node selector says something as well.
    Select(&'static str, &'static str),
}

fn requirement() -> impl Strategy<Value = Value> {
    let values = vec(select(VALUES.to_vec()), 0..3);
    (select(KEYS.to_vec()), select(OPERATORS.to_vec()), values).prop_map(
        |(key, operator, values)| json!({"key": key, "operator": operator, "values": values}),
    )
}

fn term() -> impl Strategy<Value = Value> {
    let field = json!([{"key": "metadata.name", "operator": "NotIn", "values": ["nobody"]}]);
    let fields = select(vec![Value::Null, json!([]), field]);
    (vec(requirement(), 0..4), fields).prop_map(
        |(expressions, fields)| json!({"matchExpressions": expressions, "matchFields": fields}),
    )
}

fn bend() -> impl Strategy<Value = Bend> {
    let operator = || select(OPERATORS.to_vec());
    prop_oneof![
        3 => (any::<Index>(), operator()).prop_map(|(at, operator)| Bend::Operator(at, operator)),
        3 => (any::<Index>(), select(vec!["Gt", "Lt"])).prop_map(|(at, operator)| Bend::Bound(at, operator)),
        4 => (any::<Index>(), any::<Index>(), any::<bool>())
            .prop_map(|(at, value, is_first)| Bend::Value(at, value, is_first)),
        2 => any::<Index>().prop_map(Bend::Loosen),
        2 => (any::<Index>(), requirement()).prop_map(|(at, requirement)| Bend::Require(at, requirement)),
        2 => term().prop_map(Bend::Term),
        3 => (select(vec![(64, 2), (22, 8), (16, 16), (6, 4), (3, 3)]), any::<bool>())
            .prop_map(|((keys, values), is_known)| Bend::Wide(keys, values, is_known)),
        1 => (select(KEYS.to_vec()), select(VALUES.to_vec())).prop_map(|(key, value)| Bend::Select(key, value)),
    ]
}

impl Bend {
    fn apply(&self, pod: &mut Value) {
        if let Self::Select(key, value) = self {
            pod["spec"]["nodeSelector"][*key] = (*value).into();
            return;
        }
        let Some(terms) = pod.pointer_mut(REQUIRED).and_then(Value::as_array_mut) else {
            return;
        };
        match self {
            Self::Term(term) => terms.push(term.clone()),
            Self::Wide(keys, values, is_known) => terms.push(wide(*keys, *values, *is_known)),
            Self::Require(at, requirement) => {
                let at = at.index(terms.len().max(1));
                let list = terms
                    .get_mut(at)
                    .and_then(|t| t["matchExpressions"].as_array_mut());
                list.into_iter()
                    .for_each(|list| list.push(requirement.clone()));
            }
            Self::Operator(at, operator) => {
                edit(terms, *at, |r| r["operator"] = (*operator).into());
            }
            Self::Value(at, value, is_first) => edit(terms, *at, |r| {
                if let Some(values) = r["values"].as_array_mut() {
                    let value = like(values.first(), *value);
                    let at = if *is_first { 0 } else { values.len() };
                    values.insert(at, value.into());
                }
            }),
            Self::Bound(at, operator) => edit(terms, *at, |r| bound(r, operator)),
            Self::Loosen(at) => {
                let mut lists: Vec<&mut Vec<Value>> = terms
                    .iter_mut()
                    .filter_map(|t| t["matchExpressions"].as_array_mut())
                    .filter(|list| !list.is_empty())
                    .collect();
                if let Some(list) = lists.len().checked_sub(1).map(|_| at.index(lists.len())) {
                    let list = &mut lists[list];
                    let at = at.index(list.len());
                    list.remove(at);
                }
            }
            Self::Select(..) => {}
        }
    }
}

/// A number beside a number, and a word beside a word.
fn like(beside: Option<&Value>, which: Index) -> &'static str {
    let is_number = |text: &str| text.parse::<i64>().is_ok();
    let numbers = beside.and_then(Value::as_str).is_some_and(is_number);
    let values: Vec<_> = VALUES
        .into_iter()
        .filter(|v| is_number(v) == numbers)
        .collect();
    values[which.index(values.len())]
}

/// Changes one of all requirements.
fn edit(terms: &mut [Value], at: Index, change: impl FnOnce(&mut Value)) {
    let lists = terms
        .iter_mut()
        .filter_map(|t| t["matchExpressions"].as_array_mut());
    let mut all: Vec<&mut Value> = lists.flatten().collect();
    if !all.is_empty() {
        let at = at.index(all.len());
        change(all[at]);
    }
}

/// `In [4]` becomes `Gt [3]` or `Lt [5]`.
fn bound(requirement: &mut Value, operator: &str) {
    let number: Option<i64> = requirement["values"][0]
        .as_str()
        .and_then(|v| v.parse().ok());
    if let Some(number) = number {
        let bound = if operator == "Gt" {
            number - 1
        } else {
            number + 1
        };
        requirement["operator"] = operator.into();
        requirement["values"] = json!([bound.to_string()]);
    }
}

/// A term by which any node will do that bears these labels.
fn wide(keys: usize, values: usize, is_known: bool) -> Value {
    let values: Vec<String> = (0..values).map(|n| n.to_string()).collect();
    let key = |n: usize| match is_known {
        true => format!("nvidia.com/mig-{n}g.10gb.replicas"),
        false => format!("nvidia.com/k{n}"),
    };
    let expressions: Vec<Value> = (0..keys)
        .map(|n| json!({"key": key(n), "operator": "In", "values": values}))
        .collect();
    json!({"matchExpressions": expressions})
}

/// The fleet after more nodes have come, of which nobody can say anything but what their labels say, and which bear
/// whatever else the pod asks for.
fn grown(scene: &Scene, more: &Fleet, after: &Value) -> Fleet {
    let (_, more) = policies::joined(scene.policy.clone(), more.clone());
    let mut fleet = scene.fleet.clone();
    // Labels that lie are nobody's promise: a node whose offer cannot be told from them is not added.
    let told = |node: &&fleet::Node| {
        let is_honest = |t: &Truth| t.is_told && t.kind != Kind::Unknown;
        !node.is_pool && node.truth.values().all(is_honest)
    };
    for (index, node) in more.nodes.iter().filter(told).enumerate() {
        let mut node = node.clone();
        let name = format!("grown-{index}");
        if node.label(HOSTNAME).is_some() {
            node.json["metadata"]["labels"][HOSTNAME] = name.clone().into();
        }
        node.json["metadata"]["name"] = name.into();
        for term in after.pointer(REQUIRED).into_iter().flat_map(list_of) {
            for requirement in list_of(&term["matchExpressions"]) {
                let key = requirement["key"].as_str().unwrap_or_default();
                let value = requirement["values"][0].as_str().unwrap_or("1");
                if says_nothing(key) && node.label(key).is_none() {
                    node.json["metadata"]["labels"][key] = value.into();
                }
            }
        }
        fleet.nodes.push(node);
    }
    fleet
}

/// Labels that no shape of a node has, so that they may be put on any.
fn says_nothing(key: &str) -> bool {
    let known = ["nvidia.com/zzz", "nvidia.com/k"];
    known.iter().any(|beginning| key.starts_with(beginning))
        || key.starts_with("nvidia.com/mig-")
            && key.ends_with("g.10gb.replicas")
            && !key.contains("1g.10gb")
}

fn holds(scene: &Scene, verdict: &Verdict, more: &Fleet) -> Result<(), TestCaseError> {
    if verdict.is_denied() || verdict.strategy.is_none() {
        return Ok(());
    }
    let fleet = grown(scene, more, &verdict.after);
    let scene = Scene {
        fleet,
        ..scene.clone()
    };
    let told = |e: TestCaseError| {
        TestCaseError::fail(format!(
            "{e}\nforged {}\nafter {}",
            scene.pod.0, verdict.after
        ))
    };
    boundaries::is_closed(&scene, verdict).map_err(told)?;
    sound::is_sound(&scene, &wants::read(&scene), verdict).map_err(told)
}

/// Scenes in which boundaries are kept apart by either means, half of them each, and more nodes for later. In half of them
/// all nodes are of one model, so that a term that fits one nearly fits the others.
fn either() -> impl Strategy<Value = (Scene, Fleet)> {
    let alike = shapes::model().prop_flat_map(|model| {
        let fleet = |most| fleet::of_one_model(most, model);
        (scene_on(fleet(6)), fleet(8))
    });
    let any_fleet = (scene(6), fleet::fleet(8));
    (prop_oneof![alike, any_fleet], any::<bool>()).prop_map(|((mut scene, more), by_label)| {
        let by = if by_label {
            "node-label"
        } else {
            "pod-anti-affinity"
        };
        scene.policy["spec"]["placement"]["boundary"] = by.into();
        (scene, more)
    })
}

proptest! {
    #![proptest_config(cases(512))]

    /// What is admitted at first holds on whatever fleet comes later, and so does what is admitted once it was bent.
    #[test]
    fn no_term_is_believed((scene, more) in either(), bends in vec(bend(), 1..4)) {
        let world = scene.world();
        let first = judge(&world, &scene.pod.0)?;
        if first.is_denied() || first.strategy.is_none() {
            return Ok(());
        }
        holds(&scene, &first, &more)?;
        let mut forged = first.after.clone();
        bends.iter().for_each(|bend| bend.apply(&mut forged));
        let second = judge(&world, &forged)?;
        holds(&Scene { pod: Pod(forged), ..scene }, &second, &more)?;
    }
}
