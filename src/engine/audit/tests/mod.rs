//! Tables of pods on nodes: who is covered, why not, and what is a breach.

mod breaches;
mod cover;

use std::collections::HashMap;

use super::{Audit, PlacedPod, boundaries};
use crate::config::{fleet, policy};
use crate::engine::{ClusterState, NamespaceView, Namespaces};
use crate::facts::Pod;

const NODES: &str = r#"{"apiVersion":"v1","kind":"List","items":[
 {"apiVersion":"v1","kind":"Node","metadata":{"name":"mps","labels":{"kubernetes.io/hostname":"mps",
  "slicegate.node-restriction.kubernetes.io/trust-boundary":"team-a",
  "nvidia.com/gpu.product":"NVIDIA-L40S","nvidia.com/gpu.count":"1","nvidia.com/gpu.replicas":"4",
  "nvidia.com/gpu.sharing-strategy":"mps","nvidia.com/gpu.memory":"46068","nvidia.com/gpu.compute.major":"8",
  "nvidia.com/gpu.compute.minor":"9"}},"status":{"allocatable":{"nvidia.com/gpu.shared":"4"}}},
 {"apiVersion":"v1","kind":"Node","metadata":{"name":"nameless","labels":{
  "nvidia.com/gpu.product":"NVIDIA-L40S","nvidia.com/gpu.count":"1","nvidia.com/gpu.replicas":"4",
  "nvidia.com/gpu.sharing-strategy":"mps","nvidia.com/gpu.memory":"46068","nvidia.com/gpu.compute.major":"8",
  "nvidia.com/gpu.compute.minor":"9"}},"status":{"allocatable":{"nvidia.com/gpu.shared":"4"}}},
 {"apiVersion":"v1","kind":"Node","metadata":{"name":"whole","labels":{"kubernetes.io/hostname":"whole",
  "nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3","nvidia.com/gpu.count":"8","nvidia.com/gpu.replicas":"1",
  "nvidia.com/gpu.sharing-strategy":"none","nvidia.com/gpu.memory":"81559"}},
  "status":{"allocatable":{"nvidia.com/gpu":"8"}}},
 {"apiVersion":"v1","kind":"Node","metadata":{"name":"sliced","labels":{"kubernetes.io/hostname":"sliced",
  "nvidia.com/gpu.product":"NVIDIA-A100-SXM4-80GB","nvidia.com/gpu.count":"1","nvidia.com/gpu.replicas":"0",
  "nvidia.com/mig-1g.10gb.product":"NVIDIA-A100-SXM4-80GB-MIG-1g.10gb","nvidia.com/mig-1g.10gb.replicas":"1",
  "nvidia.com/mig-1g.10gb.sharing-strategy":"none","nvidia.com/mig-1g.10gb.memory":"9728"}},
  "status":{"allocatable":{"nvidia.com/mig-1g.10gb":"7"}}},
 {"apiVersion":"v1","kind":"Node","metadata":{"name":"silent","labels":{"kubernetes.io/hostname":"silent"}},
  "status":{"allocatable":{"nvidia.com/gpu":"1"}}}]}"#;

/// `team-a`, `team-b` and its member `guest` enforce, `play` enforces for anybody, `trial` is in dry-run, `off`
/// and `claims` are off.
fn namespaces() -> Namespaces {
    let view = |mode: &str, tier: Option<&str>, boundary: Option<&str>| NamespaceView {
        mode: Some(mode.to_owned()),
        tier: tier.map(str::to_owned),
        trust_boundary: boundary.map(str::to_owned),
        ..NamespaceView::default()
    };
    let views = [
        ("team-a", view("enforce", None, None)),
        ("team-b", view("enforce", None, None)),
        ("play", view("enforce", Some("development"), None)),
        ("trial", view("dry-run", None, None)),
        ("off", view("off", None, None)),
        ("claims", view("off", None, Some("team-a"))),
        ("guest", view("enforce", None, Some("team-b"))),
    ];
    let mut views = HashMap::from(views.map(|(n, v)| (n.to_owned(), v)));
    if let Some(host) = views.get_mut("team-b") {
        host.boundary_members = vec!["guest".to_owned()];
    }
    if let Some(guest) = views.get_mut("guest") {
        guest.allowed_tiers = Some(vec!["production".to_owned()]);
    }
    Namespaces::known(views)
}

/// Under the built-in policy with a line of its `spec` replaced.
fn state_with(change: (&str, &str)) -> ClusterState {
    let text = policy::DEFAULT_TEXT.replace(change.0, change.1);
    let policy = policy::read("policy", &text).unwrap();
    let nodes = fleet::nodes("nodes", &crate::config::documents::parse("nodes", NODES));
    let supply = fleet::supply(nodes.unwrap(), &policy);
    ClusterState::new(policy, supply, namespaces())
}

fn state() -> ClusterState {
    state_with(("", ""))
}

/// A pod in a few words: `namespace node resource` and, each where there is one, `label=`, `receipt=`, `strategy=`,
/// what it asks by now, `part=` and `tier=`, and `terms`, `named`, `static` and `scheduler=`.
struct Told<'t> {
    namespace: &'t str,
    node: &'t str,
    json: String,
    named: bool,
}

fn told(line: &str) -> Told<'_> {
    let words: Vec<&str> = line.split(' ').collect();
    let value = |key: &str| words.iter().find_map(|w| w.strip_prefix(key));
    let has = |word: &str| words.contains(&word);
    let label = value("label=");
    let map = |pairs: &[(&str, Option<String>)]| {
        let pairs = pairs
            .iter()
            .filter_map(|(key, value)| Some((*key, value.as_ref()?)));
        serde_json::to_string(&pairs.collect::<HashMap<_, _>>()).unwrap()
    };
    let text = |key: &str| value(key).map(str::to_owned);
    let labels = map(&[
        ("slicegate.dev/trust-boundary", text("label=")),
        ("slicegate.dev/strategy", text("strategy=")),
    ]);
    let receipt =
        value("receipt=").map(|boundary| format!(r#"{{"boundary":"{boundary}","from":{{}}}}"#));
    let annotations = map(&[
        ("slicegate.dev/decision", receipt),
        ("slicegate.dev/trust-boundary", text("part=")),
        ("slicegate.dev/tier", text("tier=")),
        (
            "kubernetes.io/config.mirror",
            has("static").then(|| "x".to_owned()),
        ),
    ]);
    let term = match (has("terms"), label) {
        (true, Some(own)) => format!(
            r#"{{"topologyKey":"kubernetes.io/hostname","namespaceSelector":{{}},"labelSelector":{{"matchExpressions":[
            {{"key":"slicegate.dev/trust-boundary","operator":"Exists"}},
            {{"key":"slicegate.dev/trust-boundary","operator":"NotIn","values":["{own}"]}}]}}}}"#
        ),
        _ => String::new(),
    };
    let scheduler = value("scheduler=").unwrap_or("default-scheduler");
    let json = format!(
        r#"{{"metadata":{{"labels":{labels},"annotations":{annotations}}},"spec":{{"schedulerName":"{scheduler}",
        "affinity":{{"podAntiAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":[{term}]}}}},
        "containers":[{{"name":"main","resources":{{"limits":{{"nvidia.com/{}":"1"}}}}}}]}}}}"#,
        words[2]
    );
    Told {
        namespace: words[0],
        node: words[1],
        json,
        named: has("named"),
    }
}

fn look<T>(state: &ClusterState, lines: &[&str], look: impl FnOnce(&Audit<'_>) -> T) -> T {
    let told: Vec<Told<'_>> = lines.iter().map(|l| told(l)).collect();
    let pods: Vec<Pod<'_>> = told
        .iter()
        .map(|t| serde_json::from_str(&t.json).unwrap())
        .collect();
    let placed: Vec<PlacedPod<'_>> = told
        .iter()
        .zip(&pods)
        .map(|(t, pod)| PlacedPod {
            namespace: t.namespace,
            name: "pod",
            node: t.node,
            names_its_node: t.named,
            pod,
        })
        .collect();
    look(&boundaries(state, &placed))
}
