//! From a choice to the edits that carry it out, each only where the pod does not already say so.

mod containers;
mod limits;
mod neighbours;
mod nodes;
mod user;

use std::borrow::Cow;

use super::case::{Case, Choice};
use super::policy::{BoundaryPlacement, Policy, PolicyToleration};
use super::strategy::Strategy;
use super::terms::{Narrowed, Term};
use super::want::Want;
use super::words;
use crate::facts::Pod;
use crate::facts::pod::Place;

pub(super) use containers::hide as hide_from;
pub use limits::Limits;
pub(super) use neighbours::is_own_term;
pub use nodes::SMALLEST_WEIGHT;
pub(super) use user::written as written_user;
pub use user::{MpsUser, mps_user};

/// One intended change, in the words of the field. `admission::patch` turns it into RFC 6902.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit<'a> {
    /// A container asks for `count` of `resource`, and for no other GPU resource.
    Resource {
        /// The container.
        place: Place,
        /// What it asked for before, if it named a resource.
        old: Option<&'a str>,
        /// What it asks for now.
        resource: &'a str,
        /// How many.
        count: u64,
    },
    /// A container no longer asks for a resource.
    DropResource {
        /// The container.
        place: Place,
        /// The resource.
        resource: &'static str,
    },
    /// A variable is appended.
    Env {
        /// The container.
        place: Place,
        /// The variable.
        name: &'static str,
        /// Its literal value.
        value: Cow<'static, str>,
    },
    /// A container runs as this user.
    RunAsUser {
        /// The container.
        place: Place,
        /// The user id.
        user: u32,
    },
    /// A label is set.
    Label {
        /// The key.
        key: &'static str,
        /// The value.
        value: Cow<'a, str>,
    },
    /// An annotation is set.
    Annotation {
        /// The key.
        key: Cow<'a, str>,
        /// The value.
        value: String,
    },
    /// The required node affinity becomes these terms.
    Nodes(Vec<Narrowed<'a>>),
    /// A taint is tolerated.
    Toleration(NewToleration<'a>),
    /// Required anti-affinity by hostname, in all namespaces, to pods whose label has another value.
    Repel {
        /// The label.
        label: &'static str,
        /// The own value.
        own: Cow<'a, str>,
    },
    /// Nodes of these terms are preferred, each by [`SMALLEST_WEIGHT`].
    Prefer(Vec<Term<'a>>),
    /// Preferred affinity by hostname, in all namespaces, to the own boundary's pods of this strategy.
    Pack {
        /// The own boundary label.
        boundary: Cow<'a, str>,
        /// The own strategy.
        strategy: Strategy,
    },
}

impl Edit<'_> {
    /// The container it changes, if it changes one.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Resource { place, .. }
            | Self::DropResource { place, .. }
            | Self::Env { place, .. }
            | Self::RunAsUser { place, .. } => Some(*place),
            Self::Label { .. }
            | Self::Annotation { .. }
            | Self::Nodes(_)
            | Self::Prefer(_)
            | Self::Toleration(_)
            | Self::Repel { .. }
            | Self::Pack { .. } => None,
        }
    }
}

/// A toleration to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewToleration<'a> {
    /// Of a GPU taint, whatever its value.
    Taint {
        /// The taint's key.
        key: &'a str,
        /// The taint's effect.
        effect: &'a str,
    },
    /// As the policy writes it.
    Policy(&'a PolicyToleration),
}

/// The edits of a full rewrite. `hides`: GPUs are hidden from the containers that ask for none.
pub fn rewrite<'a>(
    case: &Case<'_, 'a>,
    choice: &Choice<'a>,
    boundary: Cow<'a, str>,
    echoes: &[Place],
    hides: bool,
) -> Vec<Edit<'a>> {
    let mut edits = Vec::with_capacity(16);
    containers::resources(case, choice, echoes, &mut edits);
    let mps_user = (choice.strategy == Strategy::Mps).then(|| mps_user(case));
    containers::environment(case, choice, &mut edits);
    if hides {
        hide(case.pod, case.wants, &mut edits);
    }
    label(
        case.pod,
        words::TRUST_BOUNDARY,
        boundary.clone(),
        &mut edits,
    );
    let strategy = Cow::Borrowed(choice.strategy.word());
    label(case.pod, words::STRATEGY, strategy, &mut edits);
    if let Some(user) = mps_user {
        user::run_as_user(case, &mut edits);
        let user = user.label();
        label(case.pod, words::MPS_USER, user.clone(), &mut edits);
        neighbours::repel(case.pod, words::MPS_USER, user, &mut edits);
    }
    let mut extras = Vec::new();
    if choice.strategy.is_shared() {
        neighbours::keep_apart(
            case.pod,
            case.policy,
            boundary.clone(),
            &mut extras,
            &mut edits,
        );
    }
    // A whole device has no room for anybody else.
    if case.may_pack() && choice.strategy != Strategy::Exclusive {
        neighbours::pack(case.pod, boundary, choice.strategy, &mut edits);
    }
    nodes::nodes(case, choice, &extras, &mut edits);
    nodes::prefer_smallest(case.pod, case.supply, choice, &mut edits);
    nodes::tolerations(case, choice, &mut edits);
    containers::readable_asks(case, &mut edits);
    edits
}

/// Whether a pod that gets its devices by a strategy has to be given affinity to pods of other namespaces. Packing is a
/// preference, and is left out where a quota limits such affinity.
pub(super) fn crosses_namespaces(policy: &Policy, strategy: Strategy) -> bool {
    let by_terms = policy.placement.boundary == BoundaryPlacement::PodAntiAffinity;
    strategy == Strategy::Mps || strategy.is_shared() && by_terms
}

/// The edits of a stamp: the label, and where the pod may land on a shared device the boundary's terms.
pub fn stamp<'a>(
    pod: &'a Pod<'a>,
    policy: &Policy,
    boundary: Cow<'a, str>,
    may_be_shared: bool,
) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    label(pod, words::TRUST_BOUNDARY, boundary.clone(), &mut edits);
    if may_be_shared {
        let mut extras = Vec::new();
        neighbours::keep_apart(pod, policy, boundary, &mut extras, &mut edits);
        nodes::narrow(
            pod,
            &[Term {
                labels: extras,
                not_nodes: Vec::new(),
            }],
            &mut edits,
        );
    }
    edits
}

/// The edits that hide every GPU from the containers that want none.
pub(super) fn hide(pod: &Pod<'_>, wants: &[Want<'_>], edits: &mut Vec<Edit<'_>>) {
    for (place, container) in pod.containers() {
        if !wants.iter().any(|want| want.place == place) {
            containers::hide(place, container, edits);
        }
    }
}

/// The label of the strategy by which a pod is given its devices, for one whose request stays.
pub(super) fn strategy_label(pod: &Pod<'_>, strategy: Strategy, edits: &mut Vec<Edit<'_>>) {
    label(pod, words::STRATEGY, Cow::Borrowed(strategy.word()), edits);
}

/// The edits by which MPS clients of different users never meet.
pub(super) fn apart_from_users(pod: &Pod<'_>, user: MpsUser) -> Vec<Edit<'static>> {
    let mut edits = Vec::new();
    label(pod, words::MPS_USER, user.label(), &mut edits);
    neighbours::repel(pod, words::MPS_USER, user.label(), &mut edits);
    edits
}

/// The edits for a pod that is left alone but for its label.
pub fn label_only<'a>(pod: &Pod<'_>, boundary: Cow<'a, str>) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    label(pod, words::TRUST_BOUNDARY, boundary, &mut edits);
    edits
}

fn label<'a>(pod: &Pod<'_>, key: &'static str, value: Cow<'a, str>, edits: &mut Vec<Edit<'a>>) {
    if pod.label(key) != Some(&*value) {
        edits.push(Edit::Label { key, value });
    }
}
