//! `foreign-sharing`: refuses another sharing system's words where the policy does not list it.

use crate::engine::relevance::sharing_systems::{Spoken, Stands};
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::names::pointer;
use crate::engine::vocabulary::policy::Policy;
use crate::engine::vocabulary::printable::quoted;
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "foreign-sharing",
    default: Severity::Deny,
    always_denies: false,
    refuses: "words of another GPU sharing system that the policy does not list",
    cause: "The pod carries a resource, annotation or label of HAMi, KAI or Run:ai, Volcano vGPU \
        or TensorFusion beside a stock resource, or such an annotation that makes a share of \
        stock cards. The stock device plugin does not know those words and serves the request \
        from any node that sells it. slicegate catalog prints the words. A scheduler's name \
        alone is not one, and a pod that asks only for a foreign resource name is left alone.",
    risk: "Two systems would share out the same GPUs without knowing of each other. If a word \
        alone exempted a pod, anybody could write it to get past its tier and boundary.",
    fix: "Say the same with slicegate's annotations, or move the pod to a namespace that is off. \
        If the system runs in this cluster, the administrator lists it under foreignSharing in \
        the policy; its pods then only get the boundary label.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1", nvidia.com/gpumem-percentage: "50"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: batch
    slicegate.dev/gpu-fraction: "0.5"
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};

/// Another system's word in a pod that the policy does not leave to that system.
pub fn found(spoken: &Spoken<'_>, findings: &mut Findings<'_>) {
    let systems: Vec<&str> = spoken.word.systems.iter().map(|s| s.word()).collect();
    let message = format!(
        "the {} {} asks {} for a part of a GPU that slicegate hands out",
        spoken.word.stands.word(),
        quoted(spoken.key),
        systems.join(" or ")
    );
    let fix = format!(
        "remove it and ask with slicegate.dev/gpu-memory or gpu-fraction, or list {} under spec.foreignSharing of the policy",
        systems.join(" or ")
    );
    let path = match spoken.word.stands {
        Stands::Annotation => format!("/metadata/annotations/{}", pointer(spoken.key)),
        Stands::Label => format!("/metadata/labels/{}", pointer(spoken.key)),
        Stands::Resource => "/spec/containers".to_owned(),
    };
    findings.add(&RULE, path, (message, fix));
}

/// Whether the policy leaves pods with that word to the system that reads it.
pub fn is_left_alone(spoken: &Spoken<'_>, policy: &Policy) -> bool {
    let mut systems = spoken.word.systems.iter();
    systems.any(|system| policy.foreign_sharing.contains(system))
}
