//! Judges every document of the input and collects the report.

use serde_json::Value;

use super::{
    ConsideredEntry, FindingEntry, Item, Preview, ReviewReport, Summary, reading, reason, request,
};
use crate::admission::{World, patch};
use crate::cli::API_VERSION;
use crate::cli::workloads::{self, Found, PodDocument};
use crate::config::documents::{Document, Input};
use crate::engine::considered::Considered;
use crate::engine::decision::Decision;
use crate::engine::findings::{Finding, Findings};
use crate::engine::rules::unknown_key::{self, Stands};
use crate::engine::{Explanation, Mode, Question, Workload, explain};
use crate::facts::Pod;

/// The report of an input.
pub(crate) fn build(world: &World, input: Input, assumptions: Vec<String>) -> ReviewReport {
    let mut unreadable: Vec<String> = input.errors.iter().map(ToString::to_string).collect();
    let mut items = Vec::with_capacity(input.documents.len());
    for document in input.documents {
        match judge(world, &document) {
            Ok(mut item) => {
                item.preview.object = document.value;
                items.push(item);
            }
            Err(problem) => unreadable.push(problem),
        }
    }
    ReviewReport {
        api_version: API_VERSION,
        kind: "ReviewReport",
        summary: summary(&items),
        items,
        unreadable,
        assumptions,
    }
}

fn summary(items: &[Item]) -> Summary {
    let mut summary = Summary::default();
    for item in items {
        match item.outcome {
            "rewritten" => summary.rewritten += 1,
            "denied" => summary.denied += 1,
            "skipped" => summary.skipped += 1,
            _ => summary.untouched += 1,
        }
    }
    summary.pods = items.len() - summary.skipped;
    summary
}

fn judge(world: &World, document: &Document) -> Result<Item, String> {
    match workloads::find(&document.value) {
        Found::Skipped {
            kind,
            namespace,
            name,
            reason,
        } => Ok(skipped(document, kind, namespace, name, reason)),
        Found::Pod(found) => pod(world, document, &found),
    }
}

fn skipped(
    document: &Document,
    kind: String,
    namespace: Option<String>,
    name: String,
    reason: String,
) -> Item {
    Item {
        source: document.source.clone(),
        document: document.index,
        item: document.item,
        kind,
        namespace: namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        name,
        pod_path: None,
        outcome: "skipped",
        mode: None,
        tier: None,
        trust_boundary: None,
        strategy: None,
        allocator: None,
        reason,
        findings: Vec::new(),
        changes: Vec::new(),
        considered: Vec::new(),
        patch: Value::Array(Vec::new()),
        preview: Preview::default(),
    }
}

const DEFAULT_NAMESPACE: &str = "default";

fn pod(world: &World, document: &Document, found: &PodDocument<'_>) -> Result<Item, String> {
    let what = || format!("{}: {} {}", place(document), found.kind, found.name);
    let text = found.pod.to_string();
    let pod: Pod<'_> = serde_json::from_str(&text).map_err(|error| {
        let (at, problem) = reading::problem(&text, &error);
        format!(
            "{} is no usable pod: {}{at}: {problem}",
            what(),
            found.pod_path
        )
    })?;
    let namespace = found.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let question = Question {
        policy: &world.policy,
        supply: &world.supply,
        namespaces: &world.namespaces,
        runtime_classes: &world.runtime_classes,
        namespace,
        pod: &pod,
        workload: workload(found),
        user: None,
    };
    let (decision, explanation) = explain(&question);
    let patch = patch::write(&pod, &decision.edits)
        .and_then(|patch| serde_json::from_str(&patch))
        .map_err(|e| format!("{}: the patch is no JSON, please report this: {e}", what()))?;
    let mut item = skipped(
        document,
        found.kind.clone(),
        found.namespace.clone(),
        found.name.clone(),
        reason::of(&pod, &decision, &explanation.considered),
    );
    item.pod_path = Some(found.pod_path);
    item.patch = patch;
    item.preview = preview(document, found, &question, &decision, &explanation);
    decided(&mut item, &pod, &decision, &explanation);
    if decision.mode != Mode::Off {
        item.findings
            .extend(on_the_workload(world, document, found.pod_path));
    }
    Ok(item)
}

/// What is to be said of slicegate's keys on the object itself, where it is no Pod.
fn on_the_workload(world: &World, document: &Document, pod_path: &str) -> Vec<FindingEntry> {
    if pod_path.is_empty() {
        return Vec::new();
    }
    let keys = |stands, list| {
        let map = document.value.pointer(list).and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .map(move |(key, _)| (stands, key.as_str()))
    };
    let keys = keys(Stands::Annotation, "/metadata/annotations")
        .chain(keys(Stands::Label, "/metadata/labels"));
    let mut findings = Findings::new(&world.policy);
    unknown_key::on_workload(keys, pod_path, &mut findings);
    findings
        .into_list()
        .iter()
        .map(|f| finding(f, ""))
        .collect()
}

fn workload(found: &PodDocument<'_>) -> Workload {
    match found.workload {
        workloads::Workload::Pod => Workload::Pod,
        workloads::Workload::DaemonSet => Workload::DaemonSet,
        workloads::Workload::Other => Workload::Template,
    }
}

/// Puts what was decided into an item.
fn decided(item: &mut Item, pod: &Pod<'_>, decision: &Decision<'_>, explanation: &Explanation) {
    let pod_path = item.pod_path.unwrap_or_default();
    item.outcome = decision.outcome.word();
    item.mode = Some(decision.mode.word());
    item.tier = decision.tier.map(str::to_owned);
    item.trust_boundary = decision.boundary.as_deref().map(str::to_owned);
    item.strategy = decision.strategy.map(|s| s.word());
    item.allocator = decision.strategy.map(|_| "device-plugin");
    item.findings = decision
        .findings
        .iter()
        .map(|f| finding(f, pod_path))
        .collect();
    item.changes = request::changes(pod, &decision.edits);
    item.considered = explanation.considered.iter().map(entry).collect();
}

fn preview(
    document: &Document,
    found: &PodDocument<'_>,
    question: &Question<'_>,
    decision: &Decision<'_>,
    explanation: &Explanation,
) -> Preview {
    let tier = decision.tier.and_then(|name| question.policy.tier(name));
    Preview {
        object: Value::Null,
        pods: workloads::pods(&document.value, &found.kind),
        gpus: explanation.gpus,
        writes: request::writes(question.pod, &decision.edits),
        left_out: reason::left_out(question.pod, tier, &explanation.considered),
    }
}

/// Where a document stands, as the reader's own errors say it.
fn place(document: &Document) -> String {
    let item = document
        .item
        .map_or_else(String::new, |i| format!(", item {i}"));
    format!("{}: document {}{item}", document.source, document.index)
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

fn entry(considered: &Considered) -> ConsideredEntry {
    ConsideredEntry {
        strategy: considered.strategy.word(),
        offer: considered.offer.clone(),
        verdict: considered.verdict.clone(),
    }
}
