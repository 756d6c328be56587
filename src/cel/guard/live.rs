//! Stored pods: slicegate's labels and receipt cannot change in any namespace, and in enforced namespaces no
//! annotation that injects devices can be added. Kubelets, controllers and finalizers touch neither.

use super::labels::LABELS;
use super::object::Admission;
use super::rule::{self, denies};
use super::{injected, scope};
use crate::cel::quoted;
use crate::engine::rules::protected_metadata::RULE;
use crate::engine::vocabulary::{Mode, names};
use crate::engine::{ExcludedNamespaces, Policy};

/// The policy `slicegate-live`.
pub(super) fn policy(policy: &Policy, never: &ExcludedNamespaces) -> Admission {
    let receipt = same("annotations", names::DECISION);
    let kept = LABELS.map(|key| same("labels", key));
    let [boundary, strategy, user] = kept.clone();
    let injects = injects(policy);
    let adopt = format!(
        "!({} in oldObject.metadata.?labels.orValue({{}})) && \
        authorizer.group('slicegate.dev').resource('pods').namespace(request.namespace).check('adopt').allowed()",
        quoted(names::TRUST_BOUNDARY)
    );
    let fix = "leave it as it is; delete the pod and create it anew";
    let validations = vec![
        rule::validation(
            &RULE,
            &format!("{strategy}\n&& {user}\n&& {receipt}"),
            Some(
                "'the labels slicegate.dev/strategy and mps-user and the annotation slicegate.dev/decision of a live pod are slicegate\\'s to write'",
            ),
            fix,
        ),
        rule::validation(
            &RULE,
            &format!("{boundary}\n|| {adopt}"),
            Some(
                "'/metadata/labels/slicegate.dev~1trust-boundary of a live pod is slicegate\\'s to write'",
            ),
            "leave it as it is; slicegate adopt labels pods that have none, for those with the verb adopt on pods.slicegate.dev",
        ),
        rule::validation(
            &RULE,
            &format!("!variables.enforced || !({injects})"),
            Some("'an annotation that injects devices is added to a live pod'"),
            "ask for devices as resources",
        ),
    ];
    let changed: Vec<String> = kept.iter().map(|same| format!("!({same})")).collect();
    let changed = format!("{}\n|| !({receipt})\n|| {injects}", changed.join("\n|| "));
    Admission {
        name: "slicegate-live",
        on: ("UPDATE", &["pods", "pods/status"]),
        everywhere: true,
        needs: Mode::DryRun,
        conditions: vec![("changes-what-is-protected", changed)],
        variables: vec![scope::enforced(policy, never)],
        validations: match denies(policy, &RULE) {
            true => validations,
            false => Vec::new(),
        },
    }
}

/// Whether a label or annotation is unchanged.
fn same(map: &str, key: &str) -> String {
    let of = |object: &str| format!("{object}.metadata.?{map}[?{}]", quoted(key));
    format!("{} == {}", of("object"), of("oldObject"))
}

/// Whether an annotation that injects devices is new or changed. Unchanged ones cost little to skip.
fn injects(policy: &Policy) -> String {
    let old = "oldObject.metadata.?annotations";
    format!(
        "object.metadata.?annotations.orValue({{}}).exists(k, \
        (!(k in {old}.orValue({{}})) || {old}[?k].orValue('') != object.metadata.annotations[k])\n  && {})",
        injected::is_injecting("k", policy)
    )
}
