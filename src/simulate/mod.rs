//! What the stock scheduler does: a cluster of nodes, on which pods are placed one after the other.
//!
//! Filters and scores are those of kube-scheduler's plugins, with their names (`pkg/scheduler/framework/plugins` in
//! kubernetes/kubernetes). The scores are those of the preferences that slicegate writes: NodeAffinity and
//! InterPodAffinity, both of weight 2 in the default profile (`pkg/scheduler/apis/config/v1/default_plugins.go`).
//! Among equal nodes kube-scheduler takes any. The simulation takes the first, so that its results are always the same.
//!
//! Not simulated: volumes, ports, PodTopologySpread, preemption, and scores by free CPU, by images and by soft taints.

mod neighbours;
mod node;
mod pod;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use neighbours::Neighbours;
use node::NodeRules;

pub use node::{Filter, Node};
pub use pod::{Needs, Pod, Role};

/// Nodes, and the pods that are bound to them. A node is named by its position.
#[derive(Clone, Debug)]
pub struct Cluster<'a> {
    nodes: Arc<[Node<'a>]>,
    counts: fn(&str) -> bool,
    /// By resource and node, in thousandths.
    free: HashMap<&'a str, Vec<u64>>,
    neighbours: Neighbours<'a>,
    /// By node. Pods of one workload have the same rules.
    reach: HashMap<NodeRules<'a>, Arc<[Result<i64, Filter>]>>,
}

type Verdict = Result<[i64; 2], Filter>;

/// Why no node takes a pod: by filter, how many nodes do not pass it.
pub type Unplaced = BTreeMap<Filter, usize>;

impl<'a> Cluster<'a> {
    /// Nodes without pods. Only resources that `counts` names can run out.
    pub fn new(nodes: Vec<Node<'a>>, counts: fn(&str) -> bool) -> Self {
        let mut free: HashMap<&str, Vec<u64>> = HashMap::new();
        for (index, node) in nodes.iter().enumerate() {
            for (name, amount) in &node.allocatable {
                let free = free.entry(name).or_insert_with(|| vec![0; nodes.len()]);
                if let Some(free) = free.get_mut(index) {
                    *free = *amount;
                }
            }
        }
        Self {
            nodes: nodes.into(),
            counts,
            free,
            neighbours: Neighbours::default(),
            reach: HashMap::new(),
        }
    }

    /// The nodes, in their order.
    pub fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    /// Binds a pod to the node that kube-scheduler prefers.
    ///
    /// # Errors
    /// When no node passes all filters.
    pub fn place(&mut self, pod: &Pod<'a>) -> Result<usize, Unplaced> {
        let judged: Vec<Verdict> = (0..self.nodes.len()).map(self.judge(pod)).collect();
        let passing = judged.iter().enumerate();
        let passing = passing.filter_map(|(node, scores)| Some((node, (*scores).ok()?)));
        let passing: Vec<(usize, [i64; 2])> = passing.collect();
        let most = passing.iter().map(|(_, scores)| scores[0]).max();
        let most = most.unwrap_or(0).max(1);
        let pods = || passing.iter().map(|(_, scores)| scores[1]);
        let least = pods().min().unwrap_or(0);
        let range = pods().max().unwrap_or(0).saturating_sub(least).max(1);
        // NormalizeScore of both plugins gives the best node 100 points.
        let score = |[nodes, pods]: [i64; 2]| nodes * 100 / most + (pods - least) * 100 / range;
        let passing = passing.iter();
        let best = passing.max_by_key(|(node, scores)| (score(*scores), Reverse(*node)));
        if let Some((node, _)) = best {
            self.bind(pod, *node);
            return Ok(*node);
        }
        let mut unplaced = Unplaced::new();
        for filter in judged.into_iter().filter_map(Result::err) {
            *unplaced.entry(filter).or_default() += 1;
        }
        Err(unplaced)
    }

    /// The nodes that pass all filters.
    pub fn candidates(&mut self, pod: &Pod<'a>) -> Vec<usize> {
        let nodes = 0..self.nodes.len();
        let judge = self.judge(pod);
        nodes.filter(|node| judge(*node).is_ok()).collect()
    }

    /// The first filter that a node does not pass, if there is one.
    pub fn obstacle(&mut self, pod: &Pod<'a>, node: usize) -> Option<Filter> {
        self.judge(pod)(node).err()
    }

    /// Whether a node has enough left of what a pod needs.
    pub fn has_room(&self, pod: &Pod<'_>, node: usize) -> bool {
        has_room(&self.room(pod), node)
    }

    /// Puts a pod on a node, whatever the filters say.
    pub fn bind(&mut self, pod: &Pod<'a>, node: usize) {
        for (name, need) in &pod.needs {
            if let Some(free) = self.free.get_mut(name).and_then(|free| free.get_mut(node)) {
                *free = free.saturating_sub(*need);
            }
        }
        let terms = self.neighbours.terms_of(pod, &self.nodes);
        self.neighbours.bind(pod, &terms, node, &self.nodes);
    }

    /// The scores of NodeAffinity and InterPodAffinity, or the filter that a node does not pass.
    fn judge<'n>(&'n mut self, pod: &'n Pod<'a>) -> impl Fn(usize) -> Verdict + use<'n, 'a> {
        let terms = self.neighbours.terms_of(pod, &self.nodes);
        let known = self.reach.get(&pod.nodes).map(Arc::clone);
        let reach = known.unwrap_or_else(|| {
            let reach = self
                .nodes
                .iter()
                .map(|node| node.judge(&pod.nodes))
                .collect();
            Arc::clone(self.reach.entry(pod.nodes.clone()).or_insert(reach))
        });
        let (nodes, room) = (&self.nodes, self.room(pod));
        let effects = self.neighbours.effects(&terms);
        move |index| {
            let (Some(node), Some(reach)) = (nodes.get(index), reach.get(index)) else {
                return Err(Filter::NodeName);
            };
            let has_room = has_room(&room, index);
            let fits = has_room.then_some(()).ok_or(Filter::NodeResourcesFit);
            match pod.node_name {
                Some(name) if name != node.name => Err(Filter::NodeName),
                // A pod that names its node is not scheduled. The kubelet takes it if there is room.
                Some(_) => fits.map(|()| [0, 0]),
                None => {
                    let preference = (*reach)?;
                    fits?;
                    let score = effects.at(node).ok_or(Filter::InterPodAffinity)?;
                    Ok([preference, score])
                }
            }
        }
    }

    fn room(&self, pod: &Pod<'_>) -> Vec<(&[u64], u64)> {
        let needs = pod.needs.iter().filter(|(name, _)| (self.counts)(name));
        let free = |name: &str| self.free.get(name).map_or(&[][..], |free| free);
        needs.map(|(name, need)| (free(name), *need)).collect()
    }
}

fn has_room(room: &[(&[u64], u64)], node: usize) -> bool {
    let mut room = room.iter();
    room.all(|(free, need)| free.get(node).copied().unwrap_or(0) >= *need)
}
