//! What the API server does to pods, and what it refuses: facts of Kubernetes, nothing of the product.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use slicegate::simulate::Role;

use super::exact::Exact;

pub fn is_gpu(resource: &str) -> bool {
    resource == "nvidia.com/gpu"
        || resource == "nvidia.com/gpu.shared"
        || resource.starts_with("nvidia.com/mig-")
}

/// Init containers, then containers.
pub fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers"]
        .into_iter()
        .flat_map(|list| list_of(&pod["spec"][list]))
}

/// A pod's containers in their order, init containers first.
pub fn roles(pod: &Value) -> impl Iterator<Item = (Role, &Value)> {
    let init = |container: &Value| {
        if container["restartPolicy"] == "Always" {
            Role::Sidecar
        } else {
            Role::Init
        }
    };
    let inits = list_of(&pod["spec"]["initContainers"]);
    let mains = list_of(&pod["spec"]["containers"]);
    inits
        .map(move |c| (init(c), c))
        .chain(mains.map(|c| (Role::Main, c)))
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
        .filter(|(name, amount)| is_gpu(name) && *amount != 0)
        .collect()
}

pub fn list_of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub fn members_of(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Whether limits or requests say how many `nvidia.com/gpu` there are, if only 0.
pub fn names_gpu(resources: &Value) -> bool {
    let mut parts = ["limits", "requests"].into_iter();
    parts.any(|part| {
        resources
            .get(part)
            .is_some_and(|list| list.get("nvidia.com/gpu").is_some())
    })
}

/// Thousandths of a quantity, rounded up; none where it is no quantity.
pub fn milli(value: &Value) -> Option<i128> {
    let exact = Exact::quantity(value.as_str()?)?;
    let amount = i128::try_from(exact.outward_small(3)).ok()?;
    Some(if exact.negative { -amount } else { amount })
}

/// Canonical counts, and requests filled from limits, as every pod is stored.
pub fn defaulted(pod: &Value) -> Value {
    let mut pod = pod.clone();
    for list in ["initContainers", "containers"] {
        for container in pod["spec"]
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(resources) = container
                .get_mut("resources")
                .and_then(Value::as_object_mut)
            {
                fill(resources);
            }
        }
    }
    pod
}

fn fill(resources: &mut Map<String, Value>) {
    for part in ["limits", "requests"] {
        for (name, value) in resources
            .get_mut(part)
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            if let Some(milli) = milli(value).filter(|_| name.contains('/')) {
                *value = match milli % 1000 {
                    0 => (milli / 1000).to_string().into(),
                    _ => format!("{milli}m").into(),
                };
            }
        }
    }
    let Some(limits) = resources.get("limits").and_then(Value::as_object).cloned() else {
        return;
    };
    let requests = resources.entry("requests").or_insert(Value::Null);
    if requests.is_null() {
        *requests = Value::Object(Map::new());
    }
    if let Some(requests) = requests.as_object_mut() {
        for (name, value) in limits {
            requests.entry(name).or_insert(value);
        }
    }
}

/// Whatever the API server would refuse in a stored pod, as far as a rewrite could cause it.
pub fn faults(pod: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut add = |fault: String| faults.push(fault);
    for container in containers(pod) {
        resource_faults(container, &mut add);
        for variable in list_of(&container["env"]) {
            let has = |key: &str| variable.get(key).is_some_and(|v| !v.is_null());
            if variable["name"].as_str().is_none_or(str::is_empty)
                || has("value") && has("valueFrom")
            {
                add(format!("env {variable}"));
            }
        }
    }
    for (key, value) in members_of(&pod["metadata"]["labels"]) {
        if !is_qualified(key) || !value.as_str().is_some_and(is_label_value) {
            add(format!("label {key}={value}"));
        }
    }
    for (key, value) in members_of(&pod["metadata"]["annotations"]) {
        if !is_qualified(&key.to_lowercase()) || !value.is_string() {
            add(format!("annotation {key}={value}"));
        }
    }
    let affinity = &pod["spec"]["affinity"];
    let required = &affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    if !required.is_null() {
        if list_of(&required["nodeSelectorTerms"]).next().is_none() {
            add("required node affinity without terms".to_owned());
        }
        for term in list_of(&required["nodeSelectorTerms"]) {
            list_of(&term["matchExpressions"]).for_each(|e| requirement_faults(e, &mut add));
            for field in list_of(&term["matchFields"]) {
                requirement_faults(field, &mut add);
                let values: Vec<&str> = list_of(&field["values"])
                    .filter_map(Value::as_str)
                    .collect();
                let one_node = matches!(values.as_slice(), [name] if is_subdomain(name));
                if field["key"] != "metadata.name"
                    || !one_node
                    || !["In", "NotIn"].iter().any(|o| field["operator"] == *o)
                {
                    add(format!("field {field}"));
                }
            }
        }
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let terms = list_of(&affinity[kind]["requiredDuringSchedulingIgnoredDuringExecution"]);
        terms.for_each(|term| pod_term_faults(term, &mut add));
        for weighted in list_of(&affinity[kind]["preferredDuringSchedulingIgnoredDuringExecution"])
        {
            if !weighted["weight"]
                .as_i64()
                .is_some_and(|w| (1..=100).contains(&w))
            {
                add(format!("weight {weighted}"));
            }
            pod_term_faults(&weighted["podAffinityTerm"], &mut add);
        }
    }
    for toleration in list_of(&pod["spec"]["tolerations"]) {
        let exists = toleration["operator"] == "Exists";
        let text = |key: &str| toleration[key].as_str().unwrap_or_default();
        let effect = ["", "NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&text("effect"));
        let timed = toleration.get("tolerationSeconds").is_some() && text("effect") != "NoExecute";
        if !effect
            || timed
            || exists && !text("value").is_empty()
            || !exists && text("key").is_empty()
        {
            add(format!("toleration {toleration}"));
        }
    }
    faults
}

fn resource_faults(container: &Value, add: &mut dyn FnMut(String)) {
    let [limits, requests] = ["limits", "requests"].map(|part| &container["resources"][part]);
    for (name, quantity) in members_of(limits)
        .chain(members_of(requests))
        .filter(|(n, _)| n.contains('/'))
    {
        let amount = milli(quantity);
        if amount.is_none_or(|m| m < 0 || m % 1000 != 0) {
            add(format!(
                "{}: {name}: {quantity} is no count",
                container["name"]
            ));
        }
        if limits.get(name).and_then(milli) != requests.get(name).and_then(milli) {
            add(format!(
                "{}: limit and request of {name} differ",
                container["name"]
            ));
        }
    }
}

fn requirement_faults(requirement: &Value, add: &mut dyn FnMut(String)) {
    let values: Vec<&str> = list_of(&requirement["values"])
        .filter_map(Value::as_str)
        .collect();
    let fits = match requirement["operator"].as_str().unwrap_or_default() {
        "In" | "NotIn" => !values.is_empty(),
        "Exists" | "DoesNotExist" => values.is_empty(),
        "Gt" | "Lt" => matches!(values.as_slice(), [one] if one.parse::<i64>().is_ok()),
        _ => false,
    };
    if !fits
        || !requirement["key"].as_str().is_some_and(is_qualified)
        || !values.iter().all(|v| is_label_value(v))
    {
        add(format!("requirement {requirement}"));
    }
}

fn pod_term_faults(term: &Value, add: &mut dyn FnMut(String)) {
    let selector = &term["labelSelector"];
    let labels = members_of(&selector["matchLabels"]);
    let mut fits = term["topologyKey"].as_str().is_some_and(is_qualified);
    fits &= labels
        .into_iter()
        .all(|(k, v)| is_qualified(k) && v.as_str().is_some_and(is_label_value));
    if !fits {
        add(format!("pod affinity term {term}"));
    }
    list_of(&selector["matchExpressions"]).for_each(|e| requirement_faults(e, add));
}

fn is_inner(byte: u8, more: &[u8]) -> bool {
    byte.is_ascii_alphanumeric() || more.contains(&byte)
}

fn is_name(text: &str, more: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| is_inner(*b, more))
}

/// A label's value.
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text, b"-_.")
}

fn is_subdomain(text: &str) -> bool {
    let part = |p: &str| is_name(p, b"-") && !p.bytes().any(|b| b.is_ascii_uppercase());
    text.len() <= 253 && text.split('.').all(part)
}

fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name, b"-_."),
        None => is_name(key, b"-_."),
    }
}
