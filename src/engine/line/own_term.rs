//! Recognises in a pod the anti-affinity terms that slicegate writes.

use crate::engine::vocabulary::names;
use crate::facts::affinity::PodAffinityTerm;
use crate::facts::pod::Requirement;
use crate::json::Raw;

/// Whether a required term is the one that slicegate writes for a label with the value `own`: it keeps pods with another
/// value off the node, in all namespaces, and no other pods.
pub fn is_own_term(term: Raw<'_>, label: &str, own: &str) -> bool {
    may_be_ours(term, label)
        && PodAffinityTerm::read(term).is_some_and(|term| repels_others(&term, label, own))
}

/// A cheap test before the term is parsed.
pub fn may_be_ours(term: Raw<'_>, label: &str) -> bool {
    /// In bytes. A term of slicegate is shorter, even with generous white space.
    const LONGEST: usize = 4096;
    term.get().len() <= LONGEST && term.get().contains(label)
}

fn repels_others(term: &PodAffinityTerm<'_>, label: &str, own: &str) -> bool {
    let Some(selector) = &term.label_selector else {
        return false;
    };
    let is = |r: &Requirement<'_>, operator: &str| &*r.key == label && &*r.operator == operator;
    let is_other =
        |r| is(r, "NotIn") && matches!(r.values.as_deref(), Some([only]) if &**only == own);
    let labels = selector.match_labels.as_ref();
    term.topology_key.as_deref() == Some(names::HOSTNAME)
        && term.is_everywhere()
        && labels.is_none_or(|labels| labels.is_empty())
        && match selector.match_expressions.as_deref() {
            Some([a, b]) => is(a, "Exists") && is_other(b) || is_other(a) && is(b, "Exists"),
            _ => false,
        }
}
