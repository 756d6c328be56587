//! The ReviewReport: what a preview says, in the contract's words.

mod alike;
mod build;
mod diff;
mod notes;
mod owner;
mod reading;
mod reason;
mod request;
mod summary;
mod text;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::args::Output;
use super::{DENIED, DONE, UNUSABLE, output};
use crate::engine::placement::usage::Gpus;

pub(crate) use build::{Judging, build};

/// Prints a report, and what could not be read, and returns the exit status.
///
/// # Errors
/// When it cannot be written, or a patch does not fit the pod it was made for.
pub(crate) fn finish(report: &ReviewReport, form: Output) -> anyhow::Result<u8> {
    output::print(&match form {
        Output::Text => text::render(report),
        Output::Json => output::json(report)?,
        Output::Yaml => output::yaml(report)?,
        Output::Diff => diff::render(report)?,
    })?;
    for warning in &report.warnings {
        output::complain(&format!("warning: {warning}"));
    }
    for problem in &report.unreadable {
        output::complain(problem);
    }
    Ok(
        match (report.unreadable.is_empty(), report.summary.denied) {
            (false, _) => UNUSABLE,
            (true, 0) => DONE,
            (true, _) => DENIED,
        },
    )
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
    /// One entry for each object of the input, in its order; in the form for people those alike are one.
    pub items: Vec<Item>,
    /// What could not be read; the rest was judged all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// What could be read in more ways than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the judgement rests on, where it rests on less than a cluster's own objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
    /// What people may want to know next.
    #[serde(skip)]
    pub hints: Vec<String>,
}

/// How many of each outcome, and what those that are admitted take.
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
    /// Those of all items that are admitted.
    pub gpus: GpuEntry,
}

/// GPUs, shares as parts of one.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct GpuEntry {
    /// The pods that take them: replicas, parallelism or one.
    pub pods: u64,
    /// What they ask for as written.
    #[serde(serialize_with = "rounded")]
    pub asked: f64,
    /// What they take as decided.
    #[serde(serialize_with = "rounded")]
    pub taken: f64,
}

impl GpuEntry {
    /// Those of so many pods.
    fn of(gpus: Gpus, pods: u64) -> Self {
        Self {
            pods,
            asked: gpus.before * pods as f64,
            taken: gpus.after * pods as f64,
        }
    }

    fn add(&mut self, other: Self) {
        self.pods = self.pods.saturating_add(other.pods);
        self.asked += other.asked;
        self.taken += other.taken;
    }
}

/// Thirds and sevenths to four decimals.
fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((value * 1e4).round() / 1e4)
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
    /// What made a pod that runs, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadEntry>,
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
    /// What all its pods ask for and take, if they are admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<GpuEntry>,
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

/// What made a pod: its controller, of a ReplicaSet the Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WorkloadEntry {
    /// `Deployment`, `StatefulSet`, ...
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What only the forms for people show.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// The object as read; only for a diff.
    pub object: Value,
    /// What one pod takes.
    pub one: Gpus,
    /// What is written besides the request, a few words each.
    pub writes: Vec<String>,
    /// Strategies that were not considered, and why.
    pub left_out: Vec<(Vec<&'static str>, String)>,
    /// The objects that this is said of.
    pub objects: Vec<Member>,
}

/// Objects of one name.
#[derive(Debug)]
pub(crate) struct Member {
    /// `Deployment team-a/llm`.
    pub title: String,
    /// Where it was read; empty for what runs.
    pub place: String,
    /// Its pods.
    pub pods: u64,
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
