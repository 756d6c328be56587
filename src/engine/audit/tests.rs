//! Tables of pods on nodes: who is covered, why not, and what is a breach.

use std::collections::HashMap;

use super::{Adoption, Audit, Holding, Judge, Placed, adoption, boundaries};
use crate::config::{fleet, policy};
use crate::engine::{NamespaceView, Namespaces, Policy, Strategy, Supply};
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

/// `team-a`, `team-b` and its member `guest` enforce, `play` does for whoever likes, `trial` rehearses, `off` and
/// `claims` are off.
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
    Namespaces::known(views)
}

struct World {
    policy: Policy,
    supply: Supply,
    namespaces: Namespaces,
}

impl World {
    /// Under the built-in policy with a line of its `spec` replaced.
    fn with(change: (&str, &str)) -> Self {
        let text = policy::DEFAULT_TEXT.replace(change.0, change.1);
        let policy = policy::read("policy", &text).unwrap();
        let nodes = fleet::nodes("nodes", crate::config::documents::parse("nodes", NODES));
        Self {
            supply: fleet::supply(nodes.unwrap(), &policy),
            namespaces: namespaces(),
            policy,
        }
    }

    fn new() -> Self {
        Self::with(("", ""))
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            policy: &self.policy,
            supply: &self.supply,
            namespaces: &self.namespaces,
        }
    }
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

fn look<T>(world: &World, lines: &[&str], look: impl FnOnce(&Audit<'_>) -> T) -> T {
    let told: Vec<Told<'_>> = lines.iter().map(|l| told(l)).collect();
    let pods: Vec<Pod<'_>> = told
        .iter()
        .map(|t| serde_json::from_str(&t.json).unwrap())
        .collect();
    let placed: Vec<Placed<'_>> = told
        .iter()
        .zip(&pods)
        .map(|(t, pod)| Placed {
            namespace: t.namespace,
            name: "pod",
            node: t.node,
            names_its_node: t.named,
            pod,
        })
        .collect();
    look(&boundaries(&world.judge(), &placed))
}

/// The reasons why the one pod of a line is not covered.
fn gaps(world: &World, line: &str) -> Vec<&'static str> {
    look(world, &[line], |audit| {
        let pods = audit.pods.iter();
        pods.flat_map(|p| p.gaps.iter().map(|g| g.why.word()))
            .collect()
    })
}

#[test]
fn every_way_out_of_the_guarantee_has_its_reason() {
    let world = World::new();
    for (line, expected) in [
        ("team-a mps gpu.shared label=team-a terms", &[][..]),
        // Whoever comes later has the terms, and keeps away from the label.
        ("team-a mps gpu.shared label=team-a", &[]),
        ("team-a whole gpu label=team-a", &[]),
        (
            "team-a sliced mig-1g.10gb label=team-a scheduler=other named",
            &[],
        ),
        ("play mps gpu.shared label=ANY terms", &[]),
        ("off mps gpu.shared", &["namespace-off"]),
        ("nowhere mps gpu.shared", &["namespace-off"]),
        ("off whole gpu", &["namespace-off"]),
        ("trial mps gpu.shared", &["namespace-dry-run"]),
        ("team-a mps gpu.shared", &["before-opt-in"]),
        (
            "team-b mps gpu.shared label=team-a terms",
            &["label-differs"],
        ),
        ("off mps gpu.shared label=team-a", &["label-differs"]),
        ("off mps gpu.shared label=off.part", &[]),
        // Every tier is allowed there, those for anybody too.
        ("team-a mps gpu.shared label=ANY", &[]),
        (
            "team-a mps gpu.shared label=team-a receipt=team-b",
            &["label-differs"],
        ),
        (
            "team-a mps gpu.shared label=team-a receipt=",
            &["label-differs"],
        ),
        // Whom the bearer of the name lists.
        ("guest mps gpu.shared label=team-b receipt=team-b", &[]),
        // The bearer of the name did not agree.
        ("claims mps gpu.shared label=team-a", &["label-differs"]),
        ("team-a mps gpu.shared static", &["static-pod"]),
        (
            "team-a mps gpu.shared label=team-a terms named",
            &["node-name"],
        ),
        (
            "team-a mps gpu.shared label=team-a terms scheduler=volcano",
            &["other-scheduler"],
        ),
        (
            "team-a nameless gpu.shared label=team-a terms",
            &["no-hostname"],
        ),
        ("team-a silent gpu label=team-a terms", &["node-unknown"]),
        ("team-a lost gpu label=team-a terms", &["node-unknown"]),
        ("team-a mps gpu label=team-a", &["resource-gone"]),
        // The name stayed and what is behind it did not.
        (
            "team-a whole gpu label=team-a strategy=time-slicing",
            &["resource-gone"],
        ),
        (
            "off silent gpu named scheduler=volcano",
            &[
                "namespace-off",
                "node-name",
                "other-scheduler",
                "node-unknown",
            ],
        ),
    ] {
        assert_eq!(gaps(&world, line), expected, "{line}");
    }
}

#[test]
fn a_label_alone_is_not_enough_where_others_get_no_more_than_that() {
    for change in [
        ("outsiders: none", "outsiders: label"),
        ("foreignSharing: []", "foreignSharing: [hami]"),
    ] {
        let world = World::with(change);
        let of = |line| gaps(&world, line);
        assert_eq!(
            of("team-a mps gpu.shared label=team-a"),
            ["no-terms"],
            "{change:?}"
        );
        assert_eq!(of("team-a mps gpu.shared label=team-a terms"), [""; 0]);
        assert_eq!(of("team-a whole gpu label=team-a"), [""; 0]);
    }
}

#[test]
fn with_node_labels_it_is_the_nodes_own_that_counts() {
    let world = World::with(("boundary: pod-anti-affinity", "boundary: node-label"));
    let of = |line| gaps(&world, line);
    assert_eq!(of("team-a mps gpu.shared label=team-a"), [""; 0]);
    assert_eq!(of("team-b mps gpu.shared label=team-b"), ["node-label"]);
    assert_eq!(
        of("team-a nameless gpu.shared label=team-a"),
        ["no-hostname", "node-label"]
    );
}

#[test]
fn what_a_pod_holds_is_what_its_node_sells() {
    let world = World::new();
    for (line, expected) in [
        ("off mps gpu.shared", Holding::Share(Strategy::Mps)),
        ("off whole gpu", Holding::Whole),
        ("off sliced mig-1g.10gb", Holding::Slice),
        ("off mps gpu", Holding::Gone { shares_now: true }),
        ("off whole gpu.shared", Holding::Gone { shares_now: false }),
        ("team-a whole gpu strategy=exclusive", Holding::Whole),
        (
            "team-a whole gpu strategy=time-slicing",
            Holding::Gone { shares_now: false },
        ),
    ] {
        let found = look(&world, &[line], |audit| audit.pods[0].holds);
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn a_breach_is_two_boundaries_on_one_node_where_one_of_them_was_promised_none() {
    let world = World::new();
    let a = "team-a mps gpu.shared label=team-a terms";
    for (lines, expected) in [
        (&[a, "team-b mps gpu.shared label=team-b terms"][..], true),
        (&[a, "team-b nameless gpu.shared label=team-b terms"], false),
        (&[a, a], false),
        (&[a, "play mps gpu.shared label=ANY"], true),
        (
            &[
                "play mps gpu.shared label=ANY",
                "play mps gpu.shared label=ANY",
            ],
            false,
        ),
        // Without a label, beside one.
        (&[a, "off mps gpu.shared"], true),
        (&[a, "team-b mps gpu.shared"], true),
        (&[a, "team-a mps gpu.shared"], false),
        // Who forges a label is of his own boundary all the same.
        (&[a, "team-b mps gpu.shared label=team-a"], true),
        // Nobody opted in; then somebody did.
        (&["off mps gpu.shared", "nowhere mps gpu.shared"], false),
        (&["off mps gpu.shared", "team-a mps gpu.shared"], true),
        // What a stamp says counts, not what its author asks by now, nor what another author could.
        (
            &[
                a,
                "team-a mps gpu.shared label=team-a receipt=team-a part=x",
            ],
            false,
        ),
        (&[a, "team-a mps gpu.shared label=team-a part=x"], false),
        (
            &[a, "team-a mps gpu.shared label=team-a tier=development"],
            false,
        ),
        (
            &[a, "team-a mps gpu.shared label=team-a.x receipt=team-a.x"],
            true,
        ),
        (
            &[a, "play mps gpu.shared label=ANY receipt=ANY tier=batch"],
            true,
        ),
        (
            &[
                "play mps gpu.shared label=ANY receipt=ANY tier=batch",
                "play mps gpu.shared label=ANY",
            ],
            false,
        ),
        (
            &[
                a,
                "team-a mps gpu.shared label=team-a receipt=team-b part=x",
            ],
            true,
        ),
        // Only who may have it now is of it, whatever his stamp says.
        (
            &[
                "team-b mps gpu.shared label=team-b",
                "guest mps gpu.shared label=team-b receipt=team-b",
            ],
            false,
        ),
        (
            &[a, "claims mps gpu.shared label=team-a receipt=team-a"],
            true,
        ),
        (
            &[a, "guest mps gpu.shared label=team-a receipt=team-a"],
            true,
        ),
        // Whole devices and slices have no neighbours.
        (
            &[
                "team-a whole gpu label=team-a",
                "team-b whole gpu label=team-b",
            ],
            false,
        ),
        (
            &[
                "team-a sliced mig-1g.10gb label=team-a",
                "off sliced mig-1g.10gb",
            ],
            false,
        ),
        // The node was changed under a whole device, which others may be handed now.
        (&[a, "team-b mps gpu label=team-b"], true),
    ] {
        assert_eq!(breach(&world, lines), expected.then_some(true), "{lines:?}");
    }
}

#[test]
fn two_boundaries_of_which_nobody_can_say_whether_they_share_are_a_possible_breach() {
    let world = World::new();
    let a = "team-a silent gpu label=team-a";
    for (lines, expected) in [
        (&[a, "team-b silent gpu label=team-b"][..], true),
        (&[a, "off silent gpu"], true),
        (&["team-a lost gpu label=team-a", "off lost gpu"], true),
        (&[a, a], false),
        (&[a, "team-b lost gpu label=team-b"], false),
        (&["off silent gpu", "nowhere silent gpu"], false),
        // The node sold shares when they came, and whole devices by now.
        (
            &[
                "team-a whole gpu.shared label=team-a",
                "team-b whole gpu.shared label=team-b",
            ],
            true,
        ),
        (
            &[
                "team-a whole gpu label=team-a strategy=time-slicing",
                "team-b whole gpu label=team-b strategy=time-slicing",
            ],
            true,
        ),
        (
            &[
                "team-a whole gpu label=team-a strategy=time-slicing",
                "team-b whole gpu label=team-b strategy=exclusive",
            ],
            false,
        ),
        // One that is known to share, beside one of which nobody knows.
        (
            &["team-a mps gpu.shared label=team-a", "off whole gpu"],
            false,
        ),
    ] {
        assert_eq!(
            breach(&world, lines),
            expected.then_some(false),
            "{lines:?}"
        );
    }
}

/// Whether the breach of the pods' node is certain, if there is one.
fn breach(world: &World, lines: &[&str]) -> Option<bool> {
    look(world, lines, |audit| {
        let mut nodes = audit.nodes.iter();
        nodes.find_map(|n| Some(n.breach.as_ref()?.is_certain))
    })
}

#[test]
fn a_pod_whose_words_are_others_than_its_stamp_has_drifted_and_is_covered() {
    let world = World::new();
    for (line, now) in [
        ("team-a mps gpu.shared label=team-a receipt=team-a", None),
        (
            "team-a mps gpu.shared label=team-a receipt=team-a part=x",
            Some("team-a.x"),
        ),
        (
            "team-a mps gpu.shared label=team-a part=x",
            Some("team-a.x"),
        ),
        (
            "team-a mps gpu.shared label=team-a.x receipt=team-a.x",
            Some("team-a"),
        ),
        (
            "team-a mps gpu.shared label=team-a receipt=team-a tier=development",
            Some("ANY"),
        ),
        // Its namespace went over to another boundary, and may go back.
        (
            "guest mps gpu.shared label=guest receipt=guest",
            Some("team-b"),
        ),
        // That is no part of the boundary any more: it is not covered, and not merely another word.
        ("claims mps gpu.shared label=team-a receipt=team-a", None),
        ("team-a mps gpu.shared part=x", None),
    ] {
        look(&world, &[line], |audit| {
            let pod = &audit.pods[0];
            let drifted = pod.has_drifted().then_some(pod.due.as_deref()).flatten();
            assert_eq!(drifted, now, "{line}");
            assert!(now.is_none() || pod.gaps.is_empty(), "{line}");
        });
    }
}

#[test]
fn every_node_with_gpus_is_there_with_the_boundaries_on_it() {
    let world = World::with((
        "pools: []",
        r#"pools: [{name: later, allocatable: {nvidia.com/gpu: "1"}}]"#,
    ));
    let lines = [
        "team-a mps gpu.shared label=team-a",
        "off mps gpu.shared",
        "off lost gpu",
    ];
    let shown = look(&world, &lines, |audit| {
        let node = |n: &super::NodeAudit<'_>| {
            let labels: Vec<&str> = n.boundaries.keys().map(|l| l.unwrap_or("-")).collect();
            format!("{} {}", n.name, labels.join(" "))
                .trim_end()
                .to_owned()
        };
        audit.nodes.iter().map(node).collect::<Vec<String>>()
    });
    assert_eq!(
        shown,
        [
            "lost -",
            "mps - team-a",
            "nameless",
            "silent",
            "sliced",
            "whole"
        ]
    );
}

#[test]
fn a_pod_is_adopted_into_the_boundary_it_would_be_given_and_no_label_is_changed() {
    let world = World::new();
    for (line, expected) in [
        ("team-a mps gpu.shared", Adoption::Label("team-a".into())),
        ("team-a whole gpu", Adoption::Label("team-a".into())),
        ("off mps gpu.shared", Adoption::Label("off".into())),
        ("play mps gpu.shared", Adoption::Label("ANY".into())),
        // It may not have what it claims, so it stays within its own name.
        ("claims mps gpu.shared", Adoption::Label("claims".into())),
        ("team-a mps gpu.shared label=team-a", Adoption::Labelled),
        // Its ask changed after it was labelled.
        (
            "team-a mps gpu.shared label=team-a part=x",
            Adoption::Labelled,
        ),
        (
            "team-a mps gpu.shared label=team-b",
            Adoption::Differs {
                label: "team-b",
                due: Some("team-a".into()),
            },
        ),
        ("team-a mps other", Adoption::NoGpu),
    ] {
        let told = told(line);
        let pod: Pod<'_> = serde_json::from_str(&told.json).unwrap();
        let found = adoption(&world.judge(), told.namespace, &pod);
        assert_eq!(found, expected, "{line}");
    }
    let reserved = World::with((
        "boundaries: []",
        "boundaries: [{name: off, namespaces: [team-a]}]",
    ));
    let told = told("off mps gpu.shared");
    let pod: Pod<'_> = serde_json::from_str(&told.json).unwrap();
    let found = adoption(&reserved.judge(), told.namespace, &pod);
    assert_eq!(found, Adoption::NoBoundary);
}
