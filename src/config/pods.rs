//! The pods of a cluster, from what kubectl or an API server printed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::documents::Input;
use super::fleet::{self, FleetError};
use crate::facts::{Pod, Running, Text};

/// A pod that exists and is not finished.
#[derive(Clone, Debug)]
pub struct PresentPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its node; none while it waits for one.
    pub node: Option<String>,
    /// Whether its author named the node.
    pub names_its_node: bool,
    /// A patch that names it does not overwrite a newer pod.
    pub resource_version: String,
    /// The file, or the address of the cluster.
    pub source: String,
    /// Which document of the source, from 0.
    pub document: usize,
    /// The position in its List, from 0.
    pub item: Option<usize>,
    /// The pod as JSON, without `status` and `managedFields`.
    pub text: String,
}

impl PresentPod {
    /// Reads the pod.
    ///
    /// # Errors
    /// When a field has a wrong type.
    pub fn read(&self) -> Result<Pod<'_>, FleetError> {
        serde_json::from_str(&self.text).map_err(|problem| {
            let (namespace, name) = (&self.namespace, &self.name);
            FleetError::Unusable(format!("pod {namespace}/{name}: {problem}"))
        })
    }
}

/// The pods of files, without those that are finished; other kinds are passed over.
///
/// # Errors
/// See [`FleetError`]; pods are only judged together.
pub fn of_files(input: &Input) -> Result<Vec<PresentPod>, FleetError> {
    let mut pods = Vec::new();
    for object in fleet::of_kind(input, "v1", "Pod")? {
        let place = (object.document.index, object.document.item);
        pods.extend(present(&object.document.source, place, &object.text)?);
    }
    Ok(pods)
}

/// The pods of a PodList as an API server prints it, without those that are finished.
///
/// # Errors
/// When the list or one of its pods cannot be read.
pub fn of_list(source: &str, list: &str) -> Result<Vec<PresentPod>, FleetError> {
    #[derive(Deserialize)]
    struct PodList<'l> {
        #[serde(borrow)]
        items: Vec<&'l RawValue>,
    }
    let list: PodList<'_> = fleet::read(list, (source, 0), "PodList")?;
    let mut pods = Vec::new();
    for (index, pod) in list.items.into_iter().enumerate() {
        pods.extend(present(source, (0, Some(index)), pod.get())?);
    }
    Ok(pods)
}

/// A pod as an API server prints it; none if it is finished.
///
/// # Errors
/// When it cannot be read.
pub fn of_object(source: &str, pod: &str) -> Result<Option<PresentPod>, FleetError> {
    present(source, (0, None), pod)
}

fn present(
    source: &str,
    (document, item): (usize, Option<usize>),
    text: &str,
) -> Result<Option<PresentPod>, FleetError> {
    let running: Running<'_> = fleet::read(text, (source, document), "Pod")?;
    if running.is_finished() {
        return Ok(None);
    }
    let mut kept: KeptPod<'_> = fleet::read(text, (source, document), "Pod")?;
    if let Some(metadata) = &mut kept.metadata {
        metadata.remove("managedFields");
    }
    let metadata = &running.metadata;
    let owned = |text: &Option<Text<'_>>| text.as_deref().map(str::to_owned);
    Ok(Some(PresentPod {
        namespace: owned(&metadata.namespace).unwrap_or_else(|| "default".to_owned()),
        name: metadata.name.to_string(),
        node: running.node().map(str::to_owned),
        names_its_node: running.names_its_node(),
        resource_version: owned(&metadata.resource_version).unwrap_or_default(),
        source: source.to_owned(),
        document,
        item,
        // Raw values are JSON already, so this is never empty.
        text: serde_json::to_string(&kept).unwrap_or_default(),
    }))
}

/// A pod without `status` and `managedFields`, which are more than half of a stored pod.
#[derive(Deserialize, Serialize)]
struct KeptPod<'a> {
    #[serde(borrow)]
    metadata: Option<BTreeMap<String, &'a RawValue>>,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::of_list;

    #[test]
    fn of_a_list_the_pods_that_are_not_finished_are_kept_without_status_and_managed_fields() {
        let pod = |name: &str, phase: &str| {
            format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"a","uid":"u","resourceVersion":"7",
                    "labels":{{"b":"c"}},"managedFields":[{{"fieldsV1":{{"f:spec":{{"f:nodeName":{{}}}}}}}}]}},
                    "spec":{{"nodeName":"n","x":[1, 2]}},"status":{{"phase":"{phase}"}}}}"#
            )
        };
        let (over, runs) = (pod("over", "Succeeded"), pod("runs", "Running"));
        let list = format!(r#"{{"kind":"PodList","apiVersion":"v1","items":[{over},{runs}]}}"#);
        let pods = of_list("there", &list).unwrap();
        let [pod] = pods.as_slice() else {
            panic!("{pods:?}")
        };
        assert_eq!((pod.name.as_str(), pod.item), ("runs", Some(1)));
        assert!(pod.names_its_node);
        let kept = r#"{"metadata":{"labels":{"b":"c"},"name":"runs","namespace":"a","resourceVersion":"7","uid":"u"},"spec":{"nodeName":"n","x":[1, 2]}}"#;
        assert_eq!(pod.text, kept);
        assert_eq!(pod.read().unwrap().node_name(), Some("n"));
        let wrong = of_list("there", r#"{"items":[{"metadata":7}]}"#).unwrap_err();
        assert!(
            wrong
                .to_string()
                .starts_with("there document 1: not a usable Pod: "),
            "{wrong}"
        );
    }
}
