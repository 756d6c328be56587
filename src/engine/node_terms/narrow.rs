//! User terms x offer terms: the terms of the user stay, and each is narrowed to what the offer terms allow.

use super::term::{LabelCondition, LabelRequirement, Term};
use crate::engine::supply::filter::{holds, is_empty};
use crate::engine::vocabulary::pod_limits;
use crate::facts::pod::{NodeSelectorTerm, NodeTerm, Requirement};
use crate::facts::text::Pairs;

/// What is added to a term of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NarrowedTerm<'a> {
    /// The index of the user's term; none if the pod has no terms.
    pub of: Option<usize>,
    /// The missing requirements.
    pub add: Term<'a>,
}

/// User terms x offer terms, without contradictions and without requirements that are already met.
pub fn narrow<'a>(
    user: Option<&[NodeTerm<'_>]>,
    selector: Option<&Pairs<'_>>,
    ours: &[Term<'a>],
) -> Vec<NarrowedTerm<'a>> {
    let Some(user) = user else {
        let nothing = NodeSelectorTerm::default();
        let lacking = ours.iter().filter_map(|t| lacks(&nothing, selector, t));
        let mut narrowed: Vec<NarrowedTerm<'a>> =
            lacking.map(|add| NarrowedTerm { of: None, add }).collect();
        // If the selector contradicts all offer terms, one of them is added, so that the selector alone selects no node.
        if let Some(ours) = ours.first().filter(|_| narrowed.is_empty()) {
            let add = compare(&nothing, selector, ours).0;
            narrowed.push(NarrowedTerm { of: None, add });
        }
        return narrowed;
    };
    let mut narrowed = Vec::new();
    for (index, term) in filled(user) {
        // More terms than this are denied anyway.
        if narrowed.len() > pod_limits::TERMS.most {
            break;
        }
        let mut lacking: Vec<Term<'a>> = ours
            .iter()
            .filter_map(|t| lacks(term, selector, t))
            .collect();
        // A user term that is inside one offer term needs no additions.
        if lacking.iter().any(|t| *t == Term::default()) {
            lacking = vec![Term::default()];
        }
        narrowed.extend(lacking.into_iter().map(|add| NarrowedTerm {
            of: Some(index),
            add,
        }));
    }
    if narrowed.is_empty()
        && let Some(ours) = ours.first()
    {
        return contradicted(user, selector, ours);
    }
    narrowed
}

/// If all user terms contradict the offer terms, an offer term is added to each, so that they alone select no node.
fn contradicted<'a>(
    user: &[NodeTerm<'_>],
    selector: Option<&Pairs<'_>>,
    ours: &Term<'a>,
) -> Vec<NarrowedTerm<'a>> {
    let close = |(index, term): (usize, &NodeSelectorTerm<'_>)| NarrowedTerm {
        of: Some(index),
        add: compare(term, selector, ours).0,
    };
    filled(user).map(close).collect()
}

/// The terms that can match a node, with their indexes.
pub fn filled<'t, 'a>(
    terms: &'t [NodeTerm<'a>],
) -> impl Iterator<Item = (usize, &'t NodeSelectorTerm<'a>)> {
    let read = terms.iter().map(|term| &term.read).enumerate();
    read.filter(|(_, term)| !is_empty(term))
}

/// Whether a written term equals an offer term.
pub fn is_same(written: &NodeSelectorTerm<'_>, ours: &Term<'_>) -> bool {
    let fields = written.match_fields.as_deref().unwrap_or_default();
    let expressions = written.match_expressions.as_deref().unwrap_or_default();
    fields.is_empty()
        && expressions.len() == ours.labels.len()
        && lacks(written, None, ours).is_some_and(|add| add == Term::default())
}

/// The requirements that a user term needs to be inside an offer term. None if the two contradict each other.
fn lacks<'a>(
    user: &NodeSelectorTerm<'_>,
    selector: Option<&Pairs<'_>>,
    ours: &Term<'a>,
) -> Option<Term<'a>> {
    let (lacking, contradicts) = compare(user, selector, ours);
    (!contradicts).then_some(lacking)
}

/// The requirements of the offer term that a user term does not imply, and whether the two contradict each other.
fn compare<'a>(
    user: &NodeSelectorTerm<'_>,
    selector: Option<&Pairs<'_>>,
    ours: &Term<'a>,
) -> (Term<'a>, bool) {
    let mut lacking = Term {
        labels: Vec::with_capacity(ours.labels.len()),
        not_nodes: Vec::new(),
    };
    let mut contradicts = false;
    for need in &ours.labels {
        let own = user.match_expressions.iter().flatten();
        let own = own.filter(|r| *r.key == *need.key);
        let selected = selector.and_then(|s| s.get(&need.key));
        let selected = selected.map(|value| need.relation_to_value(value));
        let mut implies = false;
        for relation in own.map(|r| need.relation(r)).chain(selected) {
            implies |= relation == Relation::Implies;
            contradicts |= relation == Relation::Contradicts;
        }
        if !implies {
            lacking.labels.push(need.clone());
        }
    }
    for node in &ours.not_nodes {
        let mut fields = user.match_fields.iter().flatten();
        if !fields.any(|r| &*r.key == "metadata.name" && !holds(r, Some(node))) {
            lacking.not_nodes.push(node);
        }
    }
    (lacking, contradicts)
}

/// The relation of a user requirement to one of ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Implies,
    Contradicts,
    Open,
}

impl LabelRequirement<'_> {
    fn relation_to_value(&self, value: &str) -> Relation {
        if self.condition.holds(value) {
            Relation::Implies
        } else {
            Relation::Contradicts
        }
    }

    fn relation(&self, user: &Requirement<'_>) -> Relation {
        let values = user.values.as_deref().unwrap_or_default();
        match (&*user.operator, &self.condition) {
            ("In", _) => {
                let fitting = values.iter().filter(|v| self.condition.holds(v)).count();
                match fitting {
                    0 => Relation::Contradicts,
                    _ if fitting == values.len() => Relation::Implies,
                    _ => Relation::Open,
                }
            }
            ("DoesNotExist", LabelCondition::Absent) => Relation::Implies,
            ("DoesNotExist", _) | ("Exists" | "Gt" | "Lt", LabelCondition::Absent) => {
                Relation::Contradicts
            }
            ("Exists" | "Gt" | "Lt", LabelCondition::There) => Relation::Implies,
            ("Gt", LabelCondition::Above(least)) => {
                let bound = values.first().and_then(|v| v.parse::<u64>().ok());
                match bound {
                    Some(bound) if bound >= *least => Relation::Implies,
                    _ => Relation::Open,
                }
            }
            // Gt, Lt and NotIn of the user's against a list of ours.
            (_, LabelCondition::OneOf(ours)) if !ours.iter().any(|v| holds(user, Some(v))) => {
                Relation::Contradicts
            }
            _ => Relation::Open,
        }
    }
}

impl LabelCondition<'_> {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::OneOf(values) => values.binary_search_by(|v| (**v).cmp(value)).is_ok(),
            Self::There => true,
            Self::Absent => false,
            Self::Above(least) => value.parse::<u64>().is_ok_and(|n| n > *least),
        }
    }
}
