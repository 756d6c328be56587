//! One folder read: the pod and the world it is judged in.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slicegate::config::{documents, fleet, policy};
use slicegate::engine::{ClusterState, Namespaces, Policy, RuntimeClasses, Supply, Workload};

/// One behaviour.
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// Where it stands.
    pub folder: PathBuf,
    /// The pod or the template.
    pub pod: Value,
    /// The pod's namespace.
    pub namespace: String,
    /// What makes the pod.
    pub workload: Workload,
    /// Who creates it, where a request says so.
    pub user: Option<String>,
    /// The body of `request.json`, if that is what the case asks.
    pub request: Option<String>,
    /// What it is judged against.
    pub world: ClusterState,
    /// The world at the second pass, where it has changed.
    pub later: Option<ClusterState>,
}

/// The last part of a path.
pub fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Case {
    /// Reads a folder; what it lacks is taken from `_world` beside it.
    pub fn read(folder: &Path, cases: &Path) -> Self {
        let name = name(folder);
        let find = |file: &str| {
            let own = folder.join(file);
            let shared = cases.join("_world").join(file);
            if own.exists() { own } else { shared }
        };
        let world = |nodes: &Path| {
            let policy = read_policy(&find("policy.yaml"));
            let (supply, classes) = supply(nodes, &policy);
            ClusterState::new(policy, supply, namespaces(&find("namespaces.yaml")))
                .with_runtime_classes(classes)
        };
        let later = Some(folder.join("later-nodes.yaml")).filter(|path| path.exists());
        let now = world(&find("nodes.yaml"));
        let body = fs::read_to_string(folder.join("request.json")).ok();
        let request = body.as_ref().map(|_| one(&folder.join("request.json")));
        let request = request.map(|review| review["request"].clone());
        let object = match &request {
            Some(request) => Some(request["object"].clone()).filter(Value::is_object),
            None => Some(with_hash(&one(&folder.join("pod.yaml")), &now.policy.hash)),
        };
        let object = object.unwrap_or_default();
        let kind = object["kind"].as_str().unwrap_or("Pod");
        let (path, workload) = match kind {
            "Pod" => ("", Workload::Pod),
            "DaemonSet" => ("/spec/template", Workload::DaemonSet),
            "CronJob" => ("/spec/jobTemplate/spec/template", Workload::Template),
            _ => ("/spec/template", Workload::Template),
        };
        let pod = object.pointer(path).cloned().filter(|pod| !pod.is_null());
        let pod = pod.or_else(|| {
            request
                .as_ref()
                .map(|_| Value::Object(serde_json::Map::new()))
        });
        let text = |pointer: &str| request.as_ref()?.pointer(pointer)?.as_str();
        let own = object
            .pointer("/metadata/namespace")
            .and_then(Value::as_str);
        let namespace = text("/namespace").or(own);
        Self {
            pod: pod.unwrap_or_else(|| panic!("{name}: {kind} has nothing at {path}")),
            namespace: namespace.unwrap_or("default").to_owned(),
            workload,
            user: text("/userInfo/username").map(str::to_owned),
            request: body,
            world: now,
            later: later.map(|nodes| world(&nodes)),
            folder: folder.to_owned(),
            name,
        }
    }

    /// What a person accepted, if there is something.
    pub fn expected(&self) -> Option<Value> {
        let path = self.folder.join("expected.yaml");
        path.exists().then(|| one(&path))
    }

    /// The pod with a patch applied, by another implementation of RFC 6902.
    pub fn applied(&self, patch: &Value) -> Result<Value, String> {
        let operations: json_patch::Patch =
            serde_json::from_value(patch.clone()).map_err(|e| format!("no patch: {e}"))?;
        let mut pod = self.pod.clone();
        json_patch::patch(&mut pod, &operations)
            .map_err(|e| format!("the patch does not apply: {e}"))?;
        Ok(pod)
    }
}

/// A pod that carries a receipt writes the policy's hash as `HASH`.
fn with_hash(value: &Value, hash: &str) -> Value {
    let text = value.to_string().replace("HASH", hash);
    serde_json::from_str(&text).expect("still JSON")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The only document of a file.
fn one(path: &Path) -> Value {
    let source = path.display().to_string();
    let input = documents::parse(&source, &text(path));
    let errors: Vec<String> = input.errors.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let [document] = &input.documents[..] else {
        panic!("{source}: {} documents", input.documents.len());
    };
    document.value.clone()
}

fn is_assumed(path: &Path) -> bool {
    text(path).trim() == "assumed"
}

fn read_policy(path: &Path) -> Policy {
    let source = path.display().to_string();
    policy::read(&source, &text(path)).unwrap_or_else(|errors| panic!("{errors}"))
}

fn supply(path: &Path, policy: &Policy) -> (Supply, RuntimeClasses) {
    let supply = match is_assumed(path) {
        true => fleet::assumed(policy).map(|supply| (supply, RuntimeClasses::default())),
        false => fleet::from_file(&path.display().to_string(), policy),
    };
    supply.unwrap_or_else(|e| panic!("{e}"))
}

fn namespaces(path: &Path) -> Namespaces {
    if is_assumed(path) {
        return Namespaces::assumed([].into());
    }
    let path = path.display().to_string();
    let views = fleet::namespace_views(&path, &documents::read(std::slice::from_ref(&path)));
    Namespaces::known(views.unwrap_or_else(|e| panic!("{e}")))
}
