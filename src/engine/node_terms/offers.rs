//! The terms that select the nodes of offers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::term::{LabelCondition, LabelRequirement, Term};
use crate::engine::supply::{GfdIdentity, Identity, Offer, Supply, VGPU_PRESENT};

/// The terms for offers. Each entry lists the offers that a node has to have together.
pub fn of_offers<'a>(supply: &'a Supply, nodes: &[Vec<usize>], with_memory: bool) -> Vec<Term<'a>> {
    let mut builders: Vec<TermBuilder<'a>> = Vec::with_capacity(nodes.len());
    let mut by_key: HashMap<MergeKey<'a>, usize> = HashMap::new();
    for offers in nodes {
        let offers = offers.iter().filter_map(|index| {
            let mislabelled = supply.mislabelled.get(*index)?.iter();
            let inflated = supply.inflated.get(*index).filter(|_| with_memory);
            let mislabelled = mislabelled.chain(inflated.into_iter().flatten());
            Some((supply.offers.get(*index)?, mislabelled))
        });
        let builder = TermBuilder::new(offers, with_memory);
        // Most pods have one kind of node, so there is nothing to merge.
        let key = builder.merge_key().filter(|_| nodes.len() > 1);
        let known = key.map(|key| *by_key.entry(key).or_insert(builders.len()));
        match known.and_then(|at| builders.get_mut(at)) {
            Some(known) => known.absorb(builder),
            None => builders.push(builder),
        }
    }
    let mut terms: Vec<Term<'a>> = builders.into_iter().map(TermBuilder::into_term).collect();
    merge(&mut terms);
    terms
}

/// A term while it is built: parts that must be equal to merge, and parts that are merged.
struct TermBuilder<'a> {
    parts: Vec<Part<'a>>,
    not_nodes: Vec<&'a str>,
}

/// Prefix, product label, sharing, replicas, whether memory is bounded, and whether the vGPU label is required.
type MergeKey<'a> = (&'a str, &'a str, &'static str, u32, [bool; 2]);

enum Part<'a> {
    Gfd {
        identity: &'a GfdIdentity,
        products: Vec<&'a str>,
        above: Option<u64>,
    },
    Listed(&'a [(&'static str, Option<String>)]),
}

impl<'a> TermBuilder<'a> {
    fn new<N: Iterator<Item = &'a String>>(
        offers: impl Iterator<Item = (&'a Offer, N)>,
        with_memory: bool,
    ) -> Self {
        let mut builder = Self {
            parts: Vec::with_capacity(1),
            not_nodes: Vec::new(),
        };
        for (offer, mislabelled) in offers {
            builder.not_nodes.extend(mislabelled.map(String::as_str));
            builder.parts.push(match &offer.identity {
                Identity::Listed(keys) => Part::Listed(keys),
                Identity::Gfd(identity) => Part::Gfd {
                    identity,
                    products: vec![&identity.product_value],
                    above: identity.memory_label.filter(|_| with_memory),
                },
            });
        }
        builder
    }

    /// The parts that have to be equal to merge. Terms of several offers on one node are not merged.
    fn merge_key(&self) -> Option<MergeKey<'a>> {
        match self.parts.as_slice() {
            [
                Part::Gfd {
                    identity, above, ..
                },
            ] => Some((
                &identity.prefix,
                &identity.product_key,
                identity.sharing,
                identity.replicas,
                [above.is_some(), identity.by_vgpu_label],
            )),
            _ => None,
        }
    }

    /// Merges a builder that differs only in product and memory.
    fn absorb(&mut self, other: Self) {
        for (mine, theirs) in self.parts.iter_mut().zip(other.parts) {
            if let Part::Gfd {
                products, above, ..
            } = mine
                && let Part::Gfd {
                    products: other_products,
                    above: other_above,
                    ..
                } = theirs
            {
                products.extend(other_products);
                *above = (*above).min(other_above);
            }
        }
        self.not_nodes.extend(other.not_nodes);
    }

    fn into_term(self) -> Term<'a> {
        let mut labels = Vec::with_capacity(5);
        for part in self.parts {
            match part {
                Part::Listed(keys) => {
                    labels.extend(keys.iter().map(|(key, value)| LabelRequirement {
                        key: Cow::Borrowed(*key),
                        condition: match value {
                            Some(value) => LabelCondition::OneOf(vec![Cow::Borrowed(value)]),
                            None => LabelCondition::Absent,
                        },
                    }))
                }
                Part::Gfd {
                    identity,
                    mut products,
                    above,
                } => {
                    products.sort_unstable();
                    products.dedup();
                    gfd_needs(&mut labels, identity, products, above);
                }
            }
        }
        let mut not_nodes = self.not_nodes;
        not_nodes.sort_unstable();
        not_nodes.dedup();
        Term { labels, not_nodes }
    }
}

fn gfd_needs<'a>(
    labels: &mut Vec<LabelRequirement<'a>>,
    identity: &'a GfdIdentity,
    products: Vec<&'a str>,
    above: Option<u64>,
) {
    let key = |attribute: &'static str| -> Cow<'a, str> {
        // The common prefix is a constant; only MIG profiles need an own string.
        match (identity.prefix.as_str(), attribute) {
            ("nvidia.com/gpu", "sharing-strategy") => {
                Cow::Borrowed("nvidia.com/gpu.sharing-strategy")
            }
            ("nvidia.com/gpu", "replicas") => Cow::Borrowed("nvidia.com/gpu.replicas"),
            ("nvidia.com/gpu", "memory") => Cow::Borrowed("nvidia.com/gpu.memory"),
            (prefix, attribute) => Cow::Owned(format!("{prefix}.{attribute}")),
        }
    };
    let replicas: Cow<'a, str> = match identity.replicas {
        1 => Cow::Borrowed("1"),
        n => Cow::Owned(n.to_string()),
    };
    labels.push(LabelRequirement {
        key: key("sharing-strategy"),
        condition: LabelCondition::OneOf(vec![Cow::Borrowed(identity.sharing)]),
    });
    labels.push(LabelRequirement {
        key: key("replicas"),
        condition: LabelCondition::OneOf(vec![replicas]),
    });
    labels.push(LabelRequirement {
        key: Cow::Borrowed(&identity.product_key),
        condition: LabelCondition::OneOf(products.into_iter().map(Cow::Borrowed).collect()),
    });
    if identity.by_vgpu_label {
        labels.push(LabelRequirement {
            key: Cow::Borrowed(VGPU_PRESENT),
            condition: LabelCondition::OneOf(vec![Cow::Borrowed("true")]),
        });
    }
    if let Some(least) = above {
        labels.push(LabelRequirement {
            key: key("memory"),
            condition: LabelCondition::Above(least.saturating_sub(1)),
        });
    }
}

/// Merges terms that differ in one list of values, until none are left.
fn merge(terms: &mut Vec<Term<'_>>) {
    loop {
        let before = terms.len();
        let most = terms.iter().map(|term| term.labels.len()).max();
        for at in (0..most.unwrap_or(0)).filter(|_| before > 1) {
            merge_by(terms, at);
        }
        if terms.len() == before {
            return;
        }
    }
}

/// Merges terms that differ at most in the list of values at this position.
fn merge_by(terms: &mut Vec<Term<'_>>, at: usize) {
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut merged: Vec<Term<'_>> = Vec::with_capacity(terms.len());
    for term in terms.drain(..) {
        let alike = known.entry(rest(&term, at)).or_default();
        let joined = alike.iter().any(|index| {
            let first = merged.get_mut(*index);
            first.is_some_and(|first| join(first, &term, at))
        });
        if !joined {
            alike.push(merged.len());
            merged.push(term);
        }
    }
    for need in merged.iter_mut().filter_map(|term| term.labels.get_mut(at)) {
        if let LabelCondition::OneOf(values) = &mut need.condition {
            values.sort_unstable();
            values.dedup();
        }
    }
    *terms = merged;
}

/// A hash of everything except the values at a position.
fn rest(term: &Term<'_>, at: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    let (before, after) = term.labels.split_at(at.min(term.labels.len()));
    (before, after.get(1..), &term.not_nodes).hash(&mut hasher);
    hasher.finish()
}

/// Adds the values of another term at a position, if the two terms differ only there.
fn join<'a>(term: &mut Term<'a>, other: &Term<'a>, at: usize) -> bool {
    let differs =
        |(index, (mine, theirs)): (usize, (&LabelRequirement<'_>, &LabelRequirement<'_>))| {
            index != at && mine != theirs
        };
    let mut pairs = term.labels.iter().zip(&other.labels).enumerate();
    if term.not_nodes != other.not_nodes
        || term.labels.len() != other.labels.len()
        || pairs.any(differs)
    {
        return false;
    }
    let (Some(mine), Some(theirs)) = (term.labels.get_mut(at), other.labels.get(at)) else {
        return false;
    };
    match (&mut mine.condition, &theirs.condition) {
        (LabelCondition::OneOf(values), LabelCondition::OneOf(others))
            if mine.key == theirs.key =>
        {
            values.extend(others.iter().cloned());
            true
        }
        _ => mine == theirs,
    }
}
