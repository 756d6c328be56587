//! The scheduler's rules, as far as they decide where a pod may run and beside whom.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api::{self, list_of, members_of, milli};
use super::fleet::{Fleet, Node};

/// How long a container of a pod runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Init,
    Sidecar,
    Main,
}

/// A pod's containers in their order, init containers first.
pub fn roles(pod: &Value) -> impl Iterator<Item = (Role, &Value)> {
    let init = |container: &Value| match container["restartPolicy"] == "Always" {
        true => Role::Sidecar,
        false => Role::Init,
    };
    let inits = list_of(&pod["spec"]["initContainers"]);
    let mains = list_of(&pod["spec"]["containers"]);
    inits
        .map(move |c| (init(c), c))
        .chain(mains.map(|c| (Role::Main, c)))
}

/// What a node has to have free: the sum of what runs at once, or what an init container needs beside the sidecars before it.
pub fn effective<'n>(
    asks: impl IntoIterator<Item = (Role, &'n str, i128)>,
) -> BTreeMap<&'n str, i128> {
    let mut amounts: BTreeMap<&str, [i128; 3]> = BTreeMap::new();
    for (role, name, amount) in asks {
        let [running, peak, sidecars] = amounts.entry(name).or_default();
        match role {
            Role::Main => *running += amount,
            Role::Sidecar => {
                *sidecars += amount;
                *peak = (*peak).max(*sidecars);
            }
            Role::Init => *peak = (*peak).max(*sidecars + amount),
        }
    }
    let need = |[running, peak, sidecars]: [i128; 3]| peak.max(running + sidecars);
    amounts
        .into_iter()
        .map(|(name, amount)| (name, need(amount)))
        .collect()
}

/// What a container asks for under one name, in thousandths.
fn asked(container: &Value) -> impl Iterator<Item = (&str, i128)> {
    let resources = &container["resources"];
    let names = ["limits", "requests"]
        .into_iter()
        .flat_map(move |part| members_of(&resources[part]).map(move |(n, q)| (part, n, q)));
    names
        .filter(move |(part, name, _)| {
            *part == "limits" || resources["limits"].get(name.as_str()).is_none()
        })
        .filter(|(_, name, _)| name.contains('/'))
        .map(|(_, name, quantity)| (name.as_str(), milli(quantity).unwrap_or(i128::MAX / 4)))
}

/// A container's GPU resources above 0, in thousandths.
pub fn gpus(container: &Value) -> BTreeMap<&str, i128> {
    asked(container)
        .filter(|(name, amount)| api::is_gpu(name) && *amount != 0)
        .collect()
}

fn need(pod: &Value) -> BTreeMap<&str, i128> {
    effective(roles(pod).flat_map(|(role, container)| {
        asked(container).map(move |(name, amount)| (role, name, amount))
    }))
}

/// Nodes the pod can be put on: the one it names, to which the API server binds it whatever else it says, or those that an
/// empty cluster's scheduler would take, some day: cordons and failing conditions pass.
pub fn landing<'f>(pod: &Value, fleet: &'f Fleet) -> Vec<&'f Node> {
    let need = need(pod);
    let fits = |node: &&Node| {
        let has = |(name, amount): (&&str, &i128)| {
            // Network cards are everywhere; only GPUs are counted here.
            !api::is_gpu(name)
                || node.json["status"]["allocatable"]
                    .get(*name)
                    .and_then(milli)
                    .unwrap_or(0)
                    >= *amount
        };
        let is_taken = match named(pod) {
            Some(name) => name == node.name(),
            None => selects(pod, node) && tolerates(pod, node),
        };
        is_taken && need.iter().all(has)
    };
    fleet.nodes.iter().filter(fits).collect()
}

/// What is free on nodes once pods are bound there.
pub fn is_room(pods: &[&Value], pod: &Value, node: &Node) -> bool {
    let needs: Vec<_> = pods.iter().map(|p| need(p)).collect();
    let used = |name: &str| needs.iter().filter_map(|n| n.get(name)).sum::<i128>();
    let has = |name: &str| {
        node.json["status"]["allocatable"]
            .get(name)
            .and_then(milli)
            .unwrap_or(0)
    };
    need(pod)
        .iter()
        .all(|(name, amount)| !api::is_gpu(name) || used(name) + amount <= has(name))
}

/// The node that a pod names.
fn named(pod: &Value) -> Option<&str> {
    pod["spec"]["nodeName"].as_str().filter(|n| !n.is_empty())
}

/// Node name, selector and required affinity.
pub fn selects(pod: &Value, node: &Node) -> bool {
    let spec = &pod["spec"];
    let selected =
        members_of(&spec["nodeSelector"]).all(|(key, value)| node.label(key) == value.as_str());
    let required =
        &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let mut terms = list_of(&required["nodeSelectorTerms"]);
    named(pod).is_none_or(|n| n == node.name())
        && selected
        && (required.is_null() || terms.any(|term| term_matches(term, node)))
}

fn term_matches(term: &Value, node: &Node) -> bool {
    let (expressions, fields) = (&term["matchExpressions"], &term["matchFields"]);
    let none = |list: &Value| list_of(list).next().is_none();
    let by_name = |key: &str| (key == "metadata.name").then(|| node.name());
    !(none(expressions) && none(fields))
        && list_of(expressions).all(|e| requirement_holds(e, &|key| node.label(key)))
        && list_of(fields).all(|f| requirement_holds(f, &by_name))
}

fn requirement_holds<'l>(requirement: &Value, look: &dyn Fn(&str) -> Option<&'l str>) -> bool {
    let have = look(requirement["key"].as_str().unwrap_or_default());
    let is_listed = || have.is_some_and(|have| list_of(&requirement["values"]).any(|v| v == have));
    let numbers = || {
        Some((
            have?.parse::<i64>().ok()?,
            requirement["values"][0].as_str()?.parse::<i64>().ok()?,
        ))
    };
    // What `labels.NewRequirement` does not take matches nothing.
    let values = list_of(&requirement["values"]).count();
    match (requirement["operator"].as_str().unwrap_or_default(), values) {
        ("In", 1..) => is_listed(),
        ("NotIn", 1..) => !is_listed(),
        ("Exists", 0) => have.is_some(),
        ("DoesNotExist", 0) => have.is_none(),
        ("Gt", 1) => numbers().is_some_and(|(have, want)| have > want),
        ("Lt", 1) => numbers().is_some_and(|(have, want)| have < want),
        _ => false,
    }
}

/// Whether the pod tolerates what stays on the node; a pod that names its node is not asked.
pub fn tolerates(pod: &Value, node: &Node) -> bool {
    named(pod).is_some()
        || lasting_taints(node)
            .all(|taint| list_of(&pod["spec"]["tolerations"]).any(|t| covers(t, taint)))
}

/// Taints that keep pods off and do not come and go with a condition.
pub fn lasting_taints(node: &Node) -> impl Iterator<Item = &Value> {
    list_of(&node.json["spec"]["taints"]).filter(|taint| {
        let passes = taint["key"]
            .as_str()
            .is_some_and(|k| k.starts_with("node.kubernetes.io/"));
        !passes && (taint["effect"] == "NoSchedule" || taint["effect"] == "NoExecute")
    })
}

/// Whether a toleration covers a taint.
pub fn covers(toleration: &Value, taint: &Value) -> bool {
    let own = |key: &str| toleration[key].as_str().unwrap_or_default();
    let theirs = |key: &str| taint[key].as_str().unwrap_or_default();
    let exists = own("operator") == "Exists";
    let effect = own("effect").is_empty() || own("effect") == theirs("effect");
    let key = own("key") == theirs("key") && (exists || own("value") == theirs("value"));
    effect && (key || own("key").is_empty() && exists)
}

/// Whether required anti-affinity of either keeps two pods off one node.
pub fn conflict(a: &Value, b: &Value, node: &Node) -> bool {
    repels(a, b, node) || repels(b, a, node)
}

fn repels(pod: &Value, other: &Value, node: &Node) -> bool {
    let mut terms = list_of(
        &pod["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"],
    );
    terms.any(|term| {
        let placed = term["topologyKey"]
            .as_str()
            .is_some_and(|key| node.label(key).is_some());
        let mut names = list_of(&term["namespaces"]).peekable();
        let selector = &term["namespaceSelector"];
        let own = |meta: &Value| meta["metadata"]["namespace"].clone();
        let inside = match names.peek().is_none() && selector.is_null() {
            true => own(pod) == own(other),
            // Namespaces of these tests have no labels but their name.
            false => {
                names.any(|n| *n == own(other))
                    || selector
                        .as_object()
                        .is_some_and(|s| s.values().all(is_empty))
            }
        };
        placed && inside && pod_matches(&term["labelSelector"], other)
    })
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_none_or(Vec::is_empty)
        && value.as_object().is_none_or(serde_json::Map::is_empty)
}

fn pod_matches(selector: &Value, pod: &Value) -> bool {
    let labels = &pod["metadata"]["labels"];
    !selector.is_null()
        && members_of(&selector["matchLabels"]).all(|(key, value)| labels.get(key) == Some(value))
        && list_of(&selector["matchExpressions"])
            .all(|e| requirement_holds(e, &|key| labels.get(key)?.as_str()))
}
