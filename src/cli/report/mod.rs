//! The ReviewReport: what a preview says, in the contract's words.

mod build;
mod diff;
mod reading;
mod reason;
mod request;
mod summary;
mod text;

use serde::Serialize;
use serde_json::Value;

use super::args::Output;
use super::output;
use crate::engine::share::Gpus;

pub(crate) use build::build;

/// Prints a report in the form that was asked for.
///
/// # Errors
/// When it cannot be written, or a patch does not fit the pod it was made for.
pub(crate) fn print(report: &ReviewReport, form: Output) -> anyhow::Result<()> {
    output::print(&match form {
        Output::Text => text::render(report),
        Output::Json => output::json(report)?,
        Output::Yaml => output::yaml(report)?,
        Output::Diff => diff::render(report)?,
    })
}

/// What a preview says about its input.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewReport {
    /// `slicegate.dev/v1alpha1`.
    pub api_version: &'static str,
    /// `ReviewReport`.
    pub kind: &'static str,
    /// Counts.
    pub summary: Summary,
    /// One entry for each object of the input, in its order.
    pub items: Vec<Item>,
    /// What could not be read; the rest was judged all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// What the judgement rests on, where it rests on less than a cluster's own objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
}

/// How many of each outcome.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Summary {
    /// Pods and templates judged.
    pub pods: usize,
    /// Admitted with changes.
    pub rewritten: usize,
    /// Left as they are.
    pub untouched: usize,
    /// Refused.
    pub denied: usize,
    /// Objects without a pod.
    pub skipped: usize,
}

/// One object of the input.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    /// The file as given or found.
    pub source: String,
    /// Its document in the file.
    pub document: usize,
    /// Its position in a List.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// `Deployment`, `Pod`, ...
    pub kind: String,
    /// `default` where the object names none.
    pub namespace: String,
    /// Its name or generateName.
    pub name: String,
    /// Where the pod or template stands in the object; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_path: Option<&'static str>,
    /// `rewritten`, `untouched`, `denied` or `skipped`.
    pub outcome: &'static str,
    /// What applies in the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
    /// The tier that applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The boundary label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_boundary: Option<String>,
    /// The strategy chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<&'static str>,
    /// `device-plugin` where a strategy was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocator: Option<&'static str>,
    /// Why it came out so.
    pub reason: String,
    /// Everything that was found.
    pub findings: Vec<FindingEntry>,
    /// By container, what it asked for and asks for now.
    pub changes: Vec<ChangeEntry>,
    /// Every candidate and its verdict.
    pub considered: Vec<ConsideredEntry>,
    /// RFC 6902, against the pod or template as read.
    pub patch: Value,
    /// What only the forms for people show.
    #[serde(skip)]
    pub preview: Preview,
}

/// What only the forms for people show.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// The object as read.
    pub object: Value,
    /// Pods of this object: replicas, parallelism or one.
    pub pods: u64,
    /// What one of them takes.
    pub gpus: Gpus,
    /// What is written besides the request, a few words each.
    pub writes: Vec<String>,
    /// Strategies that were not considered, and why.
    pub left_out: Vec<(Vec<&'static str>, String)>,
}

/// One finding.
#[derive(Debug, Serialize)]
pub(crate) struct FindingEntry {
    /// The rule's id.
    pub rule: &'static str,
    /// `deny` or `warn`.
    pub severity: &'static str,
    /// A JSON pointer into the object.
    pub path: String,
    /// What was found.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// One container's request before and after.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeEntry {
    /// The container.
    pub container: String,
    /// Resources before.
    pub from: serde_json::Map<String, Value>,
    /// Resources now.
    pub to: serde_json::Map<String, Value>,
}

/// One candidate.
#[derive(Debug, Serialize)]
pub(crate) struct ConsideredEntry {
    /// How it would share.
    pub strategy: &'static str,
    /// Resource and product.
    pub offer: String,
    /// Why it fell, or `chosen`.
    pub verdict: String,
}
