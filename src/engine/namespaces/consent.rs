//! Which boundaries a namespace may use, who consents, and which boundaries are in use.

use crate::engine::namespaces::{NamespaceView, Namespaces};
use crate::engine::vocabulary::{BoundaryNames, Mode, Outsiders, Policy, names};

/// Why a namespace may not use a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimProblem {
    /// The name is no DNS label.
    NotALabel,
    /// The policy's `boundaries` list other namespaces for it.
    Reserved,
    /// Another namespace has that name and does not list this one in `slicegate.dev/boundary-members`.
    NoMember,
    /// No namespace has that name, and the policy neither lists it nor leaves such names open.
    Unlisted,
}

impl NamespaceView {
    /// Whether another namespace may join the boundary of this one's name.
    fn admits(&self, namespace: &str) -> bool {
        let mut members = self.boundary_members.iter();
        members.any(|member| member == namespace || member == names::ANYBODY)
    }
}

impl Namespaces {
    /// Why a namespace may not use the boundary it claims, if it may not.
    pub fn claim_problem(&self, namespace: &str, policy: &Policy) -> Option<ClaimProblem> {
        self.problem(namespace, self.claimed_boundary(namespace), policy)
    }

    /// Why a namespace may not use a boundary, if it may not.
    ///
    /// The policy's list comes first, then the namespace of that name; its consent counts even if it claims another
    /// boundary or is off.
    pub fn problem(
        &self,
        namespace: &str,
        boundary: &str,
        policy: &Policy,
    ) -> Option<ClaimProblem> {
        if !names::is_dns_label(boundary) {
            return Some(ClaimProblem::NotALabel);
        }
        if let Some(named) = policy.boundaries.iter().find(|b| b.name == boundary) {
            let listed = named.namespaces.iter().any(|n| n == namespace);
            return (!listed).then_some(ClaimProblem::Reserved);
        }
        if boundary == namespace {
            return None;
        }
        let (is_allowed, problem) = match self.view(boundary) {
            Some(bearer) => (bearer.admits(namespace), ClaimProblem::NoMember),
            None => (
                policy.boundary_names == BoundaryNames::Open,
                ClaimProblem::Unlisted,
            ),
        };
        (!is_allowed).then_some(problem)
    }

    /// The boundary of a namespace's pods: the claimed one, else the namespace's name; none if it may use neither.
    pub fn boundary<'n>(&'n self, namespace: &'n str, policy: &Policy) -> Option<&'n str> {
        let claimed = self.claimed_boundary(namespace);
        let may = |boundary: &&str| self.problem(namespace, boundary, policy).is_none();
        [claimed, namespace].into_iter().find(may)
    }

    /// Whether the policy reserves a name, or it is the boundary of a namespace whose pods get labels.
    ///
    /// A rejected claim does not count, and neither does a namespace that is off: other namespaces should not be
    /// refused because of them.
    pub fn is_boundary_in_use(&self, name: &str, policy: &Policy) -> bool {
        let reserved = policy.boundaries.iter().any(|b| b.name == name);
        let bearer = self.view(name).map(|_| name);
        reserved
            || self.claimants(name).chain(bearer).any(|namespace| {
                self.has_labelled_pods(namespace, policy)
                    && self.boundary(namespace, policy) == Some(name)
            })
    }

    fn has_labelled_pods(&self, namespace: &str, policy: &Policy) -> bool {
        let is_labelled = policy.outsiders == Outsiders::Label && policy.mode != Mode::Off;
        self.mode(namespace, policy).0 != Mode::Off
            || is_labelled && !self.excluded_namespaces().contains(namespace)
    }
}
