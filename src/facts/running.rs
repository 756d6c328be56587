//! Fields that exist only on a stored pod: resourceVersion, nodeName, managedFields and status.

use serde::Deserialize;
use serde_json::Value;

use super::text::Text;

/// A pod as a cluster stores it. Its requests are in [`super::Pod`], which is read from the same text.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct Running<'a> {
    /// Name, version and managed fields.
    pub metadata: RunningMetadata<'a>,
    spec: Option<RunningSpec<'a>>,
    status: Value,
}

/// `metadata` of a stored pod.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound = "'de: 'a")]
pub struct RunningMetadata<'a> {
    /// The pod's name.
    pub name: Text<'a>,
    /// Its namespace.
    pub namespace: Option<Text<'a>>,
    /// Changes with every write; a patch that names it fails if the pod has changed since.
    pub resource_version: Option<Text<'a>>,
    /// kubectl does not print them by default.
    managed_fields: Option<Vec<ManagedFields<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "'de: 'a")]
struct ManagedFields<'a> {
    /// `status`, `binding`, ...; absent for the pod itself.
    subresource: Option<Text<'a>>,
    /// A tree whose keys begin with `f:`.
    #[serde(rename = "fieldsV1", default)]
    fields: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
struct RunningSpec<'a> {
    node_name: Option<Text<'a>>,
}

impl Running<'_> {
    /// Whether it has ended and its devices are free.
    ///
    /// A scheduler goes by the phase alone, which is whatever somebody with the right to `pods/status` wrote. A
    /// kubelet gives devices back when the containers have stopped, and writes such a phase only then.
    pub fn is_finished(&self) -> bool {
        let lists = ["containerStatuses", "initContainerStatuses"];
        let statuses = lists
            .into_iter()
            .filter_map(|list| self.status[list].as_array());
        matches!(self.status["phase"].as_str(), Some("Succeeded" | "Failed"))
            && !statuses
                .flatten()
                .any(|container| container["state"]["running"].is_object())
    }

    /// The node it is on, if it is on one.
    pub fn node(&self) -> Option<&str> {
        let name = self.spec.as_ref()?.node_name.as_deref()?;
        Some(name).filter(|n| !n.is_empty())
    }

    /// Whether its author set `nodeName`, so no scheduler placed it: a binding has no field manager.
    pub fn names_its_node(&self) -> bool {
        let managers = self.metadata.managed_fields.iter().flatten();
        let mut pods = managers.filter(|manager| manager.subresource.is_none());
        pods.any(|manager| manager.fields["f:spec"]["f:nodeName"].is_object())
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
