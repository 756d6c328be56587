//! Judges every document of the input and collects the report.

use std::collections::HashSet;

use serde_json::Value;

use super::alike::Alike;
use super::notes::Notes;
use super::{
    ConsideredEntry, FindingEntry, GpuEntry, Item, Member, Preview, ReviewReport, Summary, owner,
    reading, reason, request, text,
};
use crate::admission::{World, patch};
use crate::cli::API_VERSION;
use crate::cli::args::Output;
use crate::cli::progress::Progress;
use crate::cli::workloads::{self, Found, PodDocument};
use crate::config::documents::{Document, Input};
use crate::engine::line::decision::Decision;
use crate::engine::placement::candidates::Considered;
use crate::engine::rules::unknown_key::{self, Stands};
use crate::engine::vocabulary::findings::{Finding, Findings};
use crate::engine::{Explanation, Mode, Question, Workload, explain};
use crate::facts::Pod;

/// How an input is judged.
pub(crate) struct Judging<'j> {
    /// What it is judged against.
    pub world: &'j World,
    /// The namespace of what names none.
    pub namespace: &'j str,
    /// The tier that is assumed of the namespaces.
    pub tier: Option<&'j str>,
    /// What is made of the report.
    pub form: Output,
    /// What runs is named by what made it, and not by where it was read.
    pub runs: bool,
    /// Told of each thousand objects.
    pub progress: &'j Progress,
}

/// The report of an input.
pub(crate) fn build(judging: &Judging<'_>, input: Input) -> ReviewReport {
    let mut unreadable: Vec<String> = input.errors.iter().map(ToString::to_string).collect();
    let warnings = input.doubled.iter().map(ToString::to_string).collect();
    let several = several(&input);
    let total = input.documents.len();
    let (mut alike, mut items) = (Alike::default(), Vec::new());
    let (mut summary, mut notes) = (Summary::default(), Notes::default());
    for (index, document) in input.documents.into_iter().enumerate() {
        if index % 1000 == 999 {
            let judged = format!("judging pods: {} of {total}", index + 1);
            judging.progress.say(judged);
        }
        let mut item = match judge(judging, &document) {
            Ok(item) => item,
            Err(problem) => {
                unreadable.push(problem);
                continue;
            }
        };
        summary.count(&item);
        notes.see(&item);
        match judging.form {
            Output::Text => {
                let place = match judging.runs {
                    true => String::new(),
                    false => {
                        let index = several.contains(&document.source).then_some(document.index);
                        text::place(&document.source, index, document.item)
                    }
                };
                let pods = workloads::pods(&document.value, &item.kind);
                let title = text::title(&item);
                item.preview.objects.push(Member { title, place, pods });
                alike.add(item);
            }
            Output::Diff => {
                item.preview.object = document.value;
                items.push(item);
            }
            Output::Json | Output::Yaml => items.push(item),
        }
    }
    if judging.form == Output::Text {
        items = alike.into_items();
    }
    ReviewReport {
        api_version: API_VERSION,
        kind: if judging.runs {
            "AuditReport"
        } else {
            "ReviewReport"
        },
        summary,
        items,
        unreadable,
        warnings,
        assumptions: judging
            .tier
            .map(|tier| notes.assumed(tier))
            .into_iter()
            .collect(),
        hints: match judging.tier {
            None => notes.hint(judging.world).into_iter().collect(),
            Some(_) => Vec::new(),
        },
    }
}

/// The files that hold more than one document.
fn several(input: &Input) -> HashSet<String> {
    let later = input.documents.iter().filter(|d| d.index > 0);
    later.map(|d| d.source.clone()).collect()
}

impl Summary {
    fn count(&mut self, item: &Item) {
        match item.outcome {
            "rewritten" => self.rewritten += 1,
            "denied" => self.denied += 1,
            "skipped" => self.skipped += 1,
            _ => self.untouched += 1,
        }
        if item.outcome != "skipped" {
            self.pods += 1;
        }
        if let Some(gpus) = item.gpus {
            self.gpus.add(gpus);
        }
    }
}

fn judge(judging: &Judging<'_>, document: &Document) -> Result<Item, String> {
    let in_namespace =
        |namespace: Option<String>| namespace.unwrap_or_else(|| judging.namespace.to_owned());
    match workloads::find(&document.value) {
        Found::Skipped {
            kind,
            namespace,
            name,
            reason,
        } => {
            let namespace = in_namespace(namespace);
            Ok(skipped(document, kind, namespace, name, reason))
        }
        Found::Pod(mut found) => {
            let namespace = in_namespace(found.namespace.take());
            pod(judging, document, &found, &namespace)
        }
    }
}

fn skipped(
    document: &Document,
    kind: String,
    namespace: String,
    name: String,
    reason: String,
) -> Item {
    Item {
        source: document.source.clone(),
        document: document.index,
        item: document.item,
        kind,
        namespace,
        name,
        workload: None,
        pod_path: None,
        outcome: "skipped",
        mode: None,
        tier: None,
        trust_boundary: None,
        strategy: None,
        allocator: None,
        gpus: None,
        reason,
        findings: Vec::new(),
        changes: Vec::new(),
        considered: Vec::new(),
        patch: Value::Array(Vec::new()),
        preview: Preview::default(),
    }
}

fn pod(
    judging: &Judging<'_>,
    document: &Document,
    found: &PodDocument<'_>,
    namespace: &str,
) -> Result<Item, String> {
    let world = judging.world;
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
        namespace.to_owned(),
        found.name.clone(),
        reason::of(&pod, &decision, &explanation.considered),
    );
    item.workload = judging.runs.then(|| owner::of(found.pod)).flatten();
    item.pod_path = Some(found.pod_path);
    item.patch = patch;
    item.preview = preview(&question, &decision, &explanation);
    decided(&mut item, &pod, &decision, &explanation);
    if decision.mode != Mode::Off {
        item.findings
            .extend(on_the_workload(world, document, found.pod_path));
    }
    if item.outcome != "denied" {
        let pods = workloads::pods(&document.value, &found.kind);
        item.gpus = Some(GpuEntry::of(explanation.gpus, pods));
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

fn preview(question: &Question<'_>, decision: &Decision<'_>, explanation: &Explanation) -> Preview {
    let tier = decision.tier.and_then(|name| question.policy.tier(name));
    Preview {
        object: Value::Null,
        one: explanation.gpus,
        writes: request::writes(question.pod, &decision.edits),
        left_out: reason::left_out(question.pod, tier, &explanation.considered),
        objects: Vec::new(),
    }
}

/// Where a document stands, as the reader's own errors say it.
fn place(document: &Document) -> String {
    let item = document
        .item
        .map_or_else(String::new, |i| format!(", item {}", i + 1));
    let index = document.index + 1;
    format!("{}: document {index}{item}", document.source)
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
