//! `boundary-not-yours`: refuses a pod that takes another's trust boundary.

use crate::engine::namespaces::consent::ClaimProblem;
use crate::engine::vocabulary::policy::Policy;
use crate::engine::vocabulary::printable::quoted;
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary-not-yours",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a trust boundary that belongs to somebody else",
    cause: "The pod's annotation names another boundary in use, or the label \
        slicegate.dev/trust-boundary was written in advance with a value the pod would not be \
        given. It fires as well on the GPU pods of a namespace that claims the name of another \
        namespace which does not list it in slicegate.dev/boundary-members, a name that the \
        policy's boundaries give to other namespaces, or one that nobody bears or lists, unless \
        the policy says boundaryNames: open. A pod's annotation only divides its own boundary: \
        secret in team-a becomes team-a.secret.",
    risk: "The scheduler keeps boundaries apart by this label. Who bears another's label becomes \
        its neighbour below hardware isolation: on one MPS node with one daemon and one \
        /dev/shm, or on one time-sliced GPU.",
    fix: "Remove the label, and in the annotation name only a part of your own boundary. To share \
        GPUs between namespaces, the administrator of one lists the others in its \
        slicegate.dev/boundary-members and they name it in slicegate.dev/trust-boundary; or the \
        policy lists all of them under boundaries. To name oneself is no consent.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: team-a
  labels:
    slicegate.dev/trust-boundary: team-b
  annotations:
    slicegate.dev/tier: trusted-inference
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"# namespace: slicegate.dev/mode: enforce, slicegate.dev/boundary-members: team-b
# The namespace team-b says slicegate.dev/trust-boundary: team-a, and its pods are of this boundary too.
apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: team-a
  annotations:
    slicegate.dev/tier: trusted-inference
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// A boundary that the namespace claims and may not use.
pub fn claim(
    namespace: &str,
    claimed: &str,
    problem: ClaimProblem,
    policy: &Policy,
) -> (String, String) {
    let claimed_name = quoted(claimed);
    match problem {
        ClaimProblem::NotALabel => (
            format!("namespace {namespace} claims the trust boundary {claimed_name}, which is no DNS label"),
            "its administrator has to write lower case letters, digits and '-', at most 63".to_owned(),
        ),
        ClaimProblem::Reserved => (
            format!("the trust boundary {claimed} is reserved by policy {} and not for namespace {namespace}", policy.name),
            "list the namespace under spec.boundaries of the policy, or give it another slicegate.dev/trust-boundary".to_owned(),
        ),
        ClaimProblem::NoMember => (
            format!("namespace {namespace} claims the trust boundary {claimed}, and namespace {claimed} does not list it as a member"),
            format!("add {namespace} to slicegate.dev/boundary-members of namespace {claimed}, or give {namespace} another slicegate.dev/trust-boundary"),
        ),
        ClaimProblem::Unlisted => (
            format!("namespace {namespace} claims the trust boundary {claimed}, which is no namespace's name and not listed by policy {}", policy.name),
            "list it with its namespaces under spec.boundaries of the policy, or claim the name of a namespace that lists this one in slicegate.dev/boundary-members".to_owned(),
        ),
    }
}

/// A part of the own boundary that is another boundary's name.
pub fn annotation(asked: &str, own: &str) -> (String, String) {
    (
        format!("trust boundary {asked} is in use by others; a pod can only divide its own, {own}"),
        format!("choose a name no namespace uses; the pod's boundary becomes {own}.<name>"),
    )
}

/// A boundary label that was written in advance with another value.
pub fn label(found: &str, own: &str) -> (String, String) {
    (
        format!(
            "the label slicegate.dev/trust-boundary is {}, the pod's boundary is {own}",
            quoted(found)
        ),
        "leave the label out; slicegate writes it".to_owned(),
    )
}

/// A namespace that may not use the boundary it claims, and whose own name is reserved for others.
pub fn none_left(namespace: &str) -> (String, String) {
    (
        format!("there is no trust boundary that namespace {namespace} may use"),
        "give it a slicegate.dev/trust-boundary of its own, or list it under spec.boundaries of the policy".to_owned(),
    )
}
