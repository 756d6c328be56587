//! New pods, in every namespace, that bear labels of slicegate which they would not be given, or keep away pods that
//! bear one: they close nodes for others. Labels of pods that take a GPU where slicegate acts are for `markers.rs`.

use super::object::{Admission, Validation};
use super::rule::{self, denies};
use super::scope::{self, one_of};
use super::selectors;
use super::tenancy;
use crate::cel::quoted;
use crate::engine::rules::protected_metadata::RULE;
use crate::engine::rules::{reserved_selector, too_large};
use crate::engine::vocabulary::{Mode, Outsiders, names};
use crate::engine::{ExcludedNamespaces, Policy};

/// The labels that are slicegate's.
pub(super) const LABELS: [&str; 3] = [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER];

/// The policy `slicegate-labels`.
pub(super) fn policy(policy: &Policy, never: &ExcludedNamespaces) -> Admission {
    let mut variables = vec![scope::enforced(policy, never), scope::too_large_to_label()];
    variables.extend(scope::containers());
    variables.extend([scope::taking(), scope::foreign(policy), scope::strategy()]);
    variables.extend(tenancy::boundary(policy));
    variables.push(("given", given(policy)));
    variables.push(selectors::keeps_apart());
    let mut looked_at = Vec::new();
    let mut validations = Vec::new();
    if denies(policy, &RULE) {
        looked_at.push(bears_a_label());
        validations.push(bears_its_own());
    }
    if denies(policy, &reserved_selector::RULE) {
        looked_at.push(selectors::selects_by_a_key());
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
            ("bears-or-selects-a-label", looked_at.join("\n|| ")),
            scope::no_mirror(),
        ],
        variables,
        validations,
    }
}

fn not_too_large() -> Validation {
    Validation::new(
        "!variables.tooLarge",
        format!(
            "[{}] the pod bears labels of slicegate, or its required anti-affinity may name one, and it says more than is read",
            too_large::RULE.id
        ),
    )
}

/// The pod has only the labels that slicegate gives it.
fn bears_its_own() -> Validation {
    let [boundary, strategy, user] = LABELS.map(quoted);
    let labels = "object.metadata.?labels.orValue({})";
    let holds = format!(
        "variables.tooLarge || variables.enforced && size(variables.taking) > 0\n\
        || !({strategy} in {labels}) && !({user} in {labels})\n  \
        && (!({boundary} in {labels}) || {labels}[{boundary}] in variables.given)"
    );
    let fix = "leave slicegate's labels out; slicegate writes them where they belong";
    rule::validation(&RULE, &holds, None, fix)
}

fn bears_a_label() -> String {
    let each = LABELS.map(|key| format!("{} in object.metadata.labels", quoted(key)));
    format!("has(object.metadata.labels) && ({})", each.join(" || "))
}

/// `given`: the boundary labels a pod may bear. Where slicegate acts, only another system's pods without a stock
/// resource are left to say it of; elsewhere those with one, and whoever may not have what its namespace claims stays
/// within the namespace's own name.
fn given(policy: &Policy) -> String {
    let free = format!(
        "{} ? [] : [request.namespace]",
        one_of("request.namespace", &tenancy::withheld(policy))
    );
    // A pod that takes nothing closes no node for others, and a pod with `nodeName` runs there even if the node does
    // not advertise its resource.
    let takes_nothing = match policy.outsiders {
        Outsiders::Label => "size(variables.taking) == 0",
        Outsiders::None => "size(variables.taking) == 0 || object.spec.?nodeName.orValue('') != ''",
    };
    format!(
        "(variables.enforced ? (variables.foreign ? [variables.boundary] : [])\n\
        : {takes_nothing} ? []\n\
        : (variables.mayClaim ? [variables.boundary != '' ? variables.boundary : variables.claimed] : []) + ({free}))\n\
        .filter(b, b != '')"
    )
}
