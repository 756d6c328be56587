//! New pods, in every namespace, whose required anti-affinity selects by a key of slicegate's: anti-affinity holds
//! both ways, so they would keep GPU pods off nodes. The terms that slicegate gives a pod pass.

use super::markers::is_own_term;
use super::object::{Validation, Variable};
use super::rule;
use super::scope::{noted, one_of};
use crate::cel::relevance::{repelling_entries, selects_by};
use crate::cel::{TERMS, begins, has, quoted};
use crate::engine::relevance::pod_limits::ENTRIES;
use crate::engine::rules::reserved_selector::RULE;
use crate::engine::vocabulary::{BoundaryPlacement, names};
use crate::engine::{Policy, Strategy};

/// Whether a pod's required anti-affinity names a key of slicegate's, or may name one because it has too many to be
/// looked through.
pub(super) fn selects_by_a_key() -> String {
    let most = ENTRIES.most;
    format!(
        "size({TERMS}) > {most} || {} > {most}\n|| {TERMS}.exists(t,\n  {})",
        repelling_entries(),
        named()
    )
}

/// `keepsApart`: whether slicegate may have given the pod terms. Whether its device is shared is the fleet's to say
/// where no label does, so it is enough that no label says otherwise.
pub(super) fn keeps_apart() -> Variable {
    let apart: Vec<&str> = Strategy::ALL
        .into_iter()
        .filter(|s| !s.is_shared())
        .map(Strategy::word)
        .collect();
    let expression = format!(
        "variables.enforced && size(variables.taking) > 0 && !variables.foreign\n&& !({})",
        one_of("variables.strategy", &apart)
    );
    ("keepsApart", expression)
}

/// Every term that names a key of slicegate's is one that the pod was given.
pub(super) fn validation(policy: &Policy) -> Validation {
    let label = noted("object", "labels", names::MPS_USER);
    let user = format!(
        "variables.strategy == {} && {label} != ''\n      && {}",
        quoted(Strategy::Mps.word()),
        is_own_term(names::MPS_USER, &label)
    );
    let mut given = vec![user];
    if policy.placement.boundary == BoundaryPlacement::PodAntiAffinity {
        given.push(format!(
            "variables.boundary != ''\n      && {}",
            is_own_term(names::TRUST_BOUNDARY, "variables.boundary")
        ));
    }
    let holds = format!(
        "variables.tooLarge || {TERMS}.all(t,\n  !({})\n  || variables.keepsApart\n    && ({}))",
        named(),
        given.join("\n    || ")
    );
    let fix = "remove the term, or select by labels of your own; slicegate writes the terms that keep boundaries apart";
    rule::validation(&RULE, &holds, None, fix)
}

/// Whether the term `t` names a key of slicegate's.
fn named() -> String {
    selects_by(&|key| {
        format!(
            "({} || {})",
            begins(key, names::PREFIX),
            has(key, names::BELOW)
        )
    })
}
