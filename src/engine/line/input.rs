//! What is asked of the engine: a pod, and everything it is judged against.

use crate::engine::namespaces::Namespaces;
use crate::engine::supply::Supply;
use crate::engine::vocabulary::{Policy, RuntimeClasses};
use crate::facts::Pod;
pub use crate::facts::workload::Workload;

/// Everything a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct DecisionInput<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The fleet.
    pub supply: &'a Supply,
    /// What namespaces' administrators said.
    pub namespaces: &'a Namespaces,
    /// Which runtime a pod's containers run under.
    pub runtime_classes: &'a RuntimeClasses,
    /// The pod's namespace, from the request.
    pub namespace: &'a str,
    /// The pod or template.
    pub pod: &'a Pod<'a>,
    /// What makes the pod.
    pub workload: Workload,
    /// Who creates it, where that is known.
    pub user: Option<&'a str>,
}

impl DecisionInput<'_> {
    /// Whether it is a mirror pod. Those are made by kubelets; the annotation alone is anybody's to write.
    pub fn is_mirror(&self) -> bool {
        let by_node = self.user.is_some_and(|u| u.starts_with("system:node:"));
        by_node && self.pod.annotation("kubernetes.io/config.mirror").is_some()
    }
}
