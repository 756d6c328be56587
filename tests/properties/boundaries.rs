//! No node ever runs shared pods of two trust boundaries, however the scheduler places them.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use slicegate::engine::line::Reason;

use super::api;
use super::fleet::{self, Fleet, HOSTNAME, NODE_BOUNDARY, Node};
use super::pods::{self, Pod};
use super::policies;
use super::scene::{Scene, Verdict, cases, judge, judge_outsider, scene, show, world};
use super::scheduler::{conflict, landing, simulated};
use super::truth::Kind;

const BOUNDARY: &str = "slicegate.dev/trust-boundary";
const USER: &str = "slicegate.dev/mps-user";

fn label<'p>(pod: &'p Value, key: &str) -> Option<&'p str> {
    pod["metadata"]["labels"].get(key)?.as_str()
}

/// How a pod would use a node's GPUs.
fn uses(pod: &Value, node: &Node, kind: Kind) -> bool {
    let mut names = api::containers(pod)
        .flat_map(api::gpus)
        .map(|(name, _)| name);
    names.any(|name| node.truth.get(name).is_some_and(|truth| truth.kind == kind))
}

fn shares(pod: &Value, node: &Node) -> bool {
    uses(pod, node, Kind::Mps) || uses(pod, node, Kind::TimeSlicing)
}

/// The pod with another value of a label.
fn other(pod: &Value, key: &str) -> Value {
    let mut pod = pod.clone();
    pod["metadata"]["labels"][key] = "another".into();
    pod["metadata"]["namespace"] = "elsewhere".into();
    pod
}

/// The pod bears its own boundary, and wherever it may share a device it keeps every other one off.
pub fn is_closed(scene: &Scene, verdict: &Verdict) -> Result<(), TestCaseError> {
    let after = &verdict.after;
    if verdict.is_denied()
        || !matches!(
            verdict.reason,
            Reason::Placed | Reason::Reused | Reason::MarkersOnly(_)
        )
    {
        return Ok(());
    }
    let own = policies::expected_label(&scene.policy, &scene.pod.0);
    prop_assert_eq!(label(after, BOUNDARY), Some(&*own));
    let by_label = scene.policy["spec"]["placement"]["boundary"] == "node-label";
    let landing: Vec<&str> = landing(after, &scene.fleet)
        .into_iter()
        .map(Node::name)
        .collect();
    let strangers = [other(after, BOUNDARY), other(after, USER)];
    let pods = [after, &strangers[0], &strangers[1]];
    simulated(
        &scene.fleet,
        &pods,
        |_| false,
        |cluster, pods| {
            for (index, node) in scene.fleet.nodes.iter().enumerate() {
                let lands = landing.contains(&node.name());
                if !lands || !shares(after, node) {
                    continue;
                }
                let place = format!("on {}\nafter {after}", node.name());
                prop_assert!(node.label(HOSTNAME).is_some(), "no hostname {}", place);
                prop_assert!(
                    after["spec"]["nodeName"].is_null(),
                    "past the scheduler {}",
                    place
                );
                prop_assert!(
                    after["spec"]["schedulerName"]
                        .as_str()
                        .unwrap_or("default-scheduler")
                        == "default-scheduler",
                    "other scheduler {}",
                    place
                );
                let keeps_off = |stranger| conflict(&cluster, &pods[0], &pods[stranger], index);
                let kept = if by_label {
                    node.label(NODE_BOUNDARY) == Some(&*own)
                } else {
                    keeps_off(1)
                };
                prop_assert!(kept, "open to strangers {}", place);
                if verdict.strategy.is_some() && uses(after, node, Kind::Mps) {
                    prop_assert!(
                        label(after, USER).is_some() && keeps_off(2),
                        "open to other users {}",
                        place
                    );
                }
            }
            Ok(())
        },
    )
}

/// A pod as it is bound, and whose it is.
struct Bound<'p> {
    pod: &'p Value,
    owner: String,
    is_enforced: bool,
}

/// Places pods one after the other where the scheduler may, beside strangers first.
fn place<'p>(
    pods: &'p [(Value, String, bool)],
    fleet: &'p Fleet,
) -> Vec<(&'p Node, Vec<Bound<'p>>)> {
    let mut nodes: Vec<(&Node, Vec<Bound<'_>>)> =
        fleet.nodes.iter().map(|n| (n, Vec::new())).collect();
    let all: Vec<&Value> = pods.iter().map(|(pod, ..)| pod).collect();
    simulated(fleet, &all, api::is_gpu, |mut cluster, read| {
        for ((pod, owner, is_enforced), read) in pods.iter().zip(read) {
            let strangers =
                |node: &usize| nodes[*node].1.iter().filter(|b| b.owner != *owner).count();
            let Some(node) = cluster.candidates(read).into_iter().max_by_key(strangers) else {
                continue;
            };
            cluster.bind(read, node);
            nodes[node].1.push(Bound {
                pod,
                owner: owner.clone(),
                is_enforced: *is_enforced,
            });
        }
    });
    nodes
}

/// Pods of any namespace, also of those that are off.
fn citizen() -> impl Strategy<Value = Pod> {
    let namespace = prop_oneof![12 => Just(None), 1 => select(vec![Some("quiet"), Some("trial")])];
    (pods::pod(), namespace).prop_map(|(mut pod, namespace)| {
        if let Some(namespace) = namespace {
            pod.0["metadata"]["namespace"] = namespace.into();
        }
        pod
    })
}

/// A fleet under a policy, and those who want on it.
struct Crowd {
    policy: Value,
    fleet: Fleet,
    pods: Vec<Pod>,
}

impl fmt::Debug for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.policy, &self.fleet)?;
        self.pods
            .iter()
            .try_for_each(|pod| writeln!(f, "pod {pod:?}"))
    }
}

fn crowd(pods: usize) -> impl Strategy<Value = Crowd> {
    (policies::policy(), fleet::fleet(6), vec(citizen(), pods)).prop_map(|(policy, fleet, pods)| {
        let (policy, fleet) = policies::joined(policy, fleet);
        Crowd {
            policy,
            fleet,
            pods,
        }
    })
}

impl Crowd {
    /// Admitted pods, as they are stored, with their owner and whether slicegate answers for them.
    fn admitted(&self) -> Result<Vec<(Value, String, bool)>, TestCaseError> {
        let world = world(&self.policy, &self.fleet);
        let mut admitted = Vec::new();
        for pod in &self.pods {
            let pod = api::defaulted(&pod.0);
            let is_enforced = policies::ENFORCED
                .iter()
                .any(|n| pod["metadata"]["namespace"] == **n);
            // Who is not judged may name a node, and nobody can answer for that.
            if !is_enforced && pod["spec"]["nodeName"].is_string() {
                continue;
            }
            // In dry-run and off only what an outsider gets is applied.
            let verdict = if is_enforced {
                judge(&world, &pod)?
            } else {
                judge_outsider(&world, &pod)?
            };
            if !verdict.is_denied() {
                let owner = if is_enforced {
                    policies::expected_label(&self.policy, &pod)
                } else {
                    label(&verdict.after, BOUNDARY)
                        .unwrap_or("nobody")
                        .to_owned()
                };
                admitted.push((verdict.after, owner, is_enforced));
            }
        }
        Ok(admitted)
    }
}

/// A container without the variable by which it is told to see no GPU.
fn without_hiding(container: &Value) -> Value {
    let mut container = container.clone();
    let told = serde_json::json!({"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"});
    if let Some(env) = container.get_mut("env").and_then(Value::as_array_mut) {
        env.retain(|variable| *variable != told);
    }
    if container["env"].as_array().is_none_or(Vec::is_empty) {
        container.as_object_mut().and_then(|c| c.remove("env"));
    }
    container
}

/// The pod with an owner that pins its pods to nodes, such a pin, and the name of a node: what the API server obeys is the
/// name, and what the scheduler would is the pin.
fn said_twice(scene: Scene) -> impl Strategy<Value = Scene> {
    let names: Vec<String> = scene
        .fleet
        .nodes
        .iter()
        .map(|n| n.name().to_owned())
        .collect();
    let somewhere = move || {
        if names.is_empty() {
            select(vec!["elsewhere".to_owned()])
        } else {
            select(names.clone())
        }
    };
    let owner = select(vec!["DaemonSet", "DaemonSet", "ReplicaSet", "Node"]);
    (somewhere(), somewhere(), owner, any::<bool>()).prop_map(move |(pin, named, kind, is_plain)| {
        let mut scene = scene.clone();
        let pod = &mut scene.pod.0;
        pod["metadata"]["ownerReferences"] =
            serde_json::json!([{"apiVersion": "apps/v1", "kind": kind, "name": "d", "uid": "1", "controller": true}]);
        pod["spec"]["affinity"] = serde_json::json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [pin]}]}]}}});
        pod["spec"]["nodeName"] = named.into();
        if is_plain {
            // The commonest request there is, so that not every pod fails for another reason.
            pod["metadata"]["annotations"] = serde_json::json!({});
            pod["spec"]["containers"] = serde_json::json!([{"name": "main", "image": "i",
                "resources": {"limits": {"nvidia.com/gpu": "1"}}}]);
            if let Some(spec) = pod["spec"].as_object_mut() {
                spec.remove("initContainers");
                spec.remove("nodeSelector");
            }
        }
        scene
    })
}

proptest! {
    #![proptest_config(cases(256))]

    /// Every admitted pod is closed, chosen for or only stamped.
    #[test]
    fn closed(scene in scene(10)) {
        is_closed(&scene, &judge(&scene.world(), &scene.pod.0)?)?;
    }

    /// The same of pods that say twice where they run, and the two contradict each other.
    #[test]
    fn closed_whatever_is_said_twice(scene in scene(6).prop_flat_map(said_twice)) {
        is_closed(&scene, &judge(&scene.world(), &scene.pod.0)?)?;
    }

    /// A stamp without a choice leaves the request as it stands; a container without one may be told to see no GPU.
    #[test]
    fn stamped(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        if matches!(verdict.reason, Reason::MarkersOnly(_)) {
            let before = api::defaulted(&scene.pod.0);
            for (before, after) in api::containers(&before).zip(api::containers(&verdict.after)) {
                if api::gpus(before).is_empty() {
prop_assert_eq!(&without_hiding(before), &without_hiding(after))
} else {
prop_assert_eq!(before, after)
}
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(48))]

    /// Thirty pods of several boundaries on one fleet: no two of different boundaries share a node's devices, nor could they.
    #[test]
    fn never_two_on_a_node(crowd in crowd(30)) {
        let pods = crowd.admitted()?;
        let Crowd { policy, fleet, .. } = &crowd;
        // Where the node's label keeps boundaries apart, nothing keeps those away whom nobody judges.
        let by_label = policy["spec"]["placement"]["boundary"] == "node-label";
        let is_told = policy["spec"]["outsiders"] == "label" && !by_label;
        for (node, bound) in place(&pods, fleet) {
            let sharing: Vec<&Bound<'_>> = bound.iter().filter(|b| shares(b.pod, node)).collect();
            for (index, one) in sharing.iter().enumerate() {
                for two in &sharing[index + 1..] {
                    // Of pods nobody judges only the label is known, where the policy has it written.
                    let answers = one.is_enforced && two.is_enforced || is_told && (one.is_enforced || two.is_enforced);
                    prop_assert!(!answers || one.owner == two.owner, "{} and {} on {node:?}:\n{}\n{}", one.owner, two.owner, one.pod, two.pod, node = node.name());
                }
            }
        }
        could_they_meet(&pods, fleet)?;
    }
}

/// No two pods of different boundaries can ever share a node's devices.
fn could_they_meet(pods: &[(Value, String, bool)], fleet: &Fleet) -> Result<(), TestCaseError> {
    let all: Vec<&Value> = pods.iter().map(|(pod, ..)| pod).collect();
    let landing: Vec<Vec<&str>> = all
        .iter()
        .map(|pod| landing(pod, fleet).into_iter().map(Node::name).collect())
        .collect();
    simulated(
        fleet,
        &all,
        |_| false,
        |cluster, read| {
            for (i, (one, owner, judged)) in pods.iter().enumerate() {
                for (j, (two, other, also)) in pods.iter().enumerate().skip(i + 1) {
                    if owner == other || !*judged || !*also {
                        continue;
                    }
                    let open = fleet.nodes.iter().enumerate().find(|(index, node)| {
                        let lands = |pod: usize| landing[pod].contains(&node.name());
                        shares(one, node)
                            && shares(two, node)
                            && lands(i)
                            && lands(j)
                            && !conflict(&cluster, &read[i], &read[j], *index)
                    });
                    prop_assert!(
                        open.is_none(),
                        "{owner} and {other} could meet on {}:\n{one}\n{two}",
                        open.map_or("", |(_, n)| n.name())
                    );
                }
            }
            Ok(())
        },
    )
}
