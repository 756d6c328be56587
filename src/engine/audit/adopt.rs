//! Which label a running GPU pod gets.

use std::borrow::Cow;

use super::markers;
use crate::engine::cluster_state::ClusterState;
use crate::engine::line::takes_gpu;
use crate::engine::request::tenancy::own_boundary;
use crate::engine::vocabulary::names;
use crate::facts::Pod;

/// What adoption does with a running pod.
#[derive(Debug, PartialEq, Eq)]
pub enum Adoption<'a> {
    /// It takes no stock resource.
    NoGpu,
    /// It has a label that its namespace may give.
    Labelled,
    /// It has another label, which only a person may change.
    Differs {
        /// Its label.
        label: &'a str,
        /// The label that it would get, if any.
        due: Option<Cow<'a, str>>,
    },
    /// It gets this label.
    Label(Cow<'a, str>),
    /// Its namespace may use neither the boundary it claims nor its own name.
    NoBoundary,
}

/// What to do so that the boundary holds for a running pod.
pub fn adoption<'a>(state: &'a ClusterState, namespace: &'a str, pod: &'a Pod<'a>) -> Adoption<'a> {
    if !takes_gpu(pod) {
        return Adoption::NoGpu;
    }
    if markers::valid_label(state, namespace, pod).is_some() {
        return Adoption::Labelled;
    }
    let due = own_boundary(&state.input(namespace, pod));
    match (pod.label(names::TRUST_BOUNDARY), due) {
        (Some(label), due) => Adoption::Differs { label, due },
        (None, Some(due)) => Adoption::Label(due),
        (None, None) => Adoption::NoBoundary,
    }
}

/// Whether a pod has a valid boundary label, and its namespace would give a new pod another one.
pub fn has_drifted<'a>(state: &'a ClusterState, namespace: &'a str, pod: &'a Pod<'a>) -> bool {
    markers::valid_label(state, namespace, pod)
        .is_some_and(|label| own_boundary(&state.input(namespace, pod)).as_deref() != Some(label))
}
