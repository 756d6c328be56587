//! The guarantee under churn: pods of many boundaries come and go in random order, and no node ever runs two of them.

use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, is_bound, pods_of, state};
use super::fleet::{self, Fleet, Offer, Shape};
use super::neighbourhood::Neighbourhood;
use super::random::Random;
use super::runner::note;
use super::stage::{Stage, WHOLE, pod};
use super::wait::seconds;
use super::webhook::Webhook;

const STEPS: usize = 400;

/// How often all of it is looked at.
const LOOK: usize = 20;

/// Four boundaries of one namespace each, one of two of which one lists the other, and two where anybody of such a tier
/// may be a neighbour.
const TEAMS: [Namespace; 8] = [
    team(
        "amber",
        &[("mode", "enforce"), ("tier", "trusted-inference")],
    ),
    team(
        "birch",
        &[("mode", "enforce"), ("tier", "trusted-inference")],
    ),
    team("cedar", &[("mode", "enforce"), ("tier", "batch")]),
    team("delta", &[("mode", "enforce"), ("tier", "batch")]),
    team(
        "lab-one",
        &[
            ("mode", "enforce"),
            ("tier", "batch"),
            ("boundary-members", "lab-two"),
        ],
    ),
    team(
        "lab-two",
        &[
            ("mode", "enforce"),
            ("tier", "trusted-inference"),
            ("trust-boundary", "lab-one"),
        ],
    ),
    team("notes", &[("mode", "enforce"), ("tier", "development")]),
    team("trials", &[("mode", "enforce"), ("tier", "development")]),
];

const fn team(
    name: &'static str,
    annotations: &'static [(&'static str, &'static str)],
) -> Namespace {
    Namespace {
        name,
        annotations,
        labels: &[],
    }
}

/// Eight L4, each for four in turn.
const TURNS_EIGHT: Shape = Shape {
    gpus: 8,
    ..fleet::TURNS_L4
};

pub fn no_node_ever_runs_shares_of_two_boundaries_and_nobody_waits_beside_room(stage: &mut Stage) {
    stage.clear();
    let cluster = Cluster::boot(&stage.assets, WHOLE);
    let fleet = Fleet::of(&[
        ("mps-one", fleet::MPS_ONE, 5),
        ("mps-eight", fleet::MPS_A100, 2),
        ("turns-one", fleet::TURNS_ONE, 4),
        ("turns-eight", TURNS_EIGHT, 1),
        ("turns-as-whole", fleet::TURNS_A10G, 1),
        ("sliced", fleet::SLICED_A100, 1),
        ("whole", fleet::WHOLE_H100, 1),
    ]);
    cluster.make_nodes(&fleet.nodes());
    cluster.make_namespaces(&TEAMS);
    let _webhook = Webhook::install(&cluster);
    let mut churn = Churn {
        random: Random::from_environment(),
        cluster,
        fleet,
        alive: Vec::new(),
        most: 0,
    };
    churn.roll_out("one");
    for step in 0..STEPS {
        churn.step(step);
        if step == STEPS / 2 {
            churn.roll_out("two");
        }
        if step % LOOK == LOOK - 1 {
            churn.look();
        }
    }
    churn.settle();
    assert!(
        churn.most > 50,
        "at most {} shares at once show little",
        churn.most
    );
}

struct Churn {
    random: Random,
    cluster: Cluster,
    fleet: Fleet,
    alive: Vec<(&'static str, String)>,
    most: usize,
}

impl Churn {
    /// Creates a pod, or deletes one.
    fn step(&mut self, step: usize) {
        let full = self.alive.len() > 150;
        if !self.alive.is_empty() && self.random.below(if full { 2 } else { 4 }) == 0 {
            let index = self.random.below(self.alive.len());
            let (namespace, name) = self.alive.swap_remove(index);
            self.cluster
                .delete(&format!("{}/{name}", pods_of(namespace)));
            return;
        }
        let namespace = self.random.choose(&TEAMS).name;
        let name = format!("p-{step}");
        let ask = self.ask(namespace);
        let mut pod = pod(&name, &json!({"nvidia.com/gpu": "1"}));
        pod["metadata"]["annotations"] = ask;
        self.cluster.create(&pods_of(namespace), &pod);
        self.alive.push((namespace, name));
    }

    /// What a pod of a team asks for: what its tier gives it, a size, turns, or a part of its boundary of its own.
    fn ask(&mut self, namespace: &str) -> Value {
        let inference = matches!(namespace, "amber" | "birch" | "lab-two");
        match (self.random.below(5), namespace) {
            (0, _) if inference => json!({"slicegate.dev/gpu-memory": "7Gi"}),
            (0, "cedar" | "delta" | "lab-one") => json!({"slicegate.dev/strategy": "time-slicing"}),
            (1, "amber" | "cedar") => json!({"slicegate.dev/trust-boundary": "secret"}),
            _ => json!({}),
        }
    }

    /// A Deployment of a new version; its pods are replaced while the others come and go.
    #[track_caller]
    fn roll_out(&self, version: &str) {
        self.cluster.kubectl.apply(&format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: service, namespace: birch}}
spec:
  replicas: 8
  selector: {{matchLabels: {{app: service}}}}
  template:
    metadata: {{labels: {{app: service, version: {version}}}}}
    spec:
      containers:
      - name: main
        image: example/app:{version}
        resources: {{limits: {{nvidia.com/gpu: 1}}}}
"
        ));
    }

    #[track_caller]
    fn look(&mut self) {
        let pods = self.cluster.list("/api/v1/pods");
        let here = Neighbourhood::new(&self.fleet, &pods, &boundary);
        let breaches = here.breaches();
        assert!(breaches.is_empty(), "{}", breaches.join("\n"));
        self.most = self.most.max(here.shares());
    }

    /// Waits until every pod that waits has no room anywhere.
    #[track_caller]
    fn settle(&mut self) {
        let (cluster, fleet) = (&self.cluster, &self.fleet);
        cluster.wait_for(
            "everybody who has room to be on a node",
            seconds(45),
            || {
                let pods = cluster.list("/api/v1/pods");
                let here = Neighbourhood::new(fleet, &pods, &boundary);
                let waiting = pods.iter().filter(|p| !is_bound(p));
                let beside_room: Vec<String> = waiting
                    .filter_map(|p| {
                        let node = here.room(p, |offer| will_do(p, offer))?;
                        Some(format!("{}; {node} has room", state(p)))
                    })
                    .collect();
                beside_room
                    .is_empty()
                    .then_some(())
                    .ok_or(beside_room.join("\n"))
            },
        );
        let pods = cluster.list("/api/v1/pods");
        note(format!(
            "{} pods at the end, {} wait",
            pods.len(),
            pods.iter().filter(|p| !is_bound(p)).count()
        ));
        self.look();
    }
}

/// Whom a pod belongs to, by what its namespace and its user said.
fn boundary(pod: &Value) -> String {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let own = match namespace {
        "lab-one" | "lab-two" => "lab-one",
        "notes" | "trials" => "anybody",
        other => other,
    };
    match pod["metadata"]["annotations"]["slicegate.dev/trust-boundary"].as_str() {
        Some(part) => format!("{own}.{part}"),
        None => own.to_owned(),
    }
}

/// Whether an offer satisfies a pod, with the mechanism that was chosen for it.
fn will_do(pod: &Value, offer: &Offer) -> bool {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let annotations = &pod["metadata"]["annotations"];
    let least = match (namespace, annotations["slicegate.dev/gpu-memory"].as_str()) {
        (_, Some("7Gi")) => 7 * 1024,
        ("amber" | "birch" | "lab-two", _) => 9 * 1024,
        // A quarter: what serves six or more is too small, and all others here serve four.
        _ if offer.strategy == "mps" && offer.memory < 46068 / 4 => return false,
        _ => 0,
    };
    let strategy = pod["metadata"]["labels"]["slicegate.dev/strategy"].as_str();
    strategy == Some(offer.strategy) && offer.memory >= least
}
