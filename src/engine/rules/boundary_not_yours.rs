//! `boundary-not-yours`: refuses a pod that takes another's trust boundary.

use crate::engine::namespaces::ClaimProblem;
use crate::engine::policy::Policy;
use crate::engine::rule::{Rule, Severity};
use crate::engine::shown::quoted;

/// The rule.
pub static RULE: Rule = Rule {
    id: "boundary-not-yours",
    default: Severity::Deny,
    always_denies: false,
    refuses: "a trust boundary that belongs to somebody else",
    cause: "The pod's annotation names another boundary in use, or the label \
        slicegate.dev/trust-boundary was written in advance with a value the pod would not be \
        given. It fires as well on the GPU pods of a namespace that claims the name of another \
        namespace that does not name it too, or a name that the policy's boundaries give to \
        other namespaces. A pod's annotation only divides its own boundary: secret in team-a \
        becomes team-a.secret.",
    risk: "The scheduler keeps boundaries apart by this label. Who bears another's label becomes \
        its neighbour below hardware isolation: on one MPS node with one daemon and one \
        /dev/shm, or on one time-sliced GPU.",
    fix: "Remove the label, and in the annotation name only a part of your own boundary. To share \
        GPUs between namespaces, the administrator gives each of them the same \
        slicegate.dev/trust-boundary, or lists them under boundaries in the policy.",
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
    good: r#"# namespace: slicegate.dev/mode: enforce, slicegate.dev/trust-boundary: lab
# The namespace team-b names the same boundary.
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
        ClaimProblem::NoConsent => (
            format!("namespace {namespace} claims the trust boundary {claimed}, which is another namespace's name"),
            format!("annotate namespace {claimed} with slicegate.dev/trust-boundary: {claimed} as well, so that both agree"),
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
