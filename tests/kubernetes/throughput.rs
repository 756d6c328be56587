//! What slicegate costs the API server: pods created with and without it, in turns. A table, and no gate.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::Api;
use super::cluster::{Cluster, Namespace, pods_of};
use super::control_plane::{Options, Parts};
use super::fleet::{self, Fleet};
use super::runner::note;
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

/// What is created where: with a GPU or without, and what happens to it.
struct Row {
    title: &'static str,
    namespace: &'static str,
    gpu: bool,
    times: Vec<Duration>,
    spent: Duration,
}

impl Row {
    fn new(title: &'static str, namespace: &'static str, gpu: bool) -> Self {
        Self {
            title,
            namespace,
            gpu,
            times: Vec::new(),
            spent: Duration::ZERO,
        }
    }

    /// Its line of the table.
    fn line(&mut self) -> String {
        self.times.sort_unstable();
        let count = self.times.len();
        let rate = count as f64 / self.spent.as_secs_f64();
        let [half, most] = [count / 2, count * 99 / 100].map(|at| milliseconds(self.times[at]));
        format!("{:<28} {rate:>10.0} {half:>8.2} {most:>8.2}", self.title)
    }
}

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
    cluster.make_namespaces(&[WITHOUT, OFF, WITH]);
    let _webhook = Webhook::install(&cluster);
    let connections: Vec<Api> = (0..CONNECTIONS).map(|_| cluster.api().another()).collect();
    let mut rows = [
        Row::new("no GPU, not registered", "without", false),
        Row::new("no GPU, registered", "with", false),
        Row::new("a GPU, not registered", "without", true),
        Row::new("a GPU, namespace off", "off", true),
        Row::new("a GPU, given a share", "with", true),
    ];
    // The first round warms everything up and does not count.
    for round in 0..=ROUNDS {
        for row in &mut rows {
            let start = Instant::now();
            let latencies = create(&connections, row, round);
            if round > 0 {
                row.spent += start.elapsed();
                row.times.extend(latencies);
            }
        }
    }
    if cfg!(debug_assertions) {
        note("slicegate is unoptimised here; cargo test --release has the figures that count");
    }
    note(format!(
        "{ROUNDS} rounds of {CREATES} creates each, {CONNECTIONS} connections"
    ));
    note(format!(
        "{:<28} {:>10} {:>8} {:>8}",
        "", "creates/s", "p50 ms", "p99 ms"
    ));
    for row in &mut rows {
        note(row.line());
    }
}

/// Creates pods over all connections at once, and returns how long each create took.
#[track_caller]
fn create(connections: &[Api], row: &Row, round: usize) -> Vec<Duration> {
    let path = pods_of(row.namespace);
    let limits = if row.gpu {
        json!({"nvidia.com/gpu": "1"})
    } else {
        json!({"cpu": "1"})
    };
    let kind = if row.gpu { "gpu" } else { "cpu" };
    let each = CREATES / connections.len();
    thread::scope(|scope| {
        let threads: Vec<_> = connections
            .iter()
            .enumerate()
            .map(|(line, api)| {
                let (path, limits) = (&path, &limits);
                scope.spawn(move || {
                    let pods = (0..each)
                        .map(|number| one(&format!("{kind}-{round}-{line}-{number}"), limits));
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

fn one(name: &str, limits: &Value) -> Value {
    let mut pod = pod(name, limits);
    pod["spec"]["securityContext"] = json!({"runAsUser": 1000});
    pod
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
