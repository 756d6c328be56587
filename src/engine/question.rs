//! What is asked of the engine: a pod, and everything it is judged against.

use super::ask::Form;
use super::case::{Case, Choice};
use super::namespaces::Namespaces;
use super::policy::Policy;
use super::runtime_classes::RuntimeClasses;
use super::supply::Supply;
use crate::facts::Pod;

/// Everything a decision looks at.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
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

impl Question<'_> {
    /// How the pod came to the reader.
    pub(super) const fn form(&self) -> Form {
        match self.workload {
            Workload::Pod => Form::Pod,
            Workload::DaemonSet | Workload::Template => Form::Template,
        }
    }
}

/// What makes a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// It is a Pod.
    Pod,
    /// It is the template of a DaemonSet.
    DaemonSet,
    /// It is the template of another workload.
    Template,
}

/// Sees the case once it is complete, with what was chosen.
pub(super) type Witness<'w> = &'w mut dyn FnMut(&Case<'_, '_>, Option<&Choice<'_>>);
