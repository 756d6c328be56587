//! Random fleets: nodes of every shape, labelled, tainted, cordoned and copied as clusters have them.

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::hardware::Model;
use super::shapes::{self, Shape};
use super::truth::{Kind, Truth};

pub const HOSTNAME: &str = "kubernetes.io/hostname";
pub const NODE_BOUNDARY: &str = "slicegate.node-restriction.kubernetes.io/trust-boundary";
pub const ZONES: [&str; 3] = ["z0", "z1", "z2"];
pub const POOLS: [&str; 2] = ["blue", "green"];

/// A node, and what only its maker knows of it.
#[derive(Clone)]
pub struct Node {
    pub json: Value,
    /// By resource.
    pub truth: BTreeMap<String, Truth>,
    /// Whether pods can land there today.
    pub is_available: bool,
    /// Declared by the policy, not there yet.
    pub is_pool: bool,
}

impl Node {
    pub fn name(&self) -> &str {
        self.json["metadata"]["name"].as_str().unwrap_or_default()
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.json["metadata"]["labels"].get(key)?.as_str()
    }

    /// As a pool of the policy writes it: an autoscaler names its nodes itself.
    pub fn as_pool(&self) -> Value {
        let mut labels = self.json["metadata"]["labels"].clone();
        if let Some(labels) = labels.as_object_mut() {
            labels.remove(HOSTNAME);
        }
        let taints = self.json["spec"]["taints"].as_array().into_iter().flatten();
        let taints: Vec<&Value> = taints.collect();
        json!({"name": self.name(), "labels": labels, "allocatable": self.json["status"]["allocatable"], "taints": taints})
    }
}

#[derive(Clone, Default)]
pub struct Fleet {
    pub nodes: Vec<Node>,
}

/// One node a line, with what its resources really are.
impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.nodes {
            let kind = if node.is_pool { "pool" } else { "node" };
            writeln!(f, "  {kind} {}", node.json)?;
            for (resource, truth) in &node.truth {
                let Truth {
                    kind,
                    mib,
                    replicas,
                    part,
                    ..
                } = truth;
                writeln!(
                    f,
                    "    {resource} is {kind:?}, {mib:?} MiB, 1/{replicas} of {part:?}"
                )?;
            }
        }
        Ok(())
    }
}

/// Why a node is not for everybody today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Cordoned,
    NotReady,
    Reconfiguring,
}

#[derive(Clone, Debug)]
struct Spec {
    model: &'static Model,
    shape: Shape,
    gpus: u64,
    /// Less memory under another driver.
    is_other_driver: bool,
    zone: usize,
    pool: Option<usize>,
    has_hostname: bool,
    taint: u32,
    state: State,
    boundary: Option<&'static str>,
    copies: usize,
    is_pool: bool,
}

fn spec(model: BoxedStrategy<&'static Model>) -> BoxedStrategy<Spec> {
    let hardware = (
        model,
        shapes::shape(),
        1..5_u64,
        proptest::bool::weighted(0.2),
    );
    let place = (
        0..ZONES.len(),
        proptest::option::of(0..POOLS.len()),
        proptest::bool::weighted(0.93),
    );
    let state = prop_oneof![
        12 => Just(State::Ready),
        1 => Just(State::Cordoned),
        1 => Just(State::NotReady),
        1 => Just(State::Reconfiguring),
    ];
    let taint = prop_oneof![6 => Just(0), 5 => Just(1), 3 => 2..6_u32];
    let boundary = proptest::option::weighted(0.3, select(vec!["team-a", "lab", "team-b"]));
    // Counted out, so that a failing case shrinks to one of each.
    let copies = (0..40_usize).prop_map(|n| {
        if n < 30 {
            1
        } else if n < 35 {
            2
        } else if n < 39 {
            3
        } else {
            18
        }
    });
    (
        hardware,
        place,
        state,
        taint,
        boundary,
        copies,
        proptest::bool::weighted(0.06),
    )
        .prop_map(
            |(
                (model, shape, gpus, is_other_driver),
                (zone, pool, has_hostname),
                state,
                taint,
                boundary,
                copies,
                is_pool,
            )| Spec {
                model,
                shape,
                gpus,
                is_other_driver,
                zone,
                pool,
                has_hostname,
                taint,
                state,
                boundary,
                copies,
                is_pool,
            },
        )
        .boxed()
}

/// Fleets of up to so many kinds of nodes.
pub fn fleet(most: usize) -> BoxedStrategy<Fleet> {
    fleet_of(most, shapes::model().boxed())
}

/// Fleets whose nodes differ by how they hand out their GPUs, hardly by what these are.
pub fn of_one_model(most: usize, model: &'static Model) -> BoxedStrategy<Fleet> {
    fleet_of(most, Just(model).boxed())
}

fn fleet_of(most: usize, model: BoxedStrategy<&'static Model>) -> BoxedStrategy<Fleet> {
    proptest::collection::vec(spec(model), 1..=most)
        .prop_map(|specs| {
            let mut fleet = Fleet::default();
            for spec in &specs {
                for _ in 0..spec.copies {
                    fleet.nodes.push(spec.node(fleet.nodes.len()));
                }
            }
            fleet
        })
        .boxed()
}

impl Spec {
    fn node(&self, index: usize) -> Node {
        let mib = self.model.mib - if self.is_other_driver { 333 } else { 0 };
        let made = self.shape.make(self.model, self.gpus, mib);
        // A pool that contradicts itself is its policy's fault.
        let is_plain =
            !made.truth.is_empty() && made.truth.values().all(|t| t.kind != Kind::Unknown);
        let is_pool = self.is_pool && self.state == State::Ready && is_plain;
        // Nobody knows the names of nodes that are not there yet, so no pod names one.
        let name = format!("{}{index}", if is_pool { "pool-" } else { "n" });
        let mut labels: Map<String, Value> = made
            .labels
            .into_iter()
            .map(|(k, v)| (k, v.into()))
            .collect();
        let mut set = |key: &str, value: &str| labels.insert(key.to_owned(), value.into());
        set("topology.kubernetes.io/zone", ZONES[self.zone]);
        // As many values as nodes, and none of them a number.
        set("example.com/rack", &format!("r{index}"));
        set("example.com/slot", &index.to_string());
        if self.has_hostname || is_pool {
            set(HOSTNAME, &name);
        }
        if let Some(pool) = self.pool {
            set("example.com/pool", POOLS[pool]);
        }
        if let Some(boundary) = self.boundary {
            set(NODE_BOUNDARY, boundary);
        }
        if self.state == State::Reconfiguring {
            set("nvidia.com/mig.config.state", "pending");
        }
        let resource = made
            .allocatable
            .keys()
            .next_back()
            .map_or("nvidia.com/gpu", String::as_str);
        let mut taints = self.taints(resource);
        let mut spec = Map::new();
        if self.state == State::Cordoned {
            spec.insert("unschedulable".to_owned(), true.into());
            taints.push(json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}));
        }
        if self.state == State::NotReady {
            taints.push(json!({"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}));
        }
        if !taints.is_empty() {
            spec.insert("taints".to_owned(), taints.into());
        }
        let allocatable: Map<String, Value> = made
            .allocatable
            .iter()
            .map(|(k, v)| (k.clone(), v.to_string().into()))
            .collect();
        let ready = if self.state == State::NotReady {
            "False"
        } else {
            "True"
        };
        Node {
            json: json!({
                "metadata": {"name": name, "labels": labels},
                "spec": spec,
                "status": {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": ready}]},
            }),
            truth: made.truth,
            is_available: self.state == State::Ready,
            is_pool,
        }
    }

    fn taints(&self, resource: &str) -> Vec<Value> {
        let gpu = json!({"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"});
        match self.taint {
            1 => vec![gpu],
            2 => vec![json!({"key": resource, "value": "true", "effect": "NoExecute"})],
            3 => vec![
                json!({"key": "dedicated", "value": "ml", "effect": "NoSchedule"}),
                gpu,
            ],
            4 => vec![json!({"key": "example.com/slow", "effect": "PreferNoSchedule"})],
            5 => vec![json!({"key": "dedicated", "effect": "NoExecute"})],
            _ => Vec::new(),
        }
    }
}

impl Fleet {
    /// What a policy with `supply.unlabelled: exclusive` vouches for.
    pub fn vouched(mut self) -> Self {
        for truth in self.nodes.iter_mut().flat_map(|n| n.truth.values_mut()) {
            if truth.product == "unlabelled" {
                truth.kind = Kind::Exclusive;
                truth.product = "unknown".to_owned();
            }
        }
        self
    }

    /// Every so many-th node only.
    pub fn thinned(&self, keep: u64) -> Self {
        let kept = |index: usize| keep >> (index % 64) & 1 == 1;
        let nodes = self.nodes.iter().enumerate();
        Self {
            nodes: nodes
                .filter(|(i, _)| kept(*i))
                .map(|(_, n)| n.clone())
                .collect(),
        }
    }
}
