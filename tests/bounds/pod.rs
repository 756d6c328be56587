//! Pods as JSON text, put together from parts that may be as large as a body.

use std::fmt::Write as _;

/// A list of so many entries.
pub fn list(count: usize, entry: impl Fn(usize) -> String) -> String {
    let entries: Vec<String> = (0..count).map(entry).collect();
    format!("[{}]", entries.join(","))
}

/// A map of so many entries.
pub fn map(count: usize, entry: impl Fn(usize) -> (String, String)) -> String {
    let entry = |index| {
        let (key, value) = entry(index);
        format!("\"{key}\":\"{value}\"")
    };
    let entries: Vec<String> = (0..count).map(entry).collect();
    format!("{{{}}}", entries.join(","))
}

/// A pod, by the members of its metadata, its spec and its first container.
#[derive(Clone, Default)]
pub struct Pod {
    pub metadata: Vec<(&'static str, String)>,
    pub spec: Vec<(&'static str, String)>,
    pub container: Vec<(&'static str, String)>,
    /// More containers.
    pub containers: Vec<String>,
}

impl Pod {
    /// One that asks for one GPU.
    pub fn asking() -> Self {
        Self::default().with(
            "resources",
            r#"{"limits":{"nvidia.com/gpu":"1"}}"#.to_owned(),
        )
    }

    /// One that says nothing.
    pub fn plain() -> Self {
        Self::default()
    }

    /// Sets a member of the first container.
    pub fn with(mut self, key: &'static str, value: String) -> Self {
        set(&mut self.container, key, value);
        self
    }

    /// Sets a member of the spec.
    pub fn spec(mut self, key: &'static str, value: String) -> Self {
        set(&mut self.spec, key, value);
        self
    }

    /// Sets a member of the metadata.
    pub fn metadata(mut self, key: &'static str, value: String) -> Self {
        set(&mut self.metadata, key, value);
        self
    }

    /// The required node selector terms.
    pub fn terms(self, terms: &str) -> Self {
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        self.spec(
            "affinity",
            format!(r#"{{"nodeAffinity":{{"{required}":{{"nodeSelectorTerms":{terms}}}}}}}"#),
        )
    }

    /// Labels and receipt as a finished rewrite has them.
    pub fn stamped(self, strategy: &str) -> Self {
        let labels = format!(
            r#"{{"slicegate.dev/trust-boundary":"shared","slicegate.dev/strategy":"{strategy}"}}"#
        );
        let receipt = r#"{"slicegate.dev/decision":"{}"}"#.to_owned();
        self.metadata("labels", labels)
            .metadata("annotations", receipt)
    }

    /// The text.
    pub fn json(&self) -> String {
        let mut container = self.container.clone();
        if !container.iter().any(|(key, _)| *key == "name") {
            container.push(("name", r#""main""#.to_owned()));
        }
        let mut containers = vec![object(&container)];
        containers.extend(self.containers.iter().cloned());
        let mut spec = self.spec.clone();
        if !spec.iter().any(|(key, _)| *key == "containers") {
            spec.push(("containers", format!("[{}]", containers.join(","))));
        }
        format!(
            r#"{{"metadata":{},"spec":{}}}"#,
            object(&self.metadata),
            object(&spec)
        )
    }
}

fn set(members: &mut Vec<(&'static str, String)>, key: &'static str, value: String) {
    members.retain(|(known, _)| *known != key);
    members.push((key, value));
}

fn object(members: &[(&'static str, String)]) -> String {
    let mut text = String::from("{");
    for (index, (key, value)) in members.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, "{comma}\"{key}\":{value}");
    }
    text.push('}');
    text
}

/// A review of a request.
pub fn review(namespace: &str, operation: &str, part: &str, object: &str, old: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","namespace":"{namespace}","operation":"{operation}","subResource":"{part}","resource":{{"group":"","version":"v1","resource":"pods"}},"object":{object},"oldObject":{old}}}}}"#
    )
}
