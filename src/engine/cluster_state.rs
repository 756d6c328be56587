//! The state of a cluster that decisions are made against.

use std::sync::Arc;

use crate::engine::line::{DecisionInput, Workload};
use crate::engine::namespaces::Namespaces;
use crate::engine::supply::Supply;
use crate::engine::vocabulary::{Policy, RuntimeClasses};
use crate::facts::Pod;

/// What a decision is made against, beside its pod. It is replaced as a whole when a part changes.
///
/// The parts are shared: each changes on its own schedule, and a new state repeats the parts that did not change. An
/// input that comes from elsewhere, such as measured usage, is one more part here and one more field of the
/// [`DecisionInput`].
#[derive(Clone, Debug)]
pub struct ClusterState {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The nodes.
    pub supply: Arc<Supply>,
    /// The namespaces with their quotas.
    pub namespaces: Arc<Namespaces>,
    /// The RuntimeClasses.
    pub runtime_classes: Arc<RuntimeClasses>,
}

impl ClusterState {
    /// The state of these parts, without RuntimeClasses.
    pub fn new(
        policy: impl Into<Arc<Policy>>,
        supply: impl Into<Arc<Supply>>,
        namespaces: impl Into<Arc<Namespaces>>,
    ) -> Self {
        Self {
            policy: policy.into(),
            supply: supply.into(),
            namespaces: namespaces.into(),
            runtime_classes: Arc::default(),
        }
    }

    /// The same with these RuntimeClasses.
    pub fn with_runtime_classes(mut self, classes: RuntimeClasses) -> Self {
        self.runtime_classes = Arc::new(classes);
        self
    }

    /// The input of a decision about a pod, by an unknown user. Each input is built here.
    pub fn input<'a>(&'a self, namespace: &'a str, pod: &'a Pod<'a>) -> DecisionInput<'a> {
        DecisionInput {
            policy: &self.policy,
            supply: &self.supply,
            namespaces: &self.namespaces,
            runtime_classes: &self.runtime_classes,
            namespace,
            pod,
            workload: Workload::Pod,
            user: None,
        }
    }
}
