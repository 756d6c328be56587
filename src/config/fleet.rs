//! Nodes, pools and namespaces from files: the output of `kubectl get ... -o yaml|json`.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::documents::{self, Document, Doubled, Input, InputError};
use crate::engine::supply::{FleetBuilder, NodeView};
use crate::engine::vocabulary::Policy;
use crate::engine::{
    ClusterQuotaView, NamespaceView, ProjectMetadata, QuotaView, RuntimeClasses, Supply,
};
use crate::facts::{ClusterResourceQuota, Namespace, Node, ResourceQuota, RuntimeClass};

/// The fleet that is assumed where nobody gives one, as the nodes of a List.
pub const ASSUMED_FLEET: &str = include_str!("assumed_fleet.yaml");

/// Why a file of nodes or namespaces cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// It could not be read or parsed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It does not say one thing.
    #[error(transparent)]
    Doubled(#[from] Doubled),
    /// An object in it is not what it says it is.
    #[error("{place}: not a usable {kind}: {problem}")]
    Object {
        /// File and document.
        place: String,
        /// Node or Namespace.
        kind: &'static str,
        /// What serde found.
        problem: serde_json::Error,
    },
    /// A pod is not what it should be.
    #[error("pod {namespace}/{name}: {problem}")]
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// What serde found.
        problem: serde_json::Error,
    },
    /// There is no such object in it.
    #[error("{file}: holds no {kind}; give the output of kubectl get {plural} -o yaml")]
    None {
        /// The file.
        file: String,
        /// Node or Namespace.
        kind: &'static str,
        /// For kubectl.
        plural: &'static str,
    },
}

/// The fleet of a file and the policy's pools, and the RuntimeClasses that stand in the file.
///
/// # Errors
/// See [`FleetError`]; a fleet is only used whole.
pub fn from_file(path: &str, policy: &Policy) -> Result<(Supply, RuntimeClasses), FleetError> {
    let input = || documents::read(&[path.to_owned()]);
    let nodes = nodes(path, input())?;
    Ok((supply(nodes, policy), runtime_classes(input())?))
}

/// The nodes of a source that was read.
///
/// # Errors
/// See [`FleetError`].
pub fn nodes(source: &str, input: Input) -> Result<Vec<NodeView>, FleetError> {
    let mut nodes = Vec::new();
    for document in whole(input)?.iter().filter(|d| is_kind(&d.value, "Node")) {
        let text = document.value.to_string();
        let node: Node<'_> = object(&text, document, "Node")?;
        nodes.push(NodeView::of_node(&node));
    }
    if nodes.is_empty() {
        return Err(FleetError::None {
            file: source.to_owned(),
            kind: "Node",
            plural: "nodes",
        });
    }
    Ok(nodes)
}

/// The RuntimeClasses of a source that was read, of which there may be none; other kinds are passed over.
///
/// # Errors
/// See [`FleetError`].
pub fn runtime_classes(input: Input) -> Result<RuntimeClasses, FleetError> {
    Ok(RuntimeClasses::known(handlers(input)?))
}

/// The handler of each of them, by the class's name.
///
/// # Errors
/// See [`FleetError`].
pub fn handlers(input: Input) -> Result<BTreeMap<String, String>, FleetError> {
    let mut handlers = BTreeMap::new();
    for document in whole(input)? {
        if document.value["kind"] != "RuntimeClass"
            || document.value["apiVersion"] != "node.k8s.io/v1"
        {
            continue;
        }
        let text = document.value.to_string();
        let class: RuntimeClass<'_> = object(&text, &document, "RuntimeClass")?;
        handlers.insert(class.metadata.name.to_string(), class.handler.to_string());
    }
    Ok(handlers)
}

/// What nodes and the policy's pools hand out.
pub fn supply(nodes: impl IntoIterator<Item = NodeView>, policy: &Policy) -> Supply {
    let mut builder = FleetBuilder::new(policy.supply.declared);
    for node in nodes {
        builder.add(node);
    }
    add_pools(&mut builder, policy);
    builder.build()
}

/// The assumed fleet and the policy's pools.
///
/// # Errors
/// When the built-in nodes cannot be read, which a test rules out.
pub fn assumed(policy: &Policy) -> Result<Supply, FleetError> {
    let input = documents::parse("assumed fleet", ASSUMED_FLEET);
    if let Some(error) = input.errors.into_iter().next() {
        return Err(error.into());
    }
    let mut builder = FleetBuilder::new(policy.supply.declared).assumed();
    for document in &input.documents {
        let text = document.value.to_string();
        let node: Node<'_> = object(&text, document, "Node")?;
        builder.add(NodeView::of_node(&node));
    }
    add_pools(&mut builder, policy);
    Ok(builder.build())
}

/// The namespaces of a source that was read, with the ResourceQuotas and OpenShift's ClusterResourceQuotas in it; other
/// kinds are passed over.
///
/// # Errors
/// See [`FleetError`].
pub fn namespace_views(
    source: &str,
    input: Input,
) -> Result<HashMap<String, NamespaceView>, FleetError> {
    let mut views = HashMap::new();
    let mut marks = Vec::new();
    let documents = whole(input)?;
    let of_kind = |kind| documents.iter().filter(move |d| is_kind(&d.value, kind));
    for document in of_kind("Namespace") {
        let text = document.value.to_string();
        let namespace: Namespace<'_> = object(&text, document, "Namespace")?;
        let name = namespace.metadata.name.to_string();
        marks.push((name.clone(), ProjectMetadata::of(&namespace)));
        views.insert(name, NamespaceView::of(&namespace));
    }
    let is_empty = views.is_empty();
    for document in of_kind("ResourceQuota") {
        let text = document.value.to_string();
        let quota: ResourceQuota<'_> = object(&text, document, "ResourceQuota")?;
        if let Some(view) = QuotaView::of(&quota) {
            // A namespace of which only the quota is listed has said nothing else.
            let namespace: &mut NamespaceView = views
                .entry(quota.metadata.namespace.to_string())
                .or_default();
            namespace.quotas.push(view);
        }
    }
    for quota in cluster_quotas(&documents)? {
        for (name, _) in marks.iter().filter(|(_, marks)| quota.selects(marks)) {
            if let Some(view) = views.get_mut(name) {
                view.quotas.push(quota.quota.clone());
            }
        }
    }
    if is_empty {
        return Err(FleetError::None {
            file: source.to_owned(),
            kind: "Namespace",
            plural: "namespaces",
        });
    }
    Ok(views)
}

fn cluster_quotas(documents: &[Document]) -> Result<Vec<ClusterQuotaView>, FleetError> {
    const KIND: &str = "ClusterResourceQuota";
    let mut quotas = Vec::new();
    for document in documents {
        if document.value["kind"] != KIND || document.value["apiVersion"] != "quota.openshift.io/v1"
        {
            continue;
        }
        let text = document.value.to_string();
        let quota: ClusterResourceQuota<'_> = object(&text, document, KIND)?;
        quotas.extend(ClusterQuotaView::of(&quota));
    }
    Ok(quotas)
}

fn add_pools(builder: &mut FleetBuilder, policy: &Policy) {
    for pool in &policy.supply.pools {
        builder.add(NodeView::of_pool(pool));
    }
}

/// The documents, if all of them could be read and each says one thing.
pub(super) fn whole(input: Input) -> Result<Vec<Document>, FleetError> {
    if let Some(error) = input.errors.into_iter().next() {
        return Err(error.into());
    }
    match input.doubled.into_iter().next() {
        Some(doubled) => Err(doubled.into()),
        None => Ok(input.documents),
    }
}

pub(super) fn is_kind(value: &Value, kind: &str) -> bool {
    value.get("kind").and_then(Value::as_str) == Some(kind)
        && value.get("apiVersion").and_then(Value::as_str) == Some("v1")
}

fn object<'t, T: serde::Deserialize<'t>>(
    text: &'t str,
    document: &Document,
    kind: &'static str,
) -> Result<T, FleetError> {
    read(text, (&document.source, document.index), kind)
}

/// Reads an object of a document of a source.
pub(super) fn read<'t, T: serde::Deserialize<'t>>(
    text: &'t str,
    (source, document): (&str, usize),
    kind: &'static str,
) -> Result<T, FleetError> {
    serde_json::from_str(text).map_err(|problem| FleetError::Object {
        place: format!("{source} document {}", document + 1),
        kind,
        problem,
    })
}
