//! Recognises in a pod the anti-affinity terms that slicegate writes.

use crate::engine::vocabulary::names;
use crate::facts::affinity::PodAffinityTerm;
use crate::facts::pod::Requirement;
use crate::json::Raw;

/// Whether a required term is the one that slicegate writes for a label with the value `own`: it keeps pods with another
/// value off the node, in all namespaces, and no other pods.
pub(crate) fn is_own_term(term: Raw<'_>, label: &str, own: &str) -> bool {
    may_be_ours(term, label)
        && PodAffinityTerm::read(term).is_some_and(|term| repels_others(&term, label, own))
}

/// A cheap test before the term is parsed.
pub(crate) fn may_be_ours(term: Raw<'_>, label: &str) -> bool {
    /// In bytes. A term of slicegate is shorter, even with generous white space.
    const LONGEST: usize = 4096;
    term.get().len() <= LONGEST && term.get().contains(label)
}

fn repels_others(term: &PodAffinityTerm<'_>, label: &str, own: &str) -> bool {
    let by_hostname = term.topology_key.as_deref() == Some(names::HOSTNAME);
    let Some(selector) = term.label_selector.as_ref().filter(|_| by_hostname) else {
        return false;
    };
    let narrower = selector
        .match_labels
        .as_ref()
        .is_some_and(|m| !m.is_empty());
    let expressions = selector.match_expressions.as_deref().unwrap_or_default();
    let is_there = |r: &&Requirement<'_>| &*r.key == label && &*r.operator == "Exists";
    let is_other = |r: &&Requirement<'_>| {
        let values = r.values.as_deref().unwrap_or_default();
        &*r.key == label && &*r.operator == "NotIn" && matches!(values, [only] if &**only == own)
    };
    let both = expressions.len() == 2
        && expressions.iter().any(|r| is_there(&r))
        && expressions.iter().any(|r| is_other(&r));
    !narrower && both && term.is_everywhere()
}
