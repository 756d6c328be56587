//! What the audit judges running pods by.

use crate::engine::line::{DecisionInput, Workload};
use crate::engine::namespaces::Namespaces;
use crate::engine::supply::Supply;
use crate::engine::vocabulary::{Policy, RuntimeClasses};
use crate::facts::Pod;

/// What running pods are judged by.
#[derive(Clone, Copy, Debug)]
pub struct AuditContext<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The nodes.
    pub supply: &'a Supply,
    /// The namespaces.
    pub namespaces: &'a Namespaces,
}

impl<'a> AuditContext<'a> {
    /// The input of a decision about a running pod.
    pub(super) fn decision_input(&self, namespace: &'a str, pod: &'a Pod<'a>) -> DecisionInput<'a> {
        DecisionInput {
            policy: self.policy,
            supply: self.supply,
            namespaces: self.namespaces,
            // No check of the audit depends on them.
            runtime_classes: RuntimeClasses::unknown(),
            namespace,
            pod,
            workload: Workload::Pod,
            user: None,
        }
    }
}
