//! Decides about an object, and puts the decision into its item.

use serde_json::Value;

use super::model::{
    CandidateEntry, FindingEntry, GpuEntry, Item, Preview, RunningPod, WorkloadEntry,
};
use super::{changes, reading, reason};
use crate::admission::patch;
use crate::engine::audit;
use crate::engine::line::Decision;
use crate::engine::placement::candidates::CandidateVerdict;
use crate::engine::relevance::sharing_systems::KeyKind;
use crate::engine::rules::unknown_key;
use crate::engine::supply::Allocator;
use crate::engine::vocabulary::{Finding, Findings, names};
use crate::engine::{ClusterState, DecisionInput, Explanation, Mode, explain};
use crate::facts::Pod;
use crate::facts::workload::{Manifest, Workload};

/// Judges an object of a manifest. Fails if its pod cannot be read.
pub(super) fn object(
    state: &ClusterState,
    item: &mut Item,
    manifest: &Manifest<'_>,
    object: &Value,
) -> Result<(), String> {
    let template = match manifest.template() {
        Ok(template) => template,
        Err(reason) => {
            item.reason = reason;
            return Ok(());
        }
    };
    let text = template.pod.to_string();
    item.pod_path = Some(template.path);
    let pod = read(item, &text)?;
    judge(state, item, &pod, template.workload, manifest.pods())?;
    if item.mode != Some(Mode::Off.word()) {
        let more = on_the_workload(state, object, template.path);
        item.findings.extend(more);
    }
    Ok(())
}

/// Judges a running pod as if it were created now. Fails if it cannot be read.
pub(super) fn running(
    state: &ClusterState,
    item: &mut Item,
    running: &RunningPod<'_>,
) -> Result<(), String> {
    item.pod_path = Some("");
    let mut pod = read(item, running.text)?;
    as_created(state, running, &mut pod);
    item.workload = pod.owner().map(|owner| WorkloadEntry {
        kind: owner.kind.to_owned(),
        name: owner.name.to_owned(),
    });
    judge(state, item, &pod, Workload::Pod, 1)
}

/// Judges one of `pods` equal pods.
fn judge(
    state: &ClusterState,
    item: &mut Item,
    pod: &Pod<'_>,
    workload: Workload,
    pods: u64,
) -> Result<(), String> {
    let namespace = item.namespace.clone();
    let input = DecisionInput {
        workload,
        ..state.input(&namespace, pod)
    };
    let (decision, explanation) = explain(&input);
    item.patch = patch::write(pod, &decision.edits)
        .and_then(|patch| serde_json::from_str(&patch))
        .map_err(|e| {
            let what = described(item);
            format!("{what}: the patch is no JSON, please report this: {e}")
        })?;
    item.reason = reason::of(pod, &decision, &explanation.candidates);
    let tier = decision.tier.and_then(|name| state.policy.tier(name));
    item.preview = Preview {
        one: explanation.gpus,
        writes: changes::others(pod, &decision.edits),
        left_out: reason::left_out(pod, tier, &explanation.candidates),
        ..Preview::default()
    };
    item.decided(pod, &decision, &explanation);
    if item.outcome != "denied" {
        item.gpus = Some(GpuEntry::of(explanation.gpus, pods));
    }
    Ok(())
}

impl Item {
    fn decided(&mut self, pod: &Pod<'_>, decision: &Decision<'_>, explanation: &Explanation) {
        let pod_path = self.pod_path.unwrap_or_default();
        let findings = decision.findings.iter();
        self.outcome = decision.outcome.word();
        self.mode = Some(decision.mode.word());
        self.tier = decision.tier.map(str::to_owned);
        self.trust_boundary = decision.boundary.as_deref().map(str::to_owned);
        self.strategy = decision.strategy.map(|s| s.word());
        self.allocator = decision.allocator.map(Allocator::word);
        self.findings = findings.map(|f| finding(f, pod_path)).collect();
        self.changes = changes::of(pod, &decision.edits);
        self.considered = explanation.candidates.iter().map(candidate).collect();
    }
}

/// Reads the pod or template of an object.
fn read<'t>(item: &Item, text: &'t str) -> Result<Pod<'t>, String> {
    serde_json::from_str(text).map_err(|error| {
        let (at, problem) = reading::problem(text, &error);
        let (what, path) = (described(item), item.pod_path.unwrap_or_default());
        format!("{what} is no usable pod: {path}{at}: {problem}")
    })
}

/// An object by its place and name, as the errors of the reader name it.
fn described(item: &Item) -> String {
    let origin = &item.origin;
    let position = origin.item;
    let position = position.map_or_else(String::new, |i| format!(", item {}", i + 1));
    let (source, document) = (&origin.source, origin.document + 1);
    let (kind, name) = (&item.kind, &item.name);
    format!("{source}: document {document}{position}: {kind} {name}")
}

/// The pod as its author would create it now: without its node, and without slicegate's labels if they say something
/// else than a new pod would get.
fn as_created(state: &ClusterState, running: &RunningPod<'_>, pod: &mut Pod<'_>) {
    let ours = [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER];
    let has_drifted = pod.label(names::TRUST_BOUNDARY).is_some()
        && audit::has_drifted(state, running.namespace, pod);
    let labels = pod.metadata.as_mut().and_then(|m| m.labels.as_mut());
    if let Some(labels) = labels.filter(|_| has_drifted) {
        labels.0.retain(|(key, _)| !ours.contains(&&**key));
    }
    if let Some(spec) = pod.spec.as_mut().filter(|_| !running.names_its_node) {
        spec.node_name = None;
    }
}

/// Findings about slicegate's keys on the object itself, if it is not a Pod.
fn on_the_workload(state: &ClusterState, object: &Value, pod_path: &str) -> Vec<FindingEntry> {
    if pod_path.is_empty() {
        return Vec::new();
    }
    let keys = |kind, list| {
        let map = object.pointer(list).and_then(Value::as_object);
        let keys = map.into_iter().flatten();
        keys.map(move |(key, _)| (kind, key.as_str()))
    };
    let keys = keys(KeyKind::Annotation, "/metadata/annotations")
        .chain(keys(KeyKind::Label, "/metadata/labels"));
    let mut findings = Findings::new(&state.policy);
    unknown_key::on_workload(keys, pod_path, &mut findings);
    let findings = findings.into_list();
    findings.iter().map(|f| finding(f, "")).collect()
}

fn finding(finding: &Finding, pod_path: &str) -> FindingEntry {
    FindingEntry {
        rule: finding.rule.id,
        severity: finding.severity.word(),
        path: format!("{pod_path}{}", finding.path),
        message: finding.message.clone(),
        fix: finding.fix.clone(),
    }
}

fn candidate(considered: &CandidateVerdict) -> CandidateEntry {
    CandidateEntry {
        strategy: considered.strategy.word(),
        offer: considered.offer.clone(),
        verdict: considered.verdict.clone(),
    }
}
