//! The scheduler that the properties simulate, held against the real one on the same random fleets and pods.

use std::thread;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, is_bound, is_unschedulable, pods_of, state};
use super::control_plane::{Options, Parts};
use super::model::fleet::{self, Fleet};
use super::model::{api, pods, policies, scene, scheduler};
use super::random::Random;
use super::runner::note;
use super::stage::Stage;
use super::wait::seconds;

const FLEETS: usize = 24;
const PODS: usize = 24;

const NAMESPACES: [Namespace; 5] = [
    plain("team-a"),
    plain("team-b"),
    plain("lab-1"),
    plain("lab-2"),
    plain("dev"),
];

const fn plain(name: &'static str) -> Namespace {
    Namespace {
        name,
        annotations: &[],
        labels: &[],
    }
}

/// What was seen.
#[derive(Default)]
struct Tally {
    bound: usize,
    waiting: usize,
    refused: usize,
    denied: usize,
}

pub fn the_scheduler_of_the_properties_puts_pods_where_the_real_one_does(stage: &mut Stage) {
    stage.clear();
    let options = Options {
        plugins: "",
        parts: Parts::Scheduling,
    };
    let cluster = Cluster::boot(&stage.assets, options);
    cluster.make_namespaces(&NAMESPACES);
    let mut runner = runner();
    let mut tally = Tally::default();
    for round in 0..FLEETS {
        let fleet = (policies::policy(), fleet::fleet(6));
        let (policy, mut fleet) = sample(&mut runner, fleet);
        fleet.nodes.retain(|node| !node.is_pool);
        let (policy, fleet) = policies::joined(policy, fleet);
        let fleet = populate(&cluster, fleet);
        let world = scene::world(&policy, &fleet);
        let mut bound: Vec<Value> = Vec::new();
        for number in 0..PODS {
            let pod = sample(&mut runner, pods::pod());
            let verdict = scene::judge(&world, &pod.0).expect("a verdict");
            if verdict.is_denied() || is_beyond(&verdict.after) {
                tally.denied += 1;
                continue;
            }
            let pod = plainly(verdict.after, &format!("p-{round}-{number}"));
            place(&cluster, &fleet, pod, &mut bound, &mut tally);
        }
        clear(&cluster);
    }
    let Tally {
        bound,
        waiting,
        refused,
        denied,
    } = tally;
    note(format!(
        "{bound} pods were bound and {waiting} wait, as simulated"
    ));
    note(format!(
        "{refused} were refused by the API server, {denied} by slicegate or not compared"
    ));
    assert!(bound > 50 && waiting > 10, "too few to show anything");
}

fn runner() -> TestRunner {
    let mut random = Random::from_environment();
    let seed: Vec<u8> = (0..32).map(|_| random.below(256) as u8).collect();
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    TestRunner::new_with_rng(Config::default(), random)
}

fn sample<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).expect("a value").current()
}

/// What the simulation leaves out, because it has no bearing on boundaries: other schedulers, claims and spreading.
fn is_beyond(pod: &Value) -> bool {
    let spec = &pod["spec"];
    let default = spec["schedulerName"]
        .as_str()
        .unwrap_or("default-scheduler");
    default != "default-scheduler"
        || spec["nodeName"].is_string()
        || !spec["resourceClaims"].is_null()
        || !spec["schedulingGates"].is_null()
        || !spec["topologySpreadConstraints"].is_null()
        || asks(pod, |name| name.starts_with("deviceclass."))
}

/// The pod under a name of its own, and without owners who are not there.
fn plainly(mut pod: Value, name: &str) -> Value {
    let metadata = pod["metadata"].as_object_mut().expect("metadata");
    for key in ["generateName", "ownerReferences", "uid", "finalizers"] {
        metadata.remove(key);
    }
    metadata.insert("name".to_owned(), name.into());
    pod
}

fn asks(pod: &Value, is: impl Fn(&str) -> bool) -> bool {
    let lists = ["containers", "initContainers"];
    let containers = lists
        .iter()
        .filter_map(|l| pod["spec"][l].as_array())
        .flatten();
    let mut names = containers.flat_map(|c| {
        let parts = ["limits", "requests"].map(|part| c["resources"][part].as_object());
        parts.into_iter().flatten().flat_map(|map| map.keys())
    });
    names.any(|name| is(name))
}

/// Makes the nodes, ready and with plenty of everything that is no GPU; those that the API server takes.
fn populate(cluster: &Cluster, fleet: Fleet) -> Fleet {
    let mut taken = Fleet::default();
    for mut node in fleet.nodes {
        let allocatable = node.json["status"]["allocatable"].as_object_mut();
        let allocatable = allocatable.expect("resources");
        for (name, plenty) in [("cpu", "1000"), ("memory", "4Ti"), ("pods", "500")] {
            allocatable.insert(name.to_owned(), plenty.into());
        }
        for card in ["example.com/nic", "nvidia.com/hostdev"] {
            allocatable.insert(card.to_owned(), "1000".into());
        }
        let allocatable = Value::Object(allocatable.clone());
        let made = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": node.name(), "labels": node.json["metadata"]["labels"]},
            "status": {"capacity": allocatable, "allocatable": allocatable,
                "conditions": [{"type": "Ready", "status": "True", "reason": "MadeUp"}]},
        });
        let answer = cluster.try_create("/api/v1/nodes", &made);
        if !answer.is_good() {
            continue;
        }
        let taints = api::list_of(&node.json["spec"]["taints"]);
        let passes = |key: &str| key.starts_with("node.kubernetes.io/");
        let taints: Vec<&Value> = taints
            .filter(|taint| !taint["key"].as_str().is_some_and(passes))
            .collect();
        // Admission says of every new node that it is not ready.
        let taints = json!({"spec": {"taints": taints}});
        cluster.change(&format!("/api/v1/nodes/{}", node.name()), &taints);
        taken.nodes.push(node);
    }
    taken
}

/// Creates a pod and compares what the scheduler does with it with what the simulation allows.
#[track_caller]
fn place(cluster: &Cluster, fleet: &Fleet, pod: Value, bound: &mut Vec<Value>, tally: &mut Tally) {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or("default");
    let answer = cluster.try_create(&pods_of(namespace), &pod);
    if !answer.is_good() {
        tally.refused += 1;
        return;
    }
    let may = allowed(fleet, &pod, bound);
    let path = format!(
        "{}/{}",
        pods_of(namespace),
        answer.body["metadata"]["name"].as_str().unwrap_or_default()
    );
    // What was deleted or made just now may reach the scheduler a moment after the pod.
    let limit = if may.is_empty() {
        seconds(10)
    } else {
        seconds(20)
    };
    let what = format!("a pod on one of {may:?}\n{pod}\n{fleet:?}");
    let seen = cluster.wait_for(&what, limit, || {
        let pod = cluster.get(&path);
        let is_settled = is_bound(&pod) || may.is_empty() && is_unschedulable(&pod);
        is_settled.then_some(pod.clone()).ok_or(state(&pod))
    });
    match seen["spec"]["nodeName"].as_str() {
        None => tally.waiting += 1,
        Some(node) => {
            assert!(
                may.iter().any(|n| n == node),
                "{node} and not one of {may:?}\n{pod}\n{fleet:?}"
            );
            tally.bound += 1;
            let mut pod = pod;
            pod["spec"]["nodeName"] = node.into();
            bound.push(pod);
        }
    }
}

/// Where the simulation lets a pod go, beside those that are bound.
fn allowed(fleet: &Fleet, pod: &Value, bound: &[Value]) -> Vec<String> {
    let pods: Vec<&Value> = bound.iter().chain([pod]).collect();
    scheduler::simulated(fleet, &pods, api::is_gpu, |mut cluster, read| {
        let nodes = cluster.nodes().iter();
        let names: Vec<String> = nodes.map(|node| node.name.to_owned()).collect();
        for (pod, read) in bound.iter().zip(read) {
            let node = names
                .iter()
                .position(|name| pod["spec"]["nodeName"] == **name);
            cluster.bind(read, node.expect("a node of the fleet"));
        }
        let candidates = cluster.candidates(&read[bound.len()]).into_iter();
        candidates.map(|node| names[node].clone()).collect()
    })
}

/// Takes pods and nodes away, and gives the scheduler a moment to see it.
fn clear(cluster: &Cluster) {
    for namespace in &NAMESPACES {
        for pod in cluster.pods(namespace.name) {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            cluster.delete(&format!("{}/{name}", pods_of(namespace.name)));
        }
    }
    for node in cluster.list("/api/v1/nodes") {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        cluster.delete(&format!("/api/v1/nodes/{name}"));
    }
    thread::sleep(Duration::from_millis(300));
}
