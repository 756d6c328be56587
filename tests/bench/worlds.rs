//! The world of the benchmark, with as many copies of its nodes as are asked for.

use std::collections::HashMap;

use slicegate::config::{documents, policy};
use slicegate::engine::supply::{FleetBuilder, NodeView};
use slicegate::engine::{ClusterState, NamespaceView, Namespaces};
use slicegate::facts::{Namespace, Node};

/// A world of about `nodes` nodes, all of the same shapes.
pub fn of(text: &str, nodes: usize) -> ClusterState {
    let input = documents::parse("the benchmark's world", text);
    assert!(input.errors.is_empty(), "{:?}", input.errors);
    let policy = policy::built_in().expect("the built-in policy");
    let (mut views, mut namespaces) = (Vec::new(), HashMap::new());
    for document in &input.documents {
        let text = document.value.to_string();
        if document.value["kind"] == "Node" {
            let node: Node<'_> = serde_json::from_str(&text).expect("a node");
            views.push(NodeView::of_node(&node));
        } else {
            let namespace: Namespace<'_> = serde_json::from_str(&text).expect("a namespace");
            let name = namespace.metadata.name.to_string();
            namespaces.insert(name, NamespaceView::of(&namespace));
        }
    }
    let mut builder = FleetBuilder::new(policy.supply.declared);
    for index in 0..nodes.max(views.len()) {
        let mut view = views[index % views.len()].clone();
        view.name = format!("{}-{index}", view.name);
        view.labels
            .insert("kubernetes.io/hostname".to_owned(), view.name.clone());
        builder.add(view);
    }
    ClusterState::new(policy, builder.build(), Namespaces::known(namespaces))
}
