//! Fields that exist only on a stored pod: resourceVersion, nodeName, managedFields and status.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::text::Text;

/// A pod as a cluster stores it. Its requests are in [`super::Pod`], which is read from the same text.
#[derive(Debug, Default, Deserialize)]
pub struct Running<'a> {
    /// Name, version and managed fields.
    #[serde(borrow, default)]
    pub metadata: RunningMetadata<'a>,
    /// The node.
    #[serde(borrow, default)]
    pub spec: Option<RunningSpec<'a>>,
    /// The phase.
    #[serde(borrow, default)]
    pub status: Option<RunningStatus<'a>>,
}

/// `metadata` of a stored pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningMetadata<'a> {
    /// The pod's name.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// Its namespace.
    #[serde(borrow, default)]
    pub namespace: Option<Text<'a>>,
    /// Changes with every write; a patch that names it fails if the pod has changed since.
    #[serde(borrow, default)]
    pub resource_version: Option<Text<'a>>,
    /// The writer of each field; kubectl does not print it by default.
    #[serde(borrow, default)]
    pub managed_fields: Option<Vec<Writer<'a>>>,
}

/// One entry of `metadata.managedFields`.
#[derive(Debug, Default, Deserialize)]
pub struct Writer<'a> {
    /// `status`, `binding`, ...; absent for the pod itself.
    #[serde(borrow, default)]
    pub subresource: Option<Text<'a>>,
    /// The fields, as a tree whose keys begin with `f:`.
    #[serde(default, rename = "fieldsV1")]
    pub fields: Option<Fields>,
}

/// The root of the tree.
#[derive(Debug, Default, Deserialize)]
pub struct Fields {
    #[serde(default, rename = "f:spec")]
    spec: Option<SpecFields>,
}

#[derive(Debug, Default, Deserialize)]
struct SpecFields {
    #[serde(default, rename = "f:nodeName")]
    node_name: Option<IgnoredAny>,
}

/// `spec` of a stored pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningSpec<'a> {
    /// Absent while the pod is unscheduled.
    #[serde(borrow, default)]
    pub node_name: Option<Text<'a>>,
}

/// `status` of a stored pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningStatus<'a> {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[serde(borrow, default)]
    pub phase: Option<Text<'a>>,
    /// Of its containers.
    #[serde(default)]
    pub container_statuses: Option<Vec<ContainerStatus>>,
    /// Of its init containers, sidecars among them.
    #[serde(default)]
    pub init_container_statuses: Option<Vec<ContainerStatus>>,
}

/// One entry of `status.containerStatuses`.
#[derive(Debug, Default, Deserialize)]
pub struct ContainerStatus {
    /// One of `waiting`, `running` and `terminated`.
    #[serde(default)]
    state: Option<ContainerState>,
}

#[derive(Debug, Default, Deserialize)]
struct ContainerState {
    #[serde(default)]
    running: Option<IgnoredAny>,
}

impl RunningStatus<'_> {
    fn has_running_containers(&self) -> bool {
        let lists = [&self.container_statuses, &self.init_container_statuses];
        let mut all = lists.into_iter().flatten().flatten();
        all.any(|c| c.state.as_ref().is_some_and(|s| s.running.is_some()))
    }
}

impl Running<'_> {
    /// Whether it has ended and its devices are free.
    ///
    /// A scheduler goes by the phase alone, which is whatever somebody with the right to `pods/status` wrote. A
    /// kubelet gives devices back when the containers have stopped, and writes such a phase only then.
    pub fn is_finished(&self) -> bool {
        let Some(status) = &self.status else {
            return false;
        };
        let is_over = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
        is_over && !status.has_running_containers()
    }

    /// The node it is on, if it is on one.
    pub fn node(&self) -> Option<&str> {
        let name = self.spec.as_ref()?.node_name.as_deref()?;
        Some(name).filter(|n| !n.is_empty())
    }

    /// Whether its author set `nodeName`, so no scheduler placed it: a binding has no field manager.
    pub fn names_its_node(&self) -> bool {
        let writers = self.metadata.managed_fields.as_deref().unwrap_or_default();
        let pods = writers.iter().filter(|w| w.subresource.is_none());
        let mut specs = pods.filter_map(|w| w.fields.as_ref()?.spec.as_ref());
        specs.any(|spec| spec.node_name.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::Running;

    fn names_its_node(managed: &str) -> bool {
        let text = format!(
            r#"{{"metadata":{{"name":"a","managedFields":[{managed}]}},"spec":{{"nodeName":"n"}}}}"#
        );
        serde_json::from_str::<Running<'_>>(&text)
            .unwrap()
            .names_its_node()
    }

    #[test]
    fn a_pod_is_over_when_its_phase_says_so_and_no_container_runs() {
        let finished = |status: &str| {
            let text = format!(r#"{{"metadata":{{"name":"a"}},"status":{status}}}"#);
            let running: Running<'_> = serde_json::from_str(&text).unwrap();
            running.is_finished()
        };
        assert!(finished(r#"{"phase":"Succeeded"}"#));
        let ended =
            r#"{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":1}}}]}"#;
        assert!(finished(ended));
        assert!(!finished(r#"{"phase":"Running"}"#));
        assert!(!finished("{}"));
        for list in ["containerStatuses", "initContainerStatuses"] {
            let runs = r#"[{"state":{"terminated":{}}},{"state":{"running":{"startedAt":"x"}}}]"#;
            let status = format!(r#"{{"phase":"Succeeded","{list}":{runs}}}"#);
            assert!(!finished(&status), "{status}");
        }
    }

    #[test]
    fn who_wrote_the_node_says_whether_a_scheduler_was_asked() {
        let writer = |fields: &str, rest: &str| {
            format!(r#"{{"manager":"kubectl","fieldsType":"FieldsV1","fieldsV1":{fields}{rest}}}"#)
        };
        let named = r#"{"f:spec":{"f:containers":{},"f:nodeName":{}}}"#;
        assert!(names_its_node(&writer(named, "")));
        assert!(!names_its_node(&writer(
            named,
            r#","subresource":"binding""#
        )));
        assert!(!names_its_node(&writer(
            r#"{"f:spec":{"f:containers":{}}}"#,
            ""
        )));
        assert!(!names_its_node(""));
    }
}
