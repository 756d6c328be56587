//! New pods, in every namespace, with labels of slicegate that they would not be given, or that keep away pods with
//! one: they close nodes for others. Labels of pods that take a GPU where slicegate acts are for `markers.rs`.

use super::object::{Admission, Validation, Variable};
use super::rule::{self, denies};
use super::{scope, selectors, tenancy};
use crate::cel::expressions::{one_of, quoted};
use crate::engine::Policy;
use crate::engine::rules::protected_metadata::RULE;
use crate::engine::rules::{reserved_selector, too_large};
use crate::engine::vocabulary::{Mode, Outsiders, names};

/// The labels that are slicegate's.
pub(super) const LABELS: [&str; 3] = [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER];

/// The policy `slicegate-labels`.
pub(super) fn policy(policy: &Policy, enforced: &Variable) -> Admission {
    let mut variables = scope::variables(policy, enforced, scope::too_large_to_label());
    variables.extend(tenancy::boundary(policy));
    variables.push(("given", given(policy)));
    variables.push(selectors::keeps_apart());
    let mut conditions = Vec::new();
    let mut validations = Vec::new();
    if denies(policy, &RULE) {
        conditions.push(has_a_label());
        validations.push(has_its_own_labels());
    }
    if denies(policy, &reserved_selector::RULE) {
        conditions.push(selectors::selects_by_a_key());
        validations.push(selectors::validation(policy));
    }
    if !validations.is_empty() {
        validations.insert(0, not_too_large());
    }
    Admission {
        name: "slicegate-labels",
        on: ("CREATE", &["pods"]),
        everywhere: true,
        needs: Mode::DryRun,
        conditions: vec![
            ("bears-or-selects-a-label", conditions.join("\n|| ")),
            scope::no_mirror(),
        ],
        variables,
        validations,
    }
}

fn not_too_large() -> Validation {
    let id = too_large::RULE.id;
    Validation::new(
        "!variables.tooLarge",
        format!(
            "[{id}] the pod bears labels of slicegate, or its required anti-affinity may name one, and it says more than is read"
        ),
    )
}

fn has_its_own_labels() -> Validation {
    let [boundary, strategy, user] = LABELS.map(quoted);
    let labels = "object.metadata.?labels.orValue({})";
    let holds = format!(
        "variables.tooLarge || variables.enforced && size(variables.taking) > 0\n\
        || !({strategy} in {labels}) && !({user} in {labels})\n  \
        && (!({boundary} in {labels}) || {labels}[{boundary}] in variables.given)"
    );
    rule::validation(&RULE, &holds, None, rule::LEAVE_OUT)
}

fn has_a_label() -> String {
    let each = LABELS.map(|key| format!("{} in object.metadata.labels", quoted(key)));
    format!("has(object.metadata.labels) && ({})", each.join(" || "))
}

/// `given`: the boundary labels a pod may have. In an enforced namespace these are only another system's pods without a
/// stock resource; elsewhere those with one. A pod that may not have the boundary its namespace claims may have the
/// namespace's own name.
fn given(policy: &Policy) -> String {
    let withheld = one_of("request.namespace", tenancy::withheld(policy));
    // A pod that takes nothing closes no node for others, and a pod with `nodeName` runs there even if the node does
    // not advertise its resource.
    let takes_nothing = match policy.outsiders {
        Outsiders::Label => "size(variables.taking) == 0",
        Outsiders::None => "size(variables.taking) == 0 || object.spec.?nodeName.orValue('') != ''",
    };
    format!(
        "(variables.enforced ? (variables.foreign ? [variables.boundary] : [])\n\
        : {takes_nothing} ? []\n\
        : (variables.mayClaim ? [variables.boundary != '' ? variables.boundary : variables.claimed] : []) \
        + ({withheld} ? [] : [request.namespace]))\n\
        .filter(b, b != '')"
    )
}
