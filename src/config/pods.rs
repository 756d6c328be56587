//! The pods that are there, from what kubectl or an API server printed.

use serde_json::Value;

use super::documents::{Document, Input};
use super::fleet::{self, FleetError};
use crate::facts::Running;

/// A pod that is there and not over.
#[derive(Clone, Debug)]
pub struct PresentPod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its node; none while it waits for one.
    pub node: Option<String>,
    /// Its author named the node.
    pub names_its_node: bool,
    /// What a patch has to name so that it overwrites nothing.
    pub resource_version: String,
    /// Where it was read, and as what.
    pub document: Document,
}

/// The pods of a source that was read, without those that are over; other kinds in it are passed over.
///
/// # Errors
/// See [`FleetError`]; pods are only judged together.
pub fn present(input: Input) -> Result<Vec<PresentPod>, FleetError> {
    let mut pods = Vec::new();
    for document in fleet::whole(input)? {
        if !fleet::is_kind(&document.value, "Pod") {
            continue;
        }
        let text = document.value.to_string();
        let running: Running<'_> = fleet::object(&text, &document, "Pod")?;
        if running.is_finished() {
            continue;
        }
        let metadata = &running.metadata;
        let text = |t: &Option<crate::facts::Text<'_>>| t.as_deref().map(str::to_owned);
        pods.push(PresentPod {
            namespace: text(&metadata.namespace).unwrap_or_else(|| "default".to_owned()),
            name: metadata.name.to_string(),
            node: running.node().map(str::to_owned),
            names_its_node: running.names_its_node(),
            resource_version: text(&metadata.resource_version).unwrap_or_default(),
            document: lightened(document),
        });
    }
    Ok(pods)
}

/// Without what is long and was read already: who wrote which field, and how it is.
fn lightened(mut document: Document) -> Document {
    if let Some(pod) = document.value.as_object_mut() {
        pod.shift_remove("status");
        if let Some(metadata) = pod.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("managedFields");
        }
    }
    document
}
