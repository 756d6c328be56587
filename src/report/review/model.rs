//! The data of a ReviewReport.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::engine::placement::usage::Gpus;

/// What is said of all objects.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewReport {
    /// `slicegate.dev/v1alpha1`.
    pub api_version: &'static str,
    /// `ReviewReport`, or `AuditReport` for pods that run.
    pub kind: &'static str,
    /// Counts.
    pub summary: Summary,
    /// One entry for each object, in the order of the input; with [`super::Detail::Groups`] one for all that are alike.
    pub items: Vec<Item>,
    /// What could not be read. The rest was judged all the same.
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
pub struct Summary {
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
pub struct GpuEntry {
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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
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
    /// Its namespace.
    pub namespace: &'p str,
    /// Its name.
    pub name: &'p str,
    /// Whether its author named the node.
    pub names_its_node: bool,
    /// The pod as JSON.
    pub text: &'p str,
}

/// One object of the input.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Where it was read.
    #[serde(flatten)]
    pub origin: Origin,
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
    pub considered: Vec<CandidateEntry>,
    /// RFC 6902, against the pod or template as read.
    pub patch: Value,
    /// What only the forms for people show.
    #[serde(skip)]
    pub preview: Preview,
}

impl Item {
    /// `Deployment team-a/llm`, as far as the object says. A pod that runs is named by its workload.
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

/// What made a pod: its controller, of a ReplicaSet the Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadEntry {
    /// `Deployment`, `StatefulSet`, ...
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What only the forms for people show.
#[derive(Debug, Default)]
pub struct Preview {
    /// The object as read; only for a diff.
    pub object: Value,
    /// What one pod takes.
    pub one: Gpus,
    /// What is written besides the request, a few words each.
    pub writes: Vec<String>,
    /// Strategies that were not considered, and why.
    pub left_out: Vec<(Vec<&'static str>, String)>,
    /// With [`super::Detail::Groups`]: the objects that are alike.
    pub objects: Vec<Member>,
}

/// Objects of one name.
#[derive(Debug)]
pub struct Member {
    /// See [`Item::title`].
    pub title: String,
    /// Where it was read; empty for pods that run.
    pub place: String,
    /// Its pods.
    pub pods: u64,
}

/// One finding.
#[derive(Debug, Serialize)]
pub struct FindingEntry {
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
pub struct ChangeEntry {
    /// The container.
    pub container: String,
    /// Resources before.
    pub from: serde_json::Map<String, Value>,
    /// Resources now.
    pub to: serde_json::Map<String, Value>,
}

/// One candidate.
#[derive(Debug, Serialize)]
pub struct CandidateEntry {
    /// How it would share.
    pub strategy: &'static str,
    /// Resource and product.
    pub offer: String,
    /// Why it fell, or `chosen`.
    pub verdict: String,
}
