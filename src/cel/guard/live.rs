//! Stored pods: slicegate's labels and receipt cannot change in any namespace, and in enforced namespaces no
//! annotation that injects devices can be added. Kubelets, controllers and finalizers touch neither.

use super::injected;
use super::labels::LABELS;
use super::object::{Admission, Variable};
use super::rule::{self, denies};
use crate::cel::expressions::quoted;
use crate::engine::Policy;
use crate::engine::rules::protected_metadata::RULE;
use crate::engine::vocabulary::{Mode, names};

/// The policy `slicegate-live`.
pub(super) fn policy(policy: &Policy, enforced: Variable) -> Admission {
    let receipt = is_unchanged("annotations", names::DECISION);
    let [boundary, strategy, user] = LABELS.map(|key| is_unchanged("labels", key));
    let injects = injects(policy);
    let changed =
        format!("!({boundary})\n|| !({strategy})\n|| !({user})\n|| !({receipt})\n|| {injects}");
    let adopt = format!(
        "!({} in oldObject.metadata.?labels.orValue({{}})) && \
        authorizer.group('slicegate.dev').resource('pods').namespace(request.namespace).check('adopt').allowed()",
        quoted(names::TRUST_BOUNDARY)
    );
    let validations = [
        (
            format!("{strategy}\n&& {user}\n&& {receipt}"),
            "'the labels slicegate.dev/strategy and mps-user and the annotation slicegate.dev/decision of a live pod are slicegate\\'s to write'",
            "leave it as it is; delete the pod and create it anew",
        ),
        (
            format!("{boundary}\n|| {adopt}"),
            "'/metadata/labels/slicegate.dev~1trust-boundary of a live pod is slicegate\\'s to write'",
            "leave it as it is; slicegate adopt labels pods that have none, for those with the verb adopt on pods.slicegate.dev",
        ),
        (
            format!("!variables.enforced || !({injects})"),
            "'an annotation that injects devices is added to a live pod'",
            "ask for devices as resources",
        ),
    ];
    let validations = validations.iter().filter(|_| denies(policy, &RULE));
    let validation = |(holds, found, fix): &(String, &str, &str)| {
        rule::validation(&RULE, holds, Some(found), fix)
    };
    Admission {
        name: "slicegate-live",
        on: ("UPDATE", &["pods", "pods/status"]),
        everywhere: true,
        needs: Mode::DryRun,
        conditions: vec![("changes-what-is-protected", changed)],
        variables: vec![enforced],
        validations: validations.map(validation).collect(),
    }
}

fn is_unchanged(map: &str, key: &str) -> String {
    let key = quoted(key);
    format!("object.metadata.?{map}[?{key}] == oldObject.metadata.?{map}[?{key}]")
}

/// Whether an annotation that injects devices is new or changed. Unchanged ones cost little to skip.
fn injects(policy: &Policy) -> String {
    let old = "oldObject.metadata.?annotations";
    let is_injecting = injected::is_injecting("k", policy);
    format!(
        "object.metadata.?annotations.orValue({{}}).exists(k, \
        (!(k in {old}.orValue({{}})) || {old}[?k].orValue('') != object.metadata.annotations[k])\n  && {is_injecting})"
    )
}
