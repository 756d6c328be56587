//! Pod affinity: anti-affinity to other boundaries and users, affinity to the own boundary.

use std::borrow::Cow;

use crate::engine::line::{Edit, is_own_term, may_be_ours};
use crate::engine::node_terms::{LabelCondition, LabelRequirement};
use crate::engine::vocabulary::{BoundaryPlacement, Policy, Strategy, names};
use crate::facts::Pod;
use crate::facts::affinity::PodAffinityTerm;

/// Keeps boundaries apart, by anti-affinity or by the label of the node. Returns what the node needs: a hostname label and,
/// if boundaries are labels of nodes, the label of this one.
pub(super) fn keep_apart<'a>(
    pod: &Pod<'_>,
    policy: &Policy,
    boundary: Cow<'a, str>,
    edits: &mut Vec<Edit<'a>>,
) -> Vec<LabelRequirement<'a>> {
    let hostname = LabelRequirement {
        key: Cow::Borrowed(names::HOSTNAME),
        condition: LabelCondition::There,
    };
    match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => {
            edits.extend(repel(pod, names::TRUST_BOUNDARY, boundary));
            vec![hostname]
        }
        BoundaryPlacement::NodeLabel => {
            let label = LabelRequirement {
                key: Cow::Borrowed(names::NODE_BOUNDARY),
                condition: LabelCondition::OneOf(vec![boundary]),
            };
            vec![hostname, label]
        }
    }
}

pub(super) fn repel<'a>(pod: &Pod<'_>, label: &'static str, own: Cow<'a, str>) -> Option<Edit<'a>> {
    let mut terms = pod.required_anti_affinity().iter();
    let is_written = terms.any(|term| is_own_term(*term, label, &own));
    (!is_written).then_some(Edit::Repel { label, own })
}

pub(super) fn pack<'a>(
    pod: &Pod<'_>,
    boundary: Cow<'a, str>,
    strategy: Strategy,
) -> Option<Edit<'a>> {
    let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let terms = affinity.and_then(|a| a.pod_affinity.as_ref()?.preferred.as_ref());
    let own = terms.into_iter().flatten();
    let mut own = own.filter(|term| may_be_ours(**term, names::TRUST_BOUNDARY));
    let is_written = own.any(|term| {
        let term = PodAffinityTerm::read_weighted(*term);
        term.is_some_and(|term| is_packing(&term, &boundary, strategy))
    });
    (!is_written).then_some(Edit::Pack { boundary, strategy })
}

fn is_packing(term: &PodAffinityTerm<'_>, boundary: &str, strategy: Strategy) -> bool {
    let selector = term.label_selector.as_ref();
    let labels = selector.and_then(|s| s.match_labels.as_ref());
    term.topology_key.as_deref() == Some(names::HOSTNAME)
        && term.is_everywhere()
        && labels.is_some_and(|l| {
            l.get(names::TRUST_BOUNDARY) == Some(boundary)
                && l.get(names::STRATEGY) == Some(strategy.word())
        })
}
