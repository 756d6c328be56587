//! Finds the pod or pod template in an object, by group and kind, in any version.

use serde_json::Value;

/// An object of Kubernetes as a manifest or an API server writes it, and what identifies it.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest<'d> {
    /// Empty where the object has none.
    pub api_version: String,
    /// Such as `Deployment`; empty where the object has none.
    pub kind: String,
    /// The object's own. Controllers ignore one in the template.
    pub namespace: Option<String>,
    /// `metadata.name` or `generateName`, else empty.
    pub name: String,
    value: &'d Value,
}

/// A pod or a pod template in its object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PodTemplate<'d> {
    /// JSON pointer into the object: empty for a Pod.
    pub path: &'static str,
    /// The pod or template there.
    pub pod: &'d Value,
    /// What makes the pods.
    pub workload: Workload,
}

/// What makes a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// It is a Pod.
    Pod,
    /// One pod on every node: the number of nodes decides, not replicas.
    DaemonSet,
    /// The template of any other controller.
    Template,
}

impl<'d> Manifest<'d> {
    /// Reads what identifies an object.
    pub fn of(value: &'d Value) -> Self {
        let name = text(value, "/metadata/name").or_else(|| text(value, "/metadata/generateName"));
        Self {
            api_version: text(value, "/apiVersion").unwrap_or_default(),
            kind: text(value, "/kind").unwrap_or_default(),
            namespace: text(value, "/metadata/namespace"),
            name: name.unwrap_or_default(),
            value,
        }
    }

    /// Whether it is an object of Kubernetes, of any kind.
    pub fn is_object(&self) -> bool {
        !self.api_version.is_empty() && !self.kind.is_empty()
    }

    /// How many pods it makes: replicas, parallelism, else one.
    pub fn pods(&self) -> u64 {
        let pointer = match self.kind.as_str() {
            "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => {
                "/spec/replicas"
            }
            "Job" => "/spec/parallelism",
            "CronJob" => "/spec/jobTemplate/spec/parallelism",
            _ => return 1,
        };
        let pods = self.value.pointer(pointer).and_then(Value::as_u64);
        pods.unwrap_or(1)
    }

    /// Its pod or pod template.
    ///
    /// # Errors
    /// When it makes no pods that slicegate knows of; the sentence says why.
    pub fn template(&self) -> Result<PodTemplate<'d>, String> {
        if !self.value.is_object() {
            return Err(format!(
                "the document is {}, not an object; a manifest is an object with apiVersion and kind",
                noun(self.value)
            ));
        }
        for (key, text) in [("apiVersion", &self.api_version), ("kind", &self.kind)] {
            if text.is_empty() {
                return Err(format!(
                    "the document has no {key}; every Kubernetes object has apiVersion and kind"
                ));
            }
        }
        let kind = self.kind.as_str();
        // The core group's `v1` has no group.
        let group = self.api_version.split_once('/').map(|(group, _)| group);
        let group = group.filter(|group| !group.is_empty());
        let (path, workload) = template_of(group.unwrap_or_default(), kind).ok_or_else(|| {
            let group = group.map_or("the core group".to_owned(), |group| format!("group {group}"));
            format!(
                "kind {kind} of {group} has no pod template slicegate knows; if its controller makes pods, those are seen at admission"
            )
        })?;
        match self.value.pointer(path) {
            Some(pod) if pod.is_object() => Ok(PodTemplate {
                path,
                pod,
                workload,
            }),
            found => Err(format!(
                "the {kind} has {} at {path}, where its pod template belongs; without one it makes no pods",
                found.map_or("nothing", noun)
            )),
        }
    }
}

/// A scalar as text, for names such as an unquoted `123` are reported too; an empty one counts as absent.
fn text(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn template_of(group: &str, kind: &str) -> Option<(&'static str, Workload)> {
    match (group, kind) {
        ("", "Pod") => Some(("", Workload::Pod)),
        ("", "PodTemplate") => Some(("/template", Workload::Template)),
        ("apps" | "extensions", "DaemonSet") => Some(("/spec/template", Workload::DaemonSet)),
        ("", "ReplicationController")
        | ("apps" | "extensions", "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("batch", "Job") => Some(("/spec/template", Workload::Template)),
        ("batch", "CronJob") => Some(("/spec/jobTemplate/spec/template", Workload::Template)),
        _ => None,
    }
}

fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    fn reason(json: &str) -> String {
        Manifest::of(&read(json)).template().unwrap_err()
    }

    #[test]
    fn every_built_in_kind_has_its_template_found_whatever_the_version() {
        const TEMPLATE: &str = "/spec/template";
        let rows = [
            ("v1", "Pod", "", Workload::Pod),
            ("v1", "PodTemplate", "/template", Workload::Template),
            ("v1", "ReplicationController", TEMPLATE, Workload::Template),
            ("apps/v1", "Deployment", TEMPLATE, Workload::Template),
            ("apps/v1beta2", "ReplicaSet", TEMPLATE, Workload::Template),
            ("apps/v1beta1", "StatefulSet", TEMPLATE, Workload::Template),
            ("apps/v1", "DaemonSet", TEMPLATE, Workload::DaemonSet),
            ("apps/v9", "DaemonSet", TEMPLATE, Workload::DaemonSet),
            (
                "extensions/v1beta1",
                "Deployment",
                TEMPLATE,
                Workload::Template,
            ),
            (
                "extensions/v1beta1",
                "DaemonSet",
                TEMPLATE,
                Workload::DaemonSet,
            ),
            ("batch/v1", "Job", TEMPLATE, Workload::Template),
            (
                "batch/v1beta1",
                "CronJob",
                "/spec/jobTemplate/spec/template",
                Workload::Template,
            ),
        ];
        for (version, kind, path, workload) in rows {
            let value = read(&format!(
                r#"{{"apiVersion":"{version}","kind":"{kind}","metadata":{{"name":"n","namespace":"team"}},
                "template":{{"x":1}},
                "spec":{{"template":{{"metadata":{{"namespace":"other"}}}},"jobTemplate":{{"spec":{{"template":{{"y":2}}}}}}}}}}"#
            ));
            let manifest = Manifest::of(&value);
            let said = (
                manifest.kind.as_str(),
                manifest.namespace.as_deref(),
                manifest.name.as_str(),
            );
            assert_eq!(said, (kind, Some("team"), "n"));
            let pod = value.pointer(path).unwrap();
            let expected = PodTemplate {
                path,
                pod,
                workload,
            };
            assert_eq!(manifest.template(), Ok(expected), "{version} {kind}");
        }
    }

    #[test]
    fn a_kind_slicegate_does_not_know_is_skipped_with_its_group_and_the_way_its_pods_go() {
        for (version, kind, named) in [
            (
                "batch.volcano.sh/v1alpha1",
                "Job",
                "kind Job of group batch.volcano.sh",
            ),
            (
                "serving.knative.dev/v1",
                "Service",
                "kind Service of group serving.knative.dev",
            ),
            (
                "argoproj.io/v1alpha1",
                "Rollout",
                "kind Rollout of group argoproj.io",
            ),
            ("v1", "Deployment", "kind Deployment of the core group"),
            ("apps/v1", "Pod", "kind Pod of group apps"),
            ("v1", "ConfigMap", "kind ConfigMap of the core group"),
        ] {
            let said = reason(&format!(
                r#"{{"apiVersion":"{version}","kind":"{kind}","spec":{{"template":{{}}}}}}"#
            ));
            assert!(said.starts_with(named), "{said}");
            assert!(said.ends_with("those are seen at admission"), "{said}");
        }
    }

    #[test]
    fn what_is_no_object_or_has_no_template_is_skipped_with_what_was_found_instead() {
        for (json, said) in [
            ("[]", "the document is a list"),
            ("\"text\"", "the document is a string"),
            ("null", "the document is null"),
            (r#"{"kind":"Pod"}"#, "the document has no apiVersion"),
            (
                r#"{"apiVersion":"v1","kind":""}"#,
                "the document has no kind",
            ),
            (
                r#"{"apiVersion":["v1"],"kind":"Pod"}"#,
                "the document has no apiVersion",
            ),
            (
                r#"{"apiVersion":"apps/v1","kind":"Deployment"}"#,
                "the Deployment has nothing at /spec/template",
            ),
            (
                r#"{"apiVersion":"apps/v1","kind":"DaemonSet","spec":{"template":null}}"#,
                "the DaemonSet has null at /spec/template",
            ),
            (
                r#"{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":[]}}}}"#,
                "the CronJob has a list at /spec/jobTemplate/spec/template",
            ),
        ] {
            assert!(reason(json).starts_with(said), "{json}: {}", reason(json));
        }
    }

    #[test]
    fn a_name_is_read_from_name_then_generate_name_and_even_from_a_number() {
        for (metadata, name, namespace) in [
            (
                r#"{"name":"a","generateName":"b-","namespace":"team"}"#,
                "a",
                Some("team"),
            ),
            (
                r#"{"name":"","generateName":"b-","namespace":""}"#,
                "b-",
                None,
            ),
            (r#"{"name":123,"namespace":7}"#, "123", Some("7")),
            ("{}", "", None),
            ("null", "", None),
        ] {
            let pod = read(&format!(
                r#"{{"apiVersion":"v1","kind":"Pod","metadata":{metadata}}}"#
            ));
            let list = read(&format!(
                r#"{{"apiVersion":"v1","kind":"Node","metadata":{metadata}}}"#
            ));
            for value in [&pod, &list] {
                let manifest = Manifest::of(value);
                let found = (manifest.name, manifest.namespace);
                assert_eq!(
                    found,
                    (name.to_owned(), namespace.map(str::to_owned)),
                    "{metadata}"
                );
            }
        }
    }
}
