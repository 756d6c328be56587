//! Node requirements: the terms that let a pod land exactly on the nodes whose offers will do.
//!
//! A term is made of the labels that identify an offer. Terms that differ in one list of values are one term,
//! because that is exact; the user's own terms are kept and each is narrowed (user terms x offer terms).

mod narrow;

use std::borrow::Cow;

use super::supply::{GfdIdentity, Identity, Offer, Supply};

pub use narrow::{Narrowed, filled, is_empty, narrow};

/// A conjunction of requirements on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term<'a> {
    /// On labels.
    pub labels: Vec<Need<'a>>,
    /// Nodes to stay off by name.
    pub not_nodes: Vec<&'a str>,
}

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need<'a> {
    /// The label.
    pub key: Cow<'a, str>,
    /// What must hold.
    pub is: Is<'a>,
}

/// What must hold of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Is<'a> {
    /// It has one of these values, sorted.
    OneOf(Vec<Cow<'a, str>>),
    /// It is there.
    There,
    /// It is not there.
    Absent,
    /// It is a number above this.
    Above(u64),
}

/// The terms of offers: for each kind of node the offers it has to have, together.
pub fn of_offers<'a>(supply: &'a Supply, nodes: &[Vec<usize>], with_memory: bool) -> Vec<Term<'a>> {
    let mut drafts: Vec<Draft<'a>> = Vec::with_capacity(nodes.len());
    for offers in nodes {
        let offers = offers.iter().filter_map(|index| {
            let impostors = supply.impostors.get(*index)?;
            Some((supply.offers.get(*index)?, impostors))
        });
        let draft = Draft::new(offers, with_memory);
        if !drafts.iter_mut().any(|d| d.absorb(&draft)) {
            drafts.push(draft);
        }
    }
    let mut terms: Vec<Term<'a>> = drafts.into_iter().map(Draft::into_term).collect();
    merge(&mut terms);
    terms
}

/// A term in the making: parts that must be equal to merge, and parts that merge.
struct Draft<'a> {
    parts: Vec<Part<'a>>,
    not_nodes: Vec<&'a str>,
}

enum Part<'a> {
    Gfd {
        identity: &'a GfdIdentity,
        products: Vec<&'a str>,
        above: Option<u64>,
    },
    Listed(&'a [(&'static str, Option<String>)]),
}

impl<'a> Draft<'a> {
    fn new(offers: impl Iterator<Item = (&'a Offer, &'a Vec<String>)>, with_memory: bool) -> Self {
        let mut draft = Self {
            parts: Vec::with_capacity(1),
            not_nodes: Vec::new(),
        };
        for (offer, impostors) in offers {
            draft.not_nodes.extend(impostors.iter().map(String::as_str));
            draft.parts.push(match &offer.identity {
                Identity::Listed(keys) => Part::Listed(keys),
                Identity::Gfd(identity) => Part::Gfd {
                    identity,
                    products: vec![&identity.product_value],
                    above: identity.memory_label.filter(|_| with_memory),
                },
            });
        }
        draft
    }

    /// Takes in a draft that differs only in product and memory; several offers on one node are left apart.
    fn absorb(&mut self, other: &Self) -> bool {
        let ([mine], [theirs]) = (self.parts.as_mut_slice(), other.parts.as_slice()) else {
            return false;
        };
        let (
            Part::Gfd {
                identity,
                products,
                above,
            },
            Part::Gfd {
                identity: other_identity,
                products: other_products,
                above: other_above,
            },
        ) = (mine, theirs)
        else {
            return false;
        };
        let alike = identity.prefix == other_identity.prefix
            && identity.product_key == other_identity.product_key
            && identity.sharing == other_identity.sharing
            && identity.replicas == other_identity.replicas
            && above.is_some() == other_above.is_some();
        if !alike {
            return false;
        }
        for product in other_products {
            if !products.contains(product) {
                products.push(product);
            }
        }
        *above = (*above).min(*other_above);
        for node in &other.not_nodes {
            if !self.not_nodes.contains(node) {
                self.not_nodes.push(node);
            }
        }
        true
    }

    fn into_term(self) -> Term<'a> {
        let mut labels = Vec::with_capacity(5);
        for part in self.parts {
            match part {
                Part::Listed(keys) => labels.extend(keys.iter().map(|(key, value)| Need {
                    key: Cow::Borrowed(*key),
                    is: match value {
                        Some(value) => Is::OneOf(vec![Cow::Borrowed(value)]),
                        None => Is::Absent,
                    },
                })),
                Part::Gfd {
                    identity,
                    mut products,
                    above,
                } => {
                    products.sort_unstable();
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
    labels: &mut Vec<Need<'a>>,
    identity: &'a GfdIdentity,
    products: Vec<&'a str>,
    above: Option<u64>,
) {
    let key = |attribute: &'static str| -> Cow<'a, str> {
        // The common prefix is known beforehand; only MIG profiles need a string of their own.
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
    labels.push(Need {
        key: key("sharing-strategy"),
        is: Is::OneOf(vec![Cow::Borrowed(identity.sharing)]),
    });
    labels.push(Need {
        key: key("replicas"),
        is: Is::OneOf(vec![replicas]),
    });
    labels.push(Need {
        key: Cow::Borrowed(&identity.product_key),
        is: Is::OneOf(products.into_iter().map(Cow::Borrowed).collect()),
    });
    if let Some(least) = above {
        labels.push(Need {
            key: key("memory"),
            is: Is::Above(least.saturating_sub(1)),
        });
    }
}

/// Joins terms that differ in one list of values.
fn merge(terms: &mut Vec<Term<'_>>) {
    let mut index = 0;
    while index < terms.len() {
        let (head, tail) = terms.split_at_mut(index + 1);
        let Some(term) = head.last_mut() else { break };
        match tail.iter().position(|other| join(term, other)) {
            // A joined term may now join one it could not before.
            Some(at) => {
                terms.remove(index + 1 + at);
            }
            None => index += 1,
        }
    }
}

fn join<'a>(term: &mut Term<'a>, other: &Term<'a>) -> bool {
    if term.not_nodes != other.not_nodes || term.labels.len() != other.labels.len() {
        return false;
    }
    let mut differing = None;
    for (index, (mine, theirs)) in term.labels.iter().zip(&other.labels).enumerate() {
        if mine == theirs {
            continue;
        }
        let lists = matches!((&mine.is, &theirs.is), (Is::OneOf(_), Is::OneOf(_)));
        if differing.is_some() || mine.key != theirs.key || !lists {
            return false;
        }
        differing = Some(index);
    }
    let Some(index) = differing else { return true };
    if let (Some(mine), Some(theirs)) = (term.labels.get_mut(index), other.labels.get(index))
        && let (Is::OneOf(mine), Is::OneOf(theirs)) = (&mut mine.is, &theirs.is)
    {
        mine.extend(
            theirs
                .iter()
                .filter(|v| !mine.contains(v))
                .cloned()
                .collect::<Vec<_>>(),
        );
        mine.sort_unstable();
    }
    true
}
