//! Where the pod or the pod template stands in an object, by group and kind whatever the version.

use serde_json::Value;

/// What a document is for slicegate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found<'d> {
    /// A pod, or something that makes pods from a template.
    Pod(PodDocument<'d>),
    /// Nothing to judge; reported, never counted as a pod.
    Skipped {
        /// Empty where the document names none.
        kind: String,
        /// Of the object's metadata.
        namespace: Option<String>,
        /// `metadata.name` or `generateName`, else empty.
        name: String,
        /// Why, in a sentence.
        reason: String,
    },
}

/// A pod or a pod template in its object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PodDocument<'d> {
    /// The object's kind, such as `Deployment`.
    pub kind: String,
    /// The object's own; one that a template names is ignored, as controllers do.
    pub namespace: Option<String>,
    /// `metadata.name` or `generateName`, else empty.
    pub name: String,
    /// JSON pointer to the pod in the object: empty for a Pod, else that of the template.
    pub pod_path: &'static str,
    /// The pod or template at `pod_path`.
    pub pod: &'d Value,
    /// Which kind of object makes the pods.
    pub workload: Workload,
}

/// Which kind of object makes the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// A pod that stands for itself.
    Pod,
    /// One pod on every node, so that node count and not replicas decides.
    DaemonSet,
    /// Any other controller.
    Other,
}

/// Finds the pod or template of one object.
pub(crate) fn find(value: &Value) -> Found<'_> {
    let identity = Identity::of(value);
    match locate(value, &identity) {
        Ok((pod_path, pod, workload)) => Found::Pod(PodDocument {
            kind: identity.kind,
            namespace: identity.namespace,
            name: identity.name,
            pod_path,
            pod,
            workload,
        }),
        Err(reason) => Found::Skipped {
            kind: identity.kind,
            namespace: identity.namespace,
            name: identity.name,
            reason,
        },
    }
}

/// Whether a document is an object of Kubernetes, whatever kind.
pub(crate) fn is_object(value: &Value) -> bool {
    let identity = Identity::of(value);
    !identity.api_version.is_empty() && !identity.kind.is_empty()
}

/// The namespace that an object names.
pub(crate) fn namespace(value: &Value) -> Option<String> {
    text(value, "/metadata/namespace")
}

/// How many pods an object makes: replicas, parallelism, else one.
pub(crate) fn pods(object: &Value, kind: &str) -> u64 {
    let pointer = match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => "/spec/replicas",
        "Job" => "/spec/parallelism",
        "CronJob" => "/spec/jobTemplate/spec/parallelism",
        _ => return 1,
    };
    object.pointer(pointer).and_then(Value::as_u64).unwrap_or(1)
}

struct Identity {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl Identity {
    fn of(value: &Value) -> Self {
        Self {
            api_version: text(value, "/apiVersion").unwrap_or_default(),
            kind: text(value, "/kind").unwrap_or_default(),
            namespace: namespace(value),
            name: text(value, "/metadata/name")
                .or_else(|| text(value, "/metadata/generateName"))
                .unwrap_or_default(),
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

fn locate<'d>(
    value: &'d Value,
    identity: &Identity,
) -> Result<(&'static str, &'d Value, Workload), String> {
    if !value.is_object() {
        return Err(format!(
            "the document is {}, not an object; a manifest is an object with apiVersion and kind",
            noun(value)
        ));
    }
    let (group, kind) = (group(&identity.api_version), identity.kind.as_str());
    for (key, text) in [
        ("apiVersion", &identity.api_version),
        ("kind", &identity.kind),
    ] {
        if text.is_empty() {
            return Err(format!(
                "the document has no {key}; every Kubernetes object has apiVersion and kind"
            ));
        }
    }
    let Some((path, workload)) = template_of(group, kind) else {
        return Err(unknown(group, kind));
    };
    match value.pointer(path) {
        Some(pod) if pod.is_object() => Ok((path, pod, workload)),
        found => Err(format!(
            "the {kind} has {} at {path}, where its pod template belongs; without one it makes no pods",
            found.map_or("nothing", noun)
        )),
    }
}

/// The group of `apps/v1` is `apps`; the core group's `v1` has none.
fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn template_of(group: &str, kind: &str) -> Option<(&'static str, Workload)> {
    match (group, kind) {
        ("", "Pod") => Some(("", Workload::Pod)),
        ("", "PodTemplate") => Some(("/template", Workload::Other)),
        ("apps" | "extensions", "DaemonSet") => Some(("/spec/template", Workload::DaemonSet)),
        ("", "ReplicationController")
        | ("apps" | "extensions", "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("batch", "Job") => Some(("/spec/template", Workload::Other)),
        ("batch", "CronJob") => Some(("/spec/jobTemplate/spec/template", Workload::Other)),
        _ => None,
    }
}

fn unknown(group: &str, kind: &str) -> String {
    let group = match group {
        "" => "the core group".to_owned(),
        named => format!("group {named}"),
    };
    format!(
        "kind {kind} of {group} has no pod template slicegate knows; if its controller makes pods, those are seen at admission"
    )
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
    #![allow(clippy::panic)]

    use super::*;

    fn read(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    fn reason(json: &str) -> String {
        match find(&read(json)) {
            Found::Skipped { reason, .. } => reason,
            Found::Pod(pod) => panic!("{json} is taken for {pod:?}"),
        }
    }

    #[test]
    fn every_built_in_kind_has_its_template_found_whatever_the_version() {
        const TEMPLATE: &str = "/spec/template";
        let rows = [
            ("v1", "Pod", "", Workload::Pod),
            ("v1", "PodTemplate", "/template", Workload::Other),
            ("v1", "ReplicationController", TEMPLATE, Workload::Other),
            ("apps/v1", "Deployment", TEMPLATE, Workload::Other),
            ("apps/v1beta2", "ReplicaSet", TEMPLATE, Workload::Other),
            ("apps/v1beta1", "StatefulSet", TEMPLATE, Workload::Other),
            ("apps/v1", "DaemonSet", TEMPLATE, Workload::DaemonSet),
            ("apps/v9", "DaemonSet", TEMPLATE, Workload::DaemonSet),
            (
                "extensions/v1beta1",
                "Deployment",
                TEMPLATE,
                Workload::Other,
            ),
            (
                "extensions/v1beta1",
                "DaemonSet",
                TEMPLATE,
                Workload::DaemonSet,
            ),
            ("batch/v1", "Job", TEMPLATE, Workload::Other),
            (
                "batch/v1beta1",
                "CronJob",
                "/spec/jobTemplate/spec/template",
                Workload::Other,
            ),
        ];
        for (version, kind, path, workload) in rows {
            let value = read(&format!(
                r#"{{"apiVersion":"{version}","kind":"{kind}","metadata":{{"name":"n","namespace":"team"}},
                "template":{{"x":1}},
                "spec":{{"template":{{"metadata":{{"namespace":"other"}}}},"jobTemplate":{{"spec":{{"template":{{"y":2}}}}}}}}}}"#
            ));
            let expected = PodDocument {
                kind: kind.to_owned(),
                namespace: Some("team".to_owned()),
                name: "n".to_owned(),
                pod_path: path,
                pod: value.pointer(path).unwrap(),
                workload,
            };
            assert_eq!(find(&value), Found::Pod(expected), "{version} {kind}");
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
                let found = match find(value) {
                    Found::Pod(pod) => (pod.name, pod.namespace),
                    Found::Skipped {
                        name, namespace, ..
                    } => (name, namespace),
                };
                assert_eq!(
                    found,
                    (name.to_owned(), namespace.map(str::to_owned)),
                    "{metadata}"
                );
            }
        }
    }
}
