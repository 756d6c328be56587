//! Which label a GPU pod from before the opt-in is to be given.

use std::borrow::Cow;

use super::context::AuditContext;
use super::markers;
use crate::engine::line::taking::takes_gpu;
use crate::engine::request::tenancy::own_boundary;
use crate::engine::vocabulary::names;
use crate::facts::Pod;

/// What is to be done with a pod that is there.
#[derive(Debug, PartialEq, Eq)]
pub enum Adoption<'a> {
    /// It takes no stock resource.
    NoGpu,
    /// It carries a label that its namespace may give.
    Labelled,
    /// It carries another label, which nobody but a person may change.
    Differs {
        /// What it carries.
        label: &'a str,
        /// What it would be given, if anything.
        due: Option<Cow<'a, str>>,
    },
    /// It is to be labelled.
    Label(Cow<'a, str>),
    /// Its namespace may not have the boundary it claims, nor its own name.
    NoBoundary,
}

/// What is to be done with a pod so that the boundary holds for it.
pub fn adoption<'a>(
    context: &AuditContext<'a>,
    namespace: &'a str,
    pod: &'a Pod<'a>,
) -> Adoption<'a> {
    if !takes_gpu(pod) {
        return Adoption::NoGpu;
    }
    if markers::valid_label(context, namespace, pod).is_some() {
        return Adoption::Labelled;
    }
    let due = own_boundary(&context.decision_input(namespace, pod));
    match (pod.label(names::TRUST_BOUNDARY), due) {
        (Some(label), due) => Adoption::Differs { label, due },
        (None, Some(due)) => Adoption::Label(due),
        (None, None) => Adoption::NoBoundary,
    }
}
