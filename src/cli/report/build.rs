//! Judges every document of the input and collects the report.

use serde_json::{Map, Value};

use super::{ChangeEntry, ConsideredEntry, FindingEntry, Item, ReviewReport, Summary};
use crate::admission::{World, patch};
use crate::cli::workloads::{self, Found, PodDocument};
use crate::config::documents::{Document, Input};
use crate::engine::considered::Considered;
use crate::engine::decision::{Decision, Finding, Outcome, Reason, StampReason};
use crate::engine::plan::Edit;
use crate::engine::share::Gpus;
use crate::engine::{Question, Workload, explain};
use crate::facts::Pod;

/// The report of an input.
pub fn build(world: &World, input: Input, assumptions: Vec<String>) -> ReviewReport {
    let mut unreadable: Vec<String> = input.errors.iter().map(ToString::to_string).collect();
    let mut items = Vec::with_capacity(input.documents.len());
    for document in input.documents {
        match judge(world, &document) {
            Ok(item) => items.push(item),
            Err(problem) => unreadable.push(problem),
        }
    }
    ReviewReport {
        api_version: "slicegate.dev/v1alpha1",
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
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
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
        pod: None,
        pods: 0,
        gpus: Gpus::default(),
    }
}

fn pod(world: &World, document: &Document, found: &PodDocument<'_>) -> Result<Item, String> {
    let place = || {
        let item = document
            .item
            .map_or_else(String::new, |i| format!(" item {i}"));
        format!("{}: document {}{item}", document.source, document.index)
    };
    let text = found.pod.to_string();
    let pod: Pod<'_> = serde_json::from_str(&text).map_err(|e| {
        format!(
            "{}: {} {} is no valid pod: {e}",
            place(),
            found.kind,
            found.name
        )
    })?;
    let namespace = found.namespace.as_deref().unwrap_or("default");
    let question = Question {
        policy: &world.policy,
        supply: &world.supply,
        namespaces: &world.namespaces,
        namespace,
        pod: &pod,
        workload: match found.workload {
            workloads::Workload::Pod => Workload::Pod,
            workloads::Workload::DaemonSet => Workload::DaemonSet,
            workloads::Workload::Other => Workload::Template,
        },
        user: None,
    };
    let (decision, explanation) = explain(&question);
    let patch = patch::write(&pod, &decision.edits);
    let patch = serde_json::from_str(&patch)
        .map_err(|e| format!("{}: the patch is no JSON, please report this: {e}", place()))?;
    Ok(Item {
        source: document.source.clone(),
        document: document.index,
        item: document.item,
        kind: found.kind.clone(),
        namespace: namespace.to_owned(),
        name: found.name.clone(),
        pod_path: Some(found.pod_path),
        outcome: decision.outcome.word(),
        mode: Some(decision.mode.word()),
        tier: decision.tier.map(str::to_owned),
        trust_boundary: decision.boundary.as_deref().map(str::to_owned),
        strategy: decision.strategy.map(|s| s.word()),
        allocator: decision.strategy.map(|_| "device-plugin"),
        reason: reason(&decision),
        findings: decision
            .findings
            .iter()
            .map(|f| finding(f, found.pod_path))
            .collect(),
        changes: changes(&pod, &decision),
        considered: explanation.considered.iter().map(entry).collect(),
        patch,
        pod: Some(found.pod.clone()),
        pods: pods(&document.value, &found.kind),
        gpus: explanation.gpus,
    })
}

fn reason(decision: &Decision<'_>) -> String {
    let chosen = || match (decision.strategy, decision.tier) {
        (Some(strategy), Some(tier)) => {
            format!("{strategy}: the first strategy of tier {tier} that known nodes can serve")
        }
        (Some(strategy), None) => format!("{strategy}: what was asked for by name, without a tier"),
        (None, _) => String::new(),
    };
    match decision.reason {
        Reason::NotOurs => "made by the kubelet, nothing here is slicegate's".to_owned(),
        Reason::NamespaceOff => "slicegate is off in this namespace".to_owned(),
        Reason::TakesNoGpu => "it takes no GPU that slicegate hands out".to_owned(),
        Reason::Chosen => chosen(),
        Reason::Kept => match decision.outcome {
            Outcome::Untouched => "it carries a finished choice that still holds".to_owned(),
            Outcome::Rewritten | Outcome::Denied => {
                "the choice it carries still holds; only what is missing is added".to_owned()
            }
        },
        Reason::StampOnly(why) => stamp_reason(why).to_owned(),
        Reason::Findings => {
            let first = decision
                .findings
                .iter()
                .find(|f| f.severity == crate::engine::Severity::Deny);
            first.map_or_else(String::new, |f| format!("{}: {}", f.rule.id, f.message))
        }
    }
}

const fn stamp_reason(why: StampReason) -> &'static str {
    match why {
        StampReason::DaemonSet => {
            "a DaemonSet's pod cannot be steered: its request stays, the trust boundary's stamp is added"
        }
        StampReason::OptOut => {
            "it opted out: its request stays, the trust boundary's stamp is added"
        }
        StampReason::NothingKnownFits => {
            "nothing known can serve it and that is only a warning: its request stays, the stamp is added"
        }
        StampReason::ForeignSystem => {
            "the policy leaves it to another sharing system; only the boundary label is added"
        }
        StampReason::Outsider => {
            "slicegate is off in this namespace; the policy's outsiders: label adds the boundary label"
        }
    }
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

fn changes(pod: &Pod<'_>, decision: &Decision<'_>) -> Vec<ChangeEntry> {
    let mut changes: Vec<ChangeEntry> = Vec::new();
    for edit in &decision.edits {
        let (place, old, new) = match edit {
            Edit::Resource {
                place,
                old,
                resource,
                count,
            } => (*place, *old, Some((*resource, *count))),
            Edit::DropResource { place, resource } => (*place, Some(*resource), None),
            _ => continue,
        };
        let Some(container) = pod.at(place) else {
            continue;
        };
        let written = |resource: &str| {
            let resources = container.resources.as_ref()?;
            let limit = resources.limits.as_ref().and_then(|l| l.get(resource));
            limit
                .or_else(|| resources.requests.as_ref()?.get(resource))
                .map(str::to_owned)
        };
        let mut from = Map::new();
        if let Some(old) = old {
            let quantity = written(old).unwrap_or_default();
            from.insert(old.to_owned(), Value::String(quantity));
        }
        let to =
            new.map(|(resource, count)| (resource.to_owned(), Value::String(count.to_string())));
        changes.push(ChangeEntry {
            container: container.name().to_owned(),
            from,
            to: to.into_iter().collect(),
        });
    }
    changes
}

/// How many pods an object makes: replicas, parallelism, else one.
fn pods(object: &Value, kind: &str) -> u64 {
    let pointer = match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => "/spec/replicas",
        "Job" => "/spec/parallelism",
        "CronJob" => "/spec/jobTemplate/spec/parallelism",
        _ => return 1,
    };
    object.pointer(pointer).and_then(Value::as_u64).unwrap_or(1)
}
