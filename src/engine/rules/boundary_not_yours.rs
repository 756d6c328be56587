//! `boundary-not-yours`: refuses a pod in a trust boundary that belongs to somebody else.

use crate::engine::namespaces::consent::ClaimProblem;
use crate::engine::vocabulary::{Policy, Rule, Text, quoted};

/// The rule.
pub static RULE: Rule = Rule::denies("boundary-not-yours", include_str!("boundary_not_yours.md"));

/// A boundary that the namespace claims and may not use.
pub fn claim(namespace: &str, claimed: &str, problem: ClaimProblem, policy: &Policy) -> Text {
    let policy = &policy.name;
    let claims = format!("namespace {namespace} claims the trust boundary");
    match problem {
        ClaimProblem::NotALabel => (
            format!("{claims} {}, which is no DNS label", quoted(claimed)),
            "its administrator has to write lower case letters, digits and '-', at most 63".to_owned(),
        ),
        ClaimProblem::Reserved => (
            format!("the trust boundary {claimed} is reserved by policy {policy} and not for namespace {namespace}"),
            "list the namespace under spec.boundaries of the policy, or give it another slicegate.dev/trust-boundary".to_owned(),
        ),
        ClaimProblem::NoMember => (
            format!("{claims} {claimed}, and namespace {claimed} does not list it as a member"),
            format!("add {namespace} to slicegate.dev/boundary-members of namespace {claimed}, or give {namespace} another slicegate.dev/trust-boundary"),
        ),
        ClaimProblem::Unlisted => (
            format!("{claims} {claimed}, which is no namespace's name and not listed by policy {policy}"),
            "list it with its namespaces under spec.boundaries of the policy, or claim the name of a namespace that lists this one in slicegate.dev/boundary-members".to_owned(),
        ),
    }
}

/// A part of the pod's own boundary whose name another boundary has.
pub fn annotation(requested: &str, own: &str) -> Text {
    (
        format!(
            "trust boundary {requested} is in use by others; a pod can only divide its own, {own}"
        ),
        format!("choose a name no namespace uses; the pod's boundary becomes {own}.<name>"),
    )
}

/// A boundary label that the pod already has, with another value.
pub fn label(found: &str, own: &str) -> Text {
    let found = quoted(found);
    (
        format!("the label slicegate.dev/trust-boundary is {found}, the pod's boundary is {own}"),
        "leave the label out; slicegate writes it".to_owned(),
    )
}

/// A namespace that may not use the boundary it claims, and whose own name is reserved for others.
pub fn none_left(namespace: &str) -> Text {
    (
        format!("there is no trust boundary that namespace {namespace} may use"),
        "give it a slicegate.dev/trust-boundary of its own, or list it under spec.boundaries of the policy".to_owned(),
    )
}
