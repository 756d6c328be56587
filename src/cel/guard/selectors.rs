//! New pods, in every namespace, whose required anti-affinity selects by a key of slicegate's: anti-affinity holds
//! both ways, so they would keep GPU pods off nodes. The terms that slicegate gives a pod pass.

use super::markers::is_own_term;
use super::object::{Validation, Variable};
use super::rule;
use super::scope::metadata;
use crate::cel::expressions::{TERMS, begins, has, one_of, quoted};
use crate::cel::relevance::{repelling_entries, selects_by};
use crate::engine::rules::reserved_selector::RULE;
use crate::engine::vocabulary::pod_limits::ENTRIES;
use crate::engine::vocabulary::{BoundaryPlacement, names};
use crate::engine::{Policy, Strategy};

/// Whether a pod's required anti-affinity names a key of slicegate's, or may name one because it has too many to be
/// looked through.
pub(super) fn selects_by_a_key() -> String {
    let most = ENTRIES.most;
    let (entries, by_own_key) = (repelling_entries(), by_own_key());
    format!("size({TERMS}) > {most} || {entries} > {most}\n|| {TERMS}.exists(t,\n  {by_own_key})")
}

/// `keepsApart`: whether slicegate may have given the pod terms. Whether its device is shared is the fleet's to say
/// where no label does, so it is enough that no label says otherwise.
pub(super) fn keeps_apart() -> Variable {
    let unshared = Strategy::ALL.into_iter().filter(|s| !s.is_shared());
    let unshared = one_of("variables.strategy", unshared.map(Strategy::word));
    let expression = format!(
        "variables.enforced && size(variables.taking) > 0 && !variables.foreign\n&& !({unshared})"
    );
    ("keepsApart", expression)
}

/// Every term that names a key of slicegate's is one that the pod was given.
pub(super) fn validation(policy: &Policy) -> Validation {
    let label = metadata("object", "labels", names::MPS_USER);
    let mps = quoted(Strategy::Mps.word());
    let own = is_own_term(names::MPS_USER, &label);
    let mut given = format!("variables.strategy == {mps} && {label} != ''\n      && {own}");
    if policy.placement.boundary == BoundaryPlacement::PodAntiAffinity {
        let own = is_own_term(names::TRUST_BOUNDARY, "variables.boundary");
        given += &format!("\n    || variables.boundary != ''\n      && {own}");
    }
    let by_own_key = by_own_key();
    let holds = format!(
        "variables.tooLarge || {TERMS}.all(t,\n  !({by_own_key})\n  || variables.keepsApart\n    && ({given}))"
    );
    let fix = "remove the term, or select by labels of your own; slicegate writes the terms that keep boundaries apart";
    rule::validation(&RULE, &holds, None, fix)
}

/// Whether the term `t` names a key of slicegate's.
fn by_own_key() -> String {
    selects_by(&|key| {
        let (prefix, below) = (begins(key, names::PREFIX), has(key, names::BELOW));
        format!("({prefix} || {below})")
    })
}
