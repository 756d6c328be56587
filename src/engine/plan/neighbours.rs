//! Who may be a neighbour: anti-affinity to other boundaries and users, affinity to the own.

use std::borrow::Cow;

use super::Edit;
use crate::engine::policy::{BoundaryPlacement, Policy};
use crate::engine::strategy::Strategy;
use crate::engine::terms::{Is, Need};
use crate::engine::words;
use crate::facts::Pod;
use crate::facts::affinity::PodAffinityTerm;
use crate::facts::pod::Requirement;
use crate::json::Raw;

/// What keeps boundaries apart: anti-affinity or the node's label, and always a node that has a hostname.
pub(super) fn keep_apart<'a>(
    pod: &Pod<'_>,
    policy: &Policy,
    boundary: Cow<'a, str>,
    extras: &mut Vec<Need<'a>>,
    edits: &mut Vec<Edit<'a>>,
) {
    extras.push(Need {
        key: Cow::Borrowed(words::HOSTNAME),
        is: Is::There,
    });
    match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => {
            repel(pod, words::TRUST_BOUNDARY, boundary, edits);
        }
        BoundaryPlacement::NodeLabel => extras.push(Need {
            key: Cow::Borrowed(words::NODE_BOUNDARY),
            is: Is::OneOf(vec![boundary]),
        }),
    }
}

pub(super) fn repel<'a>(
    pod: &Pod<'_>,
    label: &'static str,
    own: Cow<'a, str>,
    edits: &mut Vec<Edit<'a>>,
) {
    let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let terms = affinity.and_then(|a| a.pod_anti_affinity.as_ref()?.required.as_ref());
    let ours = |term: PodAffinityTerm<'_>| is_repelling(&term, label, &own);
    let written = terms
        .into_iter()
        .flatten()
        .any(|raw| may_be_ours(*raw, label) && PodAffinityTerm::read(*raw).is_some_and(ours));
    if !written {
        edits.push(Edit::Repel { label, own });
    }
}

/// Whether it is worth reading.
fn may_be_ours(raw: Raw<'_>, label: &str) -> bool {
    /// In bytes, however generously it is spaced.
    const LONGEST: usize = 4096;
    raw.get().len() <= LONGEST && raw.get().contains(label)
}

fn is_repelling(term: &PodAffinityTerm<'_>, label: &str, own: &str) -> bool {
    let by_hostname = term.topology_key.as_deref() == Some(words::HOSTNAME);
    let Some(selector) = term.label_selector.as_ref().filter(|_| by_hostname) else {
        return false;
    };
    let narrower = selector
        .match_labels
        .as_ref()
        .is_some_and(|m| !m.is_empty());
    let expressions = selector.match_expressions.as_deref().unwrap_or_default();
    let fits = |r: &Requirement<'_>| {
        let values = r.values.as_deref().unwrap_or_default();
        &*r.key == label
            && match &*r.operator {
                "Exists" => true,
                "NotIn" => matches!(values, [only] if &**only == own),
                _ => false,
            }
    };
    let exists = expressions.iter().any(|r| &*r.operator == "Exists");
    !narrower && exists && term.is_everywhere() && expressions.iter().all(fits)
}

pub(super) fn pack<'a>(
    pod: &Pod<'_>,
    boundary: Cow<'a, str>,
    strategy: Strategy,
    edits: &mut Vec<Edit<'a>>,
) {
    let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let terms = affinity.and_then(|a| a.pod_affinity.as_ref()?.preferred.as_ref());
    let written = terms.into_iter().flatten().any(|raw| {
        let ours = |t: PodAffinityTerm<'_>| is_packing(&t, &boundary, strategy);
        may_be_ours(*raw, words::TRUST_BOUNDARY)
            && PodAffinityTerm::read_weighted(*raw).is_some_and(ours)
    });
    if !written {
        edits.push(Edit::Pack { boundary, strategy });
    }
}

fn is_packing(term: &PodAffinityTerm<'_>, boundary: &str, strategy: Strategy) -> bool {
    let labels = term
        .label_selector
        .as_ref()
        .and_then(|s| s.match_labels.as_ref());
    term.topology_key.as_deref() == Some(words::HOSTNAME)
        && term.is_everywhere()
        && labels.is_some_and(|l| {
            l.get(words::TRUST_BOUNDARY) == Some(boundary)
                && l.get(words::STRATEGY) == Some(strategy.word())
        })
}
