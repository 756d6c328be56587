//! Random fleets and pods as the simulation of the scheduler takes them.

use serde_json::Value;
use slicegate::facts;
use slicegate::simulate::{self, Cluster, Filter};

use super::api;
use super::fleet::{Fleet, Node};

/// Runs something on a cluster of the fleet's nodes once they are ready, on which only what `counts` names runs out, with
/// pods that are not bound yet.
pub fn simulated<T>(
    fleet: &Fleet,
    pods: &[&Value],
    counts: fn(&str) -> bool,
    run: impl for<'a> FnOnce(Cluster<'a>, &[simulate::Pod<'a>]) -> T,
) -> T {
    let nodes: Vec<String> = fleet.nodes.iter().map(|n| n.json.to_string()).collect();
    let read = nodes.iter().map(|text| serde_json::from_str(text).unwrap());
    let nodes: Vec<facts::Node<'_>> = read.collect();
    let texts: Vec<String> = pods.iter().map(ToString::to_string).collect();
    let read = texts.iter().map(|text| serde_json::from_str(text).unwrap());
    let read: Vec<facts::Pod<'_>> = read.collect();
    let pods = pods.iter().zip(&read).map(|(pod, read)| {
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        simulate::Pod::of(namespace, read).unwrap()
    });
    let pods: Vec<simulate::Pod<'_>> = pods.collect();
    let nodes = nodes
        .iter()
        .map(|node| simulate::Node::of(node).once_ready());
    run(Cluster::new(nodes.collect(), counts), &pods)
}

/// Nodes the pod can be put on: the one it names, to which the API server binds it whatever else it says, or those that an
/// empty cluster's scheduler would take, some day: cordons and failing conditions pass.
pub fn landing<'f>(pod: &Value, fleet: &'f Fleet) -> Vec<&'f Node> {
    let nodes = simulated(fleet, &[pod], api::is_gpu, |mut cluster, pods| {
        cluster.candidates(&pods[0])
    });
    nodes.into_iter().map(|node| &fleet.nodes[node]).collect()
}

/// Whether required anti-affinity of either keeps two pods off one node.
pub fn conflict<'a>(
    cluster: &Cluster<'a>,
    one: &simulate::Pod<'a>,
    two: &simulate::Pod<'a>,
    node: usize,
) -> bool {
    let mut cluster = cluster.clone();
    cluster.bind(two, node);
    cluster.obstacle(one, node) == Some(Filter::InterPodAffinity)
}
