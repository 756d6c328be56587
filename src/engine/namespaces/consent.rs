//! Which boundaries a namespace may use, by whose consent, and which are in use.

use crate::engine::namespaces::{NamespaceView, Namespaces};
use crate::engine::vocabulary::names;
use crate::engine::vocabulary::policy::{BoundaryNames, Mode, Outsiders, Policy};

/// Why a namespace may not use a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimProblem {
    /// It is no DNS label.
    NotALabel,
    /// The policy's `boundaries` list other namespaces for it.
    Reserved,
    /// Another namespace bears that name and does not list this one in `slicegate.dev/boundary-members`.
    NoMember,
    /// No namespace bears that name, and the policy neither lists it nor leaves such names open.
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
    /// The policy's list comes first, then the namespace that bears the name; that this one claims another boundary,
    /// or is off, takes nothing from its word. Where no other namespace can be seen, nobody's word is missed.
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
        if boundary == namespace || self.is_isolated() {
            return None;
        }
        match self.view(boundary) {
            Some(bearer) => (!bearer.admits(namespace)).then_some(ClaimProblem::NoMember),
            None => {
                let is_open = policy.boundary_names == BoundaryNames::Open;
                (!is_open).then_some(ClaimProblem::Unlisted)
            }
        }
    }

    /// The boundary a namespace's pods are in: what it claims, else its own name, if it may have one of them.
    pub fn boundary<'n>(&'n self, namespace: &'n str, policy: &Policy) -> Option<&'n str> {
        let claimed = self.claimed_boundary(namespace);
        let may = |boundary: &&str| self.problem(namespace, boundary, policy).is_none();
        [claimed, namespace].into_iter().find(may)
    }

    /// Whether a name is reserved by the policy, or the boundary of a namespace whose pods get labels or would.
    ///
    /// A name that a namespace claims and may not have is not in use, and neither is that of a namespace that is off:
    /// nobody else should be refused for what either of them wrote.
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
