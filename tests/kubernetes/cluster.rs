//! A running cluster as the tests use it: objects in, objects out, and waiting for what becomes of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::assets::Assets;
use super::control_plane::{ControlPlane, Options};
use super::kubectl::Kubectl;
use super::wait::{seconds, until};

/// A control plane with its clients.
pub struct Cluster {
    plane: ControlPlane,
    /// kubectl with the administrator's kubeconfig.
    pub kubectl: Kubectl,
}

impl Cluster {
    /// Boots one.
    #[track_caller]
    pub fn boot(assets: &Assets, options: Options) -> Self {
        let plane = ControlPlane::boot(assets, options);
        let kubectl = Kubectl::new(&assets.kubectl, &plane.kubeconfig, plane.folder.path());
        Self { plane, kubectl }
    }

    /// Everything below it: logs, certificates, the audit log.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// The same, to stop and start parts of it.
    pub fn plane_mut(&mut self) -> &mut ControlPlane {
        &mut self.plane
    }

    /// The administrator's client.
    pub fn api(&self) -> &Api {
        &self.plane.api
    }

    /// Creates an object, which has to be taken.
    #[track_caller]
    pub fn create(&self, collection: &str, object: &Value) -> Value {
        let answer = self.try_create(collection, object);
        assert!(answer.is_good(), "{collection}: {}", answer.body);
        answer.body
    }

    /// Creates an object, or hears why not.
    #[track_caller]
    pub fn try_create(&self, collection: &str, object: &Value) -> Answer {
        self.api().send("POST", collection, Some(object))
    }

    /// An object that has to be there.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let answer = self.api().send("GET", path, None);
        assert!(answer.is_good(), "{path}: {}", answer.body);
        answer.body
    }

    /// The objects of a collection.
    #[track_caller]
    pub fn list(&self, collection: &str) -> Vec<Value> {
        let Value::Array(mut items) = self.get(collection)["items"].take() else {
            panic!("{collection} is no collection");
        };
        for item in &mut items {
            // Who wrote which field is no use here, and long in the message of a failure.
            item["metadata"]["managedFields"].take();
        }
        items
    }

    /// Changes an object by a merge patch.
    #[track_caller]
    pub fn change(&self, path: &str, patch: &Value) -> Value {
        let answer = self.api().send("PATCH", path, Some(patch));
        assert!(answer.is_good(), "{path}: {}", answer.body);
        answer.body
    }

    /// Deletes an object, if it is there.
    #[track_caller]
    pub fn delete(&self, path: &str) {
        let now = json!({"gracePeriodSeconds": 0, "propagationPolicy": "Background"});
        let answer = self.api().send("DELETE", path, Some(&now));
        assert!(
            answer.is_good() || answer.status == 404,
            "{path}: {}",
            answer.body
        );
    }

    /// Waits; where it was in vain, says what the components last said.
    #[track_caller]
    pub fn wait_for<T>(
        &self,
        what: &str,
        limit: Duration,
        look: impl FnMut() -> Result<T, String>,
    ) -> T {
        until(what, limit, || self.plane.tails(), look)
    }

    /// Creates namespaces with annotations and labels, and waits until pods can be made in them.
    #[track_caller]
    pub fn make_namespaces<'a>(&self, namespaces: impl IntoIterator<Item = &'a Namespace>) {
        let mut names = Vec::new();
        for namespace in namespaces {
            self.create("/api/v1/namespaces", &namespace.object());
            if !self.plane.has_controllers() {
                let path = format!("/api/v1/namespaces/{}/serviceaccounts", namespace.name);
                self.create(&path, &json!({"metadata": {"name": "default"}}));
            }
            names.push(namespace.name);
        }
        for name in names {
            let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
            let what = format!("the service account of {name}");
            self.wait_for(&what, seconds(30), || {
                let answer = self.api().try_send("GET", &account, None)?;
                answer
                    .is_good()
                    .then_some(())
                    .ok_or(answer.body.to_string())
            });
        }
    }

    /// Creates nodes and waits until the scheduler may use all of them.
    #[track_caller]
    pub fn make_nodes(&self, nodes: &[Value]) {
        for node in nodes {
            self.create("/api/v1/nodes", node);
        }
        self.wait_for("the nodes to be ready", seconds(60), || {
            let waiting: Vec<String> = self
                .list("/api/v1/nodes")
                .iter()
                .filter(|node| !is_ready(node))
                .map(|node| node["metadata"]["name"].to_string())
                .collect();
            waiting.is_empty().then_some(()).ok_or(waiting.join(" "))
        });
    }

    /// The pods of a namespace.
    #[track_caller]
    pub fn pods(&self, namespace: &str) -> Vec<Value> {
        self.list(&pods_of(namespace))
    }

    /// Waits until so many pods of a namespace that `choose` wants are on nodes, and returns them.
    #[track_caller]
    pub fn bound_pods(
        &self,
        namespace: &str,
        count: usize,
        choose: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        let what = format!("{count} pods of {namespace} to be on nodes");
        self.wait_for(&what, seconds(45), || {
            let pods = self.pods(namespace);
            let chosen: Vec<&Value> = pods.iter().filter(|p| choose(p)).collect();
            let bound: Vec<&Value> = chosen.iter().copied().filter(|p| is_bound(p)).collect();
            if bound.len() >= count {
                return Ok(bound.into_iter().cloned().collect());
            }
            let states: Vec<String> = chosen.iter().map(|p| state(p)).collect();
            let events = self.reasons(namespace);
            Err(format!("{}\n{events}", states.join("\n")))
        })
    }

    /// What events of a namespace complain of.
    #[track_caller]
    pub fn reasons(&self, namespace: &str) -> String {
        let events = self.list(&format!("/api/v1/namespaces/{namespace}/events"));
        let complaints = events.iter().filter(|e| e["type"] == "Warning");
        let lines: Vec<String> = complaints
            .map(|e| format!("{}: {}", e["reason"], e["message"]))
            .collect();
        lines.join("\n")
    }
}

/// A namespace to be made.
#[derive(Clone, Copy)]
pub struct Namespace {
    /// Its name.
    pub name: &'static str,
    /// Annotations of slicegate, without the prefix.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Labels.
    pub labels: &'static [(&'static str, &'static str)],
}

impl Namespace {
    /// As an object.
    pub fn object(&self) -> Value {
        let annotations: serde_json::Map<String, Value> = self
            .annotations
            .iter()
            .map(|(key, value)| (format!("slicegate.dev/{key}"), json!(value)))
            .collect();
        let labels: serde_json::Map<String, Value> = self
            .labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": self.name, "annotations": annotations, "labels": labels}})
    }
}

/// The collection of a namespace's pods.
pub fn pods_of(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/pods")
}

/// Whether a pod is on a node.
pub fn is_bound(pod: &Value) -> bool {
    pod["spec"]["nodeName"].is_string()
}

/// Whether the scheduler looked at a pod and found no room.
pub fn is_unschedulable(pod: &Value) -> bool {
    !is_bound(pod) && scheduled(pod).is_some_and(|c| c["reason"] == "Unschedulable")
}

/// Where a pod stands, in a line.
pub fn state(pod: &Value) -> String {
    format!(
        "{}: {} on {}: {}",
        pod["metadata"]["name"],
        pod["status"]["phase"],
        pod["spec"]["nodeName"],
        scheduled(pod).map_or(&Value::Null, |c| &c["message"])
    )
}

fn scheduled(pod: &Value) -> Option<&Value> {
    let conditions = pod["status"]["conditions"].as_array()?;
    conditions.iter().find(|c| c["type"] == "PodScheduled")
}

fn is_ready(node: &Value) -> bool {
    let conditions = node["status"]["conditions"].as_array();
    let ready = conditions
        .into_iter()
        .flatten()
        .any(|c| c["type"] == "Ready" && c["status"] == "True");
    let taints = node["spec"]["taints"].as_array();
    let held_back = taints
        .into_iter()
        .flatten()
        .any(|t| t["key"] == "node.kubernetes.io/not-ready");
    ready && !held_back
}
