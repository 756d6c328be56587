//! The API server asks slicegate about every pod that touches GPUs and about no other, whatever the pod looks like.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use slicegate::engine::concerns_gpus;
use slicegate::facts::Pod;

use super::assets::Assets;
use super::cluster::{Cluster, Namespace, pods_of};
use super::control_plane::{Options, Parts};
use super::many_pods;
use super::recorder::Recorder;
use super::runner::note;
use super::stage::Stage;

const NAMESPACE: Namespace = Namespace {
    name: "crowd",
    annotations: &[],
    labels: &[],
};

const BARE: Options = Options {
    plugins: "",
    parts: Parts::Api,
};

/// Runtime classes that pods of the corpus and of the generator name; others are refused before any webhook.
const CLASSES: [&str; 5] = ["nvidia", "nvidia-legacy", "nvidia-cdi", "nvidiax", "kata"];

/// Whose refusals come before the webhooks are asked.
const EARLIER: [&str; 3] = ["RuntimeClass", "PriorityClass", "resource name"];

/// What the API server says of an expression that failed, or that it gave up on.
const COSTLY: [&str; 4] = [
    "matchCondition",
    "match condition",
    "resulted in error",
    "cost",
];

pub fn every_pod_that_touches_gpus_is_asked_about_and_no_other(stage: &mut Stage) {
    let pods = many_pods::all(stage);
    let cluster = stage.shared(boot);
    let recorder = Recorder::register(cluster, NAMESPACE.name);
    let mut tally = Tally::default();
    for (index, (source, pod)) in pods.into_iter().enumerate() {
        tally.try_pod(cluster, &recorder, &source, pod, index);
    }
    tally.finish();
    note(format!(
        "a condition takes {:.0} µs on average",
        cost(cluster) * 1e6
    ));
    assert!(tally.asked > 500 && tally.spared > 500);
}

pub fn a_pod_too_large_to_be_looked_through_is_asked_about_and_none_costs_too_much(
    stage: &mut Stage,
) {
    let cluster = stage.shared(boot);
    let recorder = Recorder::register(cluster, NAMESPACE.name);
    let mut tally = Tally::default();
    let mut pods = many_pods::large();
    for count in [450, 990, 1_001, 4_800] {
        pods.extend(many_pods::selecting(count, false, 2));
        pods.extend(many_pods::selecting(count, true, 2));
    }
    pods.extend(many_pods::selecting_without_end());
    for (index, (source, pod)) in pods.into_iter().enumerate() {
        tally.try_pod(cluster, &recorder, source, pod, index);
    }
    tally.finish();
    assert!(tally.asked > 5, "only {} were asked about", tally.asked);
}

fn boot(assets: &Assets) -> Cluster {
    let cluster = Cluster::boot(assets, BARE);
    cluster.make_namespaces([&NAMESPACE]);
    for name in CLASSES {
        let class = json!({"metadata": {"name": name}, "handler": "runc"});
        cluster.create("/apis/node.k8s.io/v1/runtimeclasses", &class);
    }
    cluster
}

/// What became of the pods.
#[derive(Default)]
struct Tally {
    asked: usize,
    spared: usize,
    /// By reason, how many the API server refused before it would ask anybody.
    unseen: BTreeMap<String, usize>,
    /// By reason, how many it refused after that.
    refused: BTreeMap<String, usize>,
    faults: Vec<String>,
}

impl Tally {
    fn try_pod(
        &mut self,
        cluster: &Cluster,
        recorder: &Recorder,
        source: &str,
        mut pod: Value,
        index: usize,
    ) {
        let name = format!("pod-{index}");
        many_pods::adopt(&mut pod, &name, NAMESPACE.name);
        let path = format!("{}?dryRun=All", pods_of(NAMESPACE.name));
        let answer = cluster.api().send("POST", &path, Some(&pod));
        let asked = recorder.asked_about(&name);
        let message = answer.message();
        if COSTLY.iter().any(|said| message.contains(said)) {
            self.faults.push(format!("{source}: {message}"));
            return;
        }
        let is_earlier = answer.status == 400
            || [403, 500].contains(&answer.status)
                && EARLIER.iter().any(|who| message.contains(who));
        if asked.is_none() && is_earlier {
            *self.unseen.entry(shape(message)).or_default() += 1;
            return;
        }
        if !answer.is_good() {
            *self
                .refused
                .entry(format!("{} {}", answer.status, shape(message)))
                .or_default() += 1;
        }
        match asked {
            Some(seen) => {
                self.asked += 1;
                if !touches(&seen) || !touches(&pod) {
                    self.faults.push(format!("{source}: asked about {pod}"));
                }
            }
            None => {
                self.spared += 1;
                if touches(&pod) {
                    let status = answer.status;
                    self.faults
                        .push(format!("{source}: not asked: {status} {message}: {pod}"));
                }
            }
        }
    }

    #[track_caller]
    fn finish(&self) {
        note(format!(
            "asked about {}, not about {}",
            self.asked, self.spared
        ));
        for (kind, reasons) in [("before", &self.unseen), ("after", &self.refused)] {
            for (reason, count) in reasons {
                note(format!("{count} refused {kind} the webhooks: {reason}"));
            }
        }
        let faults: Vec<String> = self
            .faults
            .iter()
            .map(|f| f.chars().take(600).collect())
            .collect();
        assert!(
            faults.is_empty(),
            "{} faults:\n{}",
            faults.len(),
            faults.join("\n")
        );
    }
}

/// What the API server says of the seconds that a condition took.
fn cost(cluster: &Cluster) -> f64 {
    let metrics = cluster.get("/metrics");
    let sum = |end: &str| -> f64 {
        let name = format!("apiserver_admission_match_condition_evaluation_seconds_{end}{{");
        let lines = metrics.as_str().unwrap_or_default().lines();
        let own = lines.filter(|l| l.starts_with(&name) && l.contains("mutate.slicegate.dev"));
        own.filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    };
    sum("sum") / sum("count")
}

fn touches(pod: &Value) -> bool {
    let text = pod.to_string();
    let read: Pod<'_> = serde_json::from_str(&text).expect("a pod");
    concerns_gpus(&read)
}

/// The beginning of a message without what differs from pod to pod.
fn shape(message: &str) -> String {
    let words = message.split([',', ' ']);
    let same =
        words.filter(|w| !w.is_empty() && !w.contains("pod-") && !w.contains(['"', '[', '`']));
    same.take(7).collect::<Vec<_>>().join(" ")
}
