//! Parts that change one by one, and the state that is made of them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::{Parts, StatePart, StateUpdate, Update, WatchedNamespace};
use crate::config::policy;
use crate::engine::supply::NodeView;
use crate::engine::{ClusterQuotaView, ExcludedNamespaces, NamespaceView, ProjectMetadata};
use crate::facts::{ClusterResourceQuota, Namespace, Node};

const STOCK: &str = include_str!("../../../../tests/nodes/stock/mig-mixed-balanced-h100-x8.yaml");

/// A node as clusters have them: what GPU feature discovery and node feature discovery write, what a cloud writes,
/// and what is one node's alone.
fn node(number: usize, replicas: u32) -> NodeView {
    static PARSED: LazyLock<serde_json::Value> =
        LazyLock::new(|| serde_saphyr::from_str(STOCK).unwrap());
    let mut node = PARSED.clone();
    let name = format!("ip-10-0-{}-{}.ec2.internal", number / 250, number % 250);
    let labels = node["metadata"]["labels"].as_object_mut().unwrap();
    for feature in 0..40 {
        let key = format!("feature.node.kubernetes.io/cpu-cpuid.FEATURE{feature}");
        labels.insert(key, "true".into());
    }
    labels.insert("kubernetes.io/hostname".to_owned(), name.clone().into());
    labels.insert(
        "nvidia.com/gfd.timestamp".to_owned(),
        format!("17000{number:05}").into(),
    );
    labels.insert(
        "nvidia.com/gpu.replicas".to_owned(),
        replicas.to_string().into(),
    );
    labels.insert(
        "topology.kubernetes.io/zone".to_owned(),
        format!("eu-{}", number % 3).into(),
    );
    node["metadata"]["name"] = name.into();
    let text = node.to_string();
    let node: Node<'_> = serde_json::from_str(&text).unwrap();
    NodeView::of_node(&node)
}

fn all(nodes: Vec<NodeView>) -> StateUpdate {
    let nodes = nodes.into_iter().map(|node| (node.name.clone(), node));
    StateUpdate::Nodes(Update::All(nodes.collect()))
}

fn one(node: NodeView) -> StateUpdate {
    StateUpdate::Nodes(Update::One(node.name.clone(), Some(node)))
}

fn parts(nodes: Vec<NodeView>) -> Parts {
    let mut parts = Parts::new(true, ExcludedNamespaces::default());
    let policy = Box::new(policy::built_in().unwrap());
    parts.apply(StateUpdate::Policy(policy), 0);
    parts.apply(StateUpdate::Namespaces(Update::All(BTreeMap::new())), 0);
    parts.apply(StateUpdate::Quotas(Update::All(BTreeMap::new())), 0);
    parts.apply(StateUpdate::RuntimeClasses(Update::All(BTreeMap::new())), 0);
    parts.apply(all(nodes), 0);
    parts
}

#[test]
fn a_node_costs_at_most_2_kib_with_all_that_is_made_of_it() {
    const NODES: usize = 2_000;
    let mut kept = None;
    let counted = allocation_counter::measure(|| {
        let mut parts = parts((0..NODES).map(|number| node(number, 1)).collect());
        let state = parts.state().unwrap();
        assert_eq!(state.supply.gpu_nodes(), NODES);
        kept = Some((parts, state));
    });
    let each = counted.bytes_current / NODES as i64;
    println!("{each} bytes a node");
    assert!(each <= 2048, "{each} bytes a node");
}

#[test]
fn equal_objects_change_nothing() {
    let mut parts = parts(vec![node(1, 1), node(2, 1)]);
    assert!(parts.missing().is_empty());
    let supply = |parts: &mut Parts| parts.state().unwrap().supply;
    let before = supply(&mut parts);
    assert_eq!(parts.apply(one(node(1, 1)), 0), None);
    assert_eq!(parts.apply(all(vec![node(2, 1), node(1, 1)]), 0), None);
    assert_eq!(
        parts.apply(
            StateUpdate::Nodes(Update::One("nobody".to_owned(), None)),
            0
        ),
        None
    );
    assert_eq!(
        parts.apply(
            StateUpdate::Namespaces(Update::One("nobody".to_owned(), None)),
            0
        ),
        None
    );
    assert!(Arc::ptr_eq(&supply(&mut parts), &before));
    let class = |handler: Option<&str>| {
        StateUpdate::RuntimeClasses(Update::One("gpu".to_owned(), handler.map(str::to_owned)))
    };
    assert_eq!(parts.apply(class(None), 0), None);
    let part = Some(StatePart::RuntimeClasses);
    assert_eq!(parts.apply(class(Some("nvidia")), 0), part);
    assert_eq!(parts.apply(class(Some("nvidia")), 0), None);
    assert_eq!(parts.apply(class(None), 0), part);
    let opted_in = StateUpdate::Namespaces(Update::One(
        "team".to_owned(),
        Some(WatchedNamespace::default()),
    ));
    assert_eq!(parts.apply(opted_in, 0), Some(StatePart::Namespaces));
    assert!(
        Arc::ptr_eq(&supply(&mut parts), &before),
        "nodes are nothing to a namespace"
    );
    cluster_quota_reaches_the_namespaces_it_selects(&mut parts);
    let changed = one(node(1, 4));
    assert_eq!(parts.apply(changed, 0), Some(StatePart::Nodes));
    assert!(!Arc::ptr_eq(&supply(&mut parts), &before));
}

fn cluster_quota_reaches_the_namespaces_it_selects(parts: &mut Parts) {
    let team = |team: &str| {
        let text = format!(r#"{{"metadata":{{"name":"team","labels":{{"team":"{team}"}}}}}}"#);
        let namespace: Namespace<'_> = serde_json::from_str(&text).unwrap();
        let view = NamespaceView::of(&namespace);
        let metadata = ProjectMetadata::of(&namespace);
        let namespace = WatchedNamespace { view, metadata };
        StateUpdate::Namespaces(Update::One("team".to_owned(), Some(namespace)))
    };
    assert_eq!(parts.apply(team("a"), 0), None, "nobody selects by labels");
    let text = r#"{"metadata":{"name":"gpus"},"spec":{"selector":{"labels":{"matchLabels":{"team":"a"}}},
        "quota":{"hard":{"requests.nvidia.com/gpu":"4"}}}}"#;
    let quota: ClusterResourceQuota<'_> = serde_json::from_str(text).unwrap();
    let quota = ClusterQuotaView::of(&quota);
    let made = StateUpdate::ClusterQuotas(Update::One("gpus".to_owned(), quota));
    assert_eq!(parts.apply(made, 0), Some(StatePart::Quotas));
    let count = |parts: &mut Parts| {
        let state = parts.state().unwrap();
        state.namespaces.view("team").unwrap().quotas.len()
    };
    assert_eq!(count(parts), 1);
    assert_eq!(parts.apply(team("b"), 0), Some(StatePart::Namespaces));
    assert_eq!(count(parts), 0, "it selects another team");
    let gone = || StateUpdate::ClusterQuotas(Update::One("gpus".to_owned(), None));
    assert_eq!(parts.apply(gone(), 0), Some(StatePart::Quotas));
    assert_eq!(parts.apply(gone(), 0), None);
}

#[test]
fn a_node_that_a_list_lacks_is_deleted() {
    let mut parts = parts(vec![node(1, 1), node(2, 1)]);
    assert_eq!(
        parts.apply(all(vec![node(2, 1)]), 7),
        Some(StatePart::Nodes)
    );
    let gone = parts.deleted_nodes();
    assert_eq!((gone.len(), gone[0].since), (1, 7));
    assert_eq!(
        parts.state().unwrap().supply.gpu_nodes(),
        2,
        "it still counts"
    );
    // Another process remembers one that exists.
    let mut stale = gone.clone();
    stale[0].node = node(2, 1);
    assert_eq!(parts.apply(StateUpdate::DeletedNodes(stale), 8), None);
    assert_eq!(parts.apply(one(node(1, 1)), 9), Some(StatePart::Nodes));
    assert_eq!(parts.deleted_nodes(), []);
    assert!(!parts.forget(10));
}

#[test]
fn there_is_no_state_before_every_part_is_known() {
    let mut parts = Parts::new(true, ExcludedNamespaces::default());
    assert_eq!(parts.missing(), StatePart::ALL);
    assert!(parts.state().is_none());
    let missing = Parts::new(false, ExcludedNamespaces::default()).missing();
    assert!(
        !missing.contains(&StatePart::Quotas),
        "a file holds its quotas"
    );
    assert_eq!(missing.len(), StatePart::ALL.len() - 1);
    // One node says nothing about the others.
    assert_eq!(parts.apply(one(node(1, 1)), 0), None);
    assert_eq!(parts.missing(), StatePart::ALL);
}
