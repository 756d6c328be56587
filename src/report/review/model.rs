//! The data of a ReviewReport.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::engine::placement::usage::Gpus;

/// The report on all objects.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewReport {
    pub api_version: &'static str,
    /// `ReviewReport`, or `AuditReport` for pods that run.
    pub kind: &'static str,
    pub summary: Summary,
    /// The objects in the order of the input; with [`super::Detail::Groups`] one entry for similar objects.
    pub items: Vec<Item>,
    /// Why some objects could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// Ambiguities of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What was assumed in place of a cluster's own objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
    /// What to try next.
    #[serde(skip)]
    pub hints: Vec<String>,
}

/// The number of objects by outcome, and the GPUs of the admitted ones.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Summary {
    /// Pods and templates.
    pub pods: usize,
    pub rewritten: usize,
    pub untouched: usize,
    pub denied: usize,
    /// Objects without a pod.
    pub skipped: usize,
    pub gpus: GpuEntry,
}

/// GPUs; a share counts as its part.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct GpuEntry {
    /// The pods that take them: replicas, parallelism or one.
    pub pods: u64,
    /// As written.
    #[serde(serialize_with = "rounded")]
    pub asked: f64,
    /// As decided.
    #[serde(serialize_with = "rounded")]
    pub taken: f64,
}

impl GpuEntry {
    pub(super) fn of(gpus: Gpus, pods: u64) -> Self {
        Self {
            pods,
            asked: gpus.before * pods as f64,
            taken: gpus.after * pods as f64,
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.pods = self.pods.saturating_add(other.pods);
        self.asked += other.asked;
        self.taken += other.taken;
    }
}

/// Thirds and sevenths to four decimals.
fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((value * 1e4).round() / 1e4)
}

/// Where an object was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Origin {
    /// The file as given or found, or the address of a cluster.
    pub source: String,
    /// Which document of the file, from 0.
    pub document: usize,
    /// The position in a List, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
}

impl Origin {
    /// The file, its document if the file has several, and the item of a list. People count from 1.
    pub fn place(&self, has_several: bool) -> String {
        let mut place = match self.source.as_str() {
            "-" => "standard input".to_owned(),
            file => file.to_owned(),
        };
        if has_several {
            place.push_str(&format!(", document {}", self.document + 1));
        }
        if let Some(index) = self.item {
            place.push_str(&format!(", item {}", index + 1));
        }
        place
    }
}

/// A pod that a cluster runs.
#[derive(Clone, Copy, Debug)]
pub struct RunningPod<'p> {
    pub namespace: &'p str,
    pub name: &'p str,
    /// Whether its author named the node.
    pub names_its_node: bool,
    /// The pod as JSON.
    pub text: &'p str,
}

/// One object of the input.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    #[serde(flatten)]
    pub origin: Origin,
    /// `Deployment`, `Pod`, ...
    pub kind: String,
    /// `default` if the object names none.
    pub namespace: String,
    /// Its name or generateName.
    pub name: String,
    /// The owner of a running pod, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadEntry>,
    /// The JSON pointer to the pod or template; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_path: Option<&'static str>,
    /// `rewritten`, `untouched`, `denied` or `skipped`.
    pub outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The boundary label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_boundary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<&'static str>,
    /// `device-plugin`, if there is a strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocator: Option<&'static str>,
    /// The GPUs of all its pods, if they are admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<GpuEntry>,
    /// Why it has this outcome.
    pub reason: String,
    pub findings: Vec<FindingEntry>,
    pub changes: Vec<ChangeEntry>,
    /// The candidates.
    pub considered: Vec<CandidateEntry>,
    /// RFC 6902, against the pod or template as read.
    pub patch: Value,
    /// What only texts for people show.
    #[serde(skip)]
    pub preview: Preview,
}

impl Item {
    /// `Deployment team-a/llm`. A running pod has the name of its workload.
    pub fn title(&self) -> String {
        let (kind, name) = match &self.workload {
            Some(workload) => (&workload.kind, &workload.name),
            None => (&self.kind, &self.name),
        };
        let kind = if kind.is_empty() { "object" } else { kind };
        let name = if name.is_empty() { "(no name)" } else { name };
        format!("{kind} {}/{name}", self.namespace)
    }
}

/// The controller of a pod; for a ReplicaSet, its Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadEntry {
    pub kind: String,
    pub name: String,
}

/// What only texts for people show.
#[derive(Debug, Default)]
pub struct Preview {
    /// The object as read; only for a diff.
    pub object: Value,
    /// The GPUs of one pod.
    pub one: Gpus,
    /// The changes beside the request, a few words each.
    pub writes: Vec<String>,
    /// Strategies without a candidate, and why.
    pub left_out: Vec<(Vec<&'static str>, String)>,
    /// The similar objects, with [`super::Detail::Groups`].
    pub objects: Vec<Member>,
}

/// Objects of one name.
#[derive(Debug)]
pub struct Member {
    /// See [`Item::title`].
    pub title: String,
    /// Where it was read; empty for running pods.
    pub place: String,
    pub pods: u64,
}

/// A finding.
#[derive(Debug, Serialize)]
pub struct FindingEntry {
    pub rule: &'static str,
    pub severity: &'static str,
    /// A JSON pointer into the object.
    pub path: String,
    pub message: String,
    pub fix: String,
}

/// The resources of a container before and after.
#[derive(Debug, Serialize)]
pub struct ChangeEntry {
    pub container: String,
    pub from: serde_json::Map<String, Value>,
    pub to: serde_json::Map<String, Value>,
}

/// A candidate.
#[derive(Debug, Serialize)]
pub struct CandidateEntry {
    pub strategy: &'static str,
    /// Resource and product.
    pub offer: String,
    /// Why it was rejected, or `chosen`.
    pub verdict: String,
}
