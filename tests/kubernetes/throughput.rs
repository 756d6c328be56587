//! What slicegate costs the API server: pods created with and without it, in turns. A table, and no gate.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::Api;
use super::cluster::{Cluster, Namespace, pods_of};
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::stage::{Stage, pod};
use super::webhook::{UNREGISTERED, Webhook};

const ROUNDS: usize = 5;
const CREATES: usize = 200;
const CONNECTIONS: usize = 4;

const WITH: Namespace = Namespace {
    name: "with",
    annotations: &[("mode", "enforce"), ("tier", "trusted-inference")],
    labels: &[],
};

const OFF: Namespace = Namespace {
    name: "off",
    annotations: &[],
    labels: &[],
};

const WITHOUT: Namespace = Namespace {
    name: "without",
    annotations: &[],
    labels: &[(UNREGISTERED, "true")],
};

pub fn pods_are_created_with_and_without_slicegate_in_turns(stage: &mut Stage) {
    stage.clear();
    let options = Options {
        plugins: "",
        parts: Parts::Api,
    };
    let cluster = Cluster::boot(&stage.assets, options);
    // No kubelet is there to make them ready, and none is needed.
    let fleet = [
        ("mps", fleet::MPS_A100, 20),
        ("whole", fleet::WHOLE_H100, 10),
    ];
    for node in Fleet::of(&fleet).nodes() {
        cluster.create("/api/v1/nodes", &node);
    }
    let namespaces = [WITHOUT, OFF, WITH];
    cluster.make_namespaces(&namespaces);
    let _webhook = Webhook::install(&cluster);
    let connections: Vec<Api> = (0..CONNECTIONS).map(|_| cluster.api().another()).collect();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let mut spent = [Duration::ZERO; 3];
    // The first round warms everything up and does not count.
    for round in 0..=ROUNDS {
        for (index, namespace) in namespaces.iter().enumerate() {
            let start = Instant::now();
            let latencies = create(&connections, namespace.name, round);
            if round > 0 {
                spent[index] += start.elapsed();
                times[index].extend(latencies);
            }
        }
    }
    if cfg!(debug_assertions) {
        println!(
            "    slicegate is unoptimised here; cargo test --release has the figures that count"
        );
    }
    println!("    {ROUNDS} rounds of {CREATES} creates each, {CONNECTIONS} connections");
    println!(
        "    {:<10} {:>12} {:>10} {:>10}",
        "", "creates/s", "p50 ms", "p99 ms"
    );
    for ((namespace, times), spent) in namespaces.iter().zip(&mut times).zip(spent) {
        times.sort_unstable();
        let rate = times.len() as f64 / spent.as_secs_f64();
        let [half, most] =
            [times.len() / 2, times.len() * 99 / 100].map(|at| milliseconds(times[at]));
        println!(
            "    {:<10} {rate:>12.0} {half:>10.2} {most:>10.2}",
            namespace.name
        );
    }
}

/// Creates pods over all connections at once, and returns how long each create took.
#[track_caller]
fn create(connections: &[Api], namespace: &str, round: usize) -> Vec<Duration> {
    let path = pods_of(namespace);
    let each = CREATES / connections.len();
    thread::scope(|scope| {
        let threads: Vec<_> = connections
            .iter()
            .enumerate()
            .map(|(line, api)| {
                let path = &path;
                scope.spawn(move || {
                    let pods = (0..each).map(|number| one(&format!("p-{round}-{line}-{number}")));
                    pods.map(|pod| timed(api, path, &pod)).collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = threads
            .into_iter()
            .map(|t| t.join().expect("all creates succeed"));
        joined.flatten().collect()
    })
}

fn timed(api: &Api, path: &str, pod: &Value) -> Duration {
    let start = Instant::now();
    let answer = api.send("POST", path, Some(pod));
    let took = start.elapsed();
    assert!(answer.is_good(), "{}", answer.body);
    took
}

fn one(name: &str) -> Value {
    let mut pod = pod(name, &json!({"nvidia.com/gpu": "1"}));
    pod["spec"]["securityContext"] = json!({"runAsUser": 1000});
    pod
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
