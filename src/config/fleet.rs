//! Nodes, pools and namespaces from files: the output of `kubectl get ... -o yaml|json`.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::documents::{self, Document, Input};
use crate::engine::supply::{FleetBuilder, NodeView};
use crate::engine::vocabulary::Policy;
use crate::engine::{
    ClusterQuotaView, NamespaceView, ProjectMetadata, QuotaView, RuntimeClasses, Supply,
};
use crate::facts::{ClusterResourceQuota, Namespace, Node, ResourceQuota, RuntimeClass};

/// The fleet that is assumed where nobody gives one, as the nodes of a List.
pub const ASSUMED_FLEET: &str = include_str!("assumed_fleet.yaml");

/// Why a file of nodes, namespaces or pods cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// Something in it could not be read, or is not what it says it is.
    #[error("{0}")]
    Unusable(String),
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
    let input = documents::read(&[path.to_owned()]);
    let nodes = nodes(path, &input)?;
    Ok((supply(nodes, policy), runtime_classes(&input)?))
}

/// The nodes of a source that was read.
///
/// # Errors
/// See [`FleetError`].
pub fn nodes(source: &str, input: &Input) -> Result<Vec<NodeView>, FleetError> {
    let mut nodes = Vec::new();
    for object in of_kind(input, "v1", "Node")? {
        nodes.push(NodeView::of_node(&object.read::<Node<'_>>()?));
    }
    if nodes.is_empty() {
        return Err(none(source, "Node", "nodes"));
    }
    Ok(nodes)
}

/// The RuntimeClasses of a source that was read, of which there may be none; other kinds are passed over.
///
/// # Errors
/// See [`FleetError`].
pub fn runtime_classes(input: &Input) -> Result<RuntimeClasses, FleetError> {
    Ok(RuntimeClasses::known(handlers(input)?))
}

/// The handler of each of them, by the class's name.
///
/// # Errors
/// See [`FleetError`].
pub fn handlers(input: &Input) -> Result<BTreeMap<String, String>, FleetError> {
    let mut handlers = BTreeMap::new();
    for object in of_kind(input, "node.k8s.io/v1", "RuntimeClass")? {
        let class: RuntimeClass<'_> = object.read()?;
        handlers.insert(class.metadata.name.to_string(), class.handler.to_string());
    }
    Ok(handlers)
}

/// What nodes and the policy's pools hand out.
pub fn supply(nodes: impl IntoIterator<Item = NodeView>, policy: &Policy) -> Supply {
    build(FleetBuilder::new(policy.supply.declared), nodes, policy)
}

/// The assumed fleet and the policy's pools.
///
/// # Errors
/// When the built-in nodes cannot be read, which a test rules out.
pub fn assumed(policy: &Policy) -> Result<Supply, FleetError> {
    const SOURCE: &str = "assumed fleet";
    let nodes = nodes(SOURCE, &documents::parse(SOURCE, ASSUMED_FLEET))?;
    let builder = FleetBuilder::new(policy.supply.declared).assumed();
    Ok(build(builder, nodes, policy))
}

fn build(
    mut builder: FleetBuilder,
    nodes: impl IntoIterator<Item = NodeView>,
    policy: &Policy,
) -> Supply {
    let pools = policy.supply.pools.iter().map(NodeView::of_pool);
    nodes
        .into_iter()
        .chain(pools)
        .for_each(|node| builder.add(node));
    builder.build()
}

/// The namespaces of a source that was read, with the ResourceQuotas and OpenShift's ClusterResourceQuotas in it; other
/// kinds are passed over.
///
/// # Errors
/// See [`FleetError`].
pub fn namespace_views(
    source: &str,
    input: &Input,
) -> Result<HashMap<String, NamespaceView>, FleetError> {
    let mut views: HashMap<String, NamespaceView> = HashMap::new();
    let mut projects = Vec::new();
    for object in of_kind(input, "v1", "Namespace")? {
        let namespace: Namespace<'_> = object.read()?;
        let name = namespace.metadata.name.to_string();
        projects.push((name.clone(), ProjectMetadata::of(&namespace)));
        views.insert(name, NamespaceView::of(&namespace));
    }
    for object in of_kind(input, "v1", "ResourceQuota")? {
        let quota: ResourceQuota<'_> = object.read()?;
        if let Some(view) = QuotaView::of(&quota) {
            // A namespace of which only the quota is listed has said nothing else.
            let namespace = quota.metadata.namespace.to_string();
            views.entry(namespace).or_default().quotas.push(view);
        }
    }
    for object in of_kind(input, "quota.openshift.io/v1", "ClusterResourceQuota")? {
        let quota: ClusterResourceQuota<'_> = object.read()?;
        let Some(quota) = ClusterQuotaView::of(&quota) else {
            continue;
        };
        for (name, _) in projects.iter().filter(|(_, own)| quota.selects(own)) {
            let view = views.entry(name.clone()).or_default();
            view.quotas.push(quota.quota.clone());
        }
    }
    if projects.is_empty() {
        return Err(none(source, "Namespace", "namespaces"));
    }
    Ok(views)
}

fn none(file: &str, kind: &'static str, plural: &'static str) -> FleetError {
    let file = file.to_owned();
    FleetError::None { file, kind, plural }
}

/// An object of a source that was read.
pub(super) struct Object<'i> {
    pub(super) document: &'i Document,
    kind: &'static str,
    /// Its JSON.
    pub(super) text: String,
}

impl Object<'_> {
    fn read<'t, T: Deserialize<'t>>(&'t self) -> Result<T, FleetError> {
        let place = (self.document.source.as_str(), self.document.index);
        read(&self.text, place, self.kind)
    }
}

/// The objects of a kind, if all of the input could be read and no key stands twice.
pub(super) fn of_kind<'i>(
    input: &'i Input,
    version: &'static str,
    kind: &'static str,
) -> Result<impl Iterator<Item = Object<'i>>, FleetError> {
    if let Some(problem) = input.errors.iter().chain(&input.doubled).next() {
        return Err(FleetError::Unusable(problem.clone()));
    }
    let is_kind = move |d: &&Document| d.value["kind"] == kind && d.value["apiVersion"] == version;
    let documents = input.documents.iter().filter(is_kind);
    Ok(documents.map(move |document| Object {
        document,
        kind,
        text: document.value.to_string(),
    }))
}

/// Reads an object of a document of a source.
pub(super) fn read<'t, T: Deserialize<'t>>(
    text: &'t str,
    (source, document): (&str, usize),
    kind: &'static str,
) -> Result<T, FleetError> {
    let document = document + 1;
    serde_json::from_str(text).map_err(|problem| {
        let message = format!("{source} document {document}: not a usable {kind}: {problem}");
        FleetError::Unusable(message)
    })
}
