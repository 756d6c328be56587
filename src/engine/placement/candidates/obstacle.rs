//! The obstacle that keeps a pod off a group of nodes: a selector with the present label, or a taint.

use std::borrow::Cow;

use crate::engine::line::PlacementQuery;
use crate::engine::node_terms;
use crate::engine::supply::filter::{holds, is_gpu_taint};
use crate::engine::supply::{Group, Taint};
use crate::engine::vocabulary::names::NODE_BOUNDARY;
use crate::engine::vocabulary::quoted;
use crate::facts::pod::Requirement;

const PRODUCT: &str = "nvidia.com/gpu.product";

/// The most values of one requirement that a message repeats.
const MOST_VALUES: usize = 3;

/// Why a pod cannot reach a node.
pub(super) enum Obstacle<'c> {
    /// A taint that the pod does not tolerate.
    Taint(&'c Taint),
    /// A label that the pod selects and that has another value on the node.
    Label {
        /// `nodeSelector` or `node affinity`.
        by: &'static str,
        /// The requirement, as `key=value` or `key in [a, b]`.
        requested: String,
        key: &'c str,
        /// A node of the kind, if it has a name.
        node: Option<&'c str>,
        /// Its present label.
        has: Option<&'c str>,
    },
    /// Its name is not the one that the pod selects.
    Name,
    /// Labels and taints allow the pod, but not on the same node.
    Together,
}

impl<'c> Obstacle<'c> {
    /// The obstacle between the pod of a query and a group that it cannot reach.
    pub(super) fn between(query: &'c PlacementQuery<'_, '_>, group: &'c Group) -> Self {
        let filter = query.filter;
        if filter.node_name.is_some() {
            return Self::Name;
        }
        let mut taints = group.taints.iter();
        if let Some(taint) = taints.find(|t| !is_gpu_taint(t) && !query.tolerates(t)) {
            return Self::Taint(taint);
        }
        let node_label = |key: &str| query.supply.label_in(group, key);
        let label = |by, key, requested| Self::Label {
            by,
            requested,
            key,
            node: query.supply.node_names(group).next(),
            has: node_label(key),
        };
        // A label key that no known node has is taken as present.
        let is_known = |key: &str| query.supply.has_label_key(key) || key == NODE_BOUNDARY;
        let mut selected = filter.selected().filter(|(key, _)| is_known(key));
        if let Some((key, value)) = selected.find(|(key, value)| node_label(key) != Some(*value)) {
            let requested = format!("{}={}", plain(key), plain(value));
            return label("nodeSelector", key, requested);
        }
        let terms = node_terms::filled(filter.terms.unwrap_or_default());
        let failing = terms.map(|(_, term)| {
            let all = term.match_expressions.iter().flatten();
            let failing = all.filter(|r| is_known(&r.key) && !holds(r, node_label(&r.key)));
            (failing.collect::<Vec<_>>(), term)
        });
        // The term that comes nearest to matching.
        let nearest = failing.min_by_key(|(failing, _)| failing.len());
        let Some((failing, term)) = nearest else {
            return Self::Together;
        };
        match failing.first() {
            Some(first) => label("node affinity", &first.key, requested(first)),
            None if term.match_fields.as_ref().is_some_and(|f| !f.is_empty()) => Self::Name,
            None => Self::Together,
        }
    }

    /// What the author can do about it, if nodes behind the obstacle have this product.
    pub(super) fn fix(&self, product: &str) -> String {
        match self {
            Self::Taint(taint) => format!("tolerate the taint {}", words_of(taint)),
            // Sharing and MIG change the label.
            Self::Label {
                key: PRODUCT,
                requested,
                ..
            } if requested.contains(product) => format!(
                "write slicegate.dev/gpu-products: {product} in place of the selector, which means it shared or whole"
            ),
            Self::Label { by, key, .. } => {
                let key = plain(key);
                format!("correct what the pod's {by} asks of {key}, or leave it out")
            }
            Self::Name => "let the scheduler pick the node".to_owned(),
            Self::Together => "widen the pod's node selectors".to_owned(),
        }
    }

    /// What the obstacle is.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Taint(taint) => {
                let taint = words_of(taint);
                format!("its nodes have the taint {taint}, which the pod does not tolerate")
            }
            Self::Label {
                by,
                requested,
                node,
                has,
                ..
            } => {
                let nodes = node.map_or("its nodes have".into(), |node| format!("node {node} has"));
                let has = has.map_or("no such label".into(), plain);
                format!("the pod's {by} asks for {requested}, {nodes} {has}")
            }
            Self::Name => "the pod asks for another node by its name".to_owned(),
            Self::Together => {
                "the pod's node selectors and affinity do not let it in together".to_owned()
            }
        }
    }
}

/// Whether the pod selects a product by the label of whole devices.
pub(super) fn selects(query: &PlacementQuery<'_, '_>, product: &str) -> bool {
    let mut selected = query.filter.selected();
    let terms = node_terms::filled(query.filter.terms.unwrap_or_default());
    let mut all = terms.flat_map(|(_, term)| term.match_expressions.iter().flatten());
    selected.any(|pair| pair == (PRODUCT, product))
        || all.any(|r| {
            let mut values = r.values.iter().flatten();
            *r.key == *PRODUCT && *r.operator == *"In" && values.any(|value| **value == *product)
        })
}

/// A key or value of a label: as it is if it is valid, otherwise in quotes.
fn plain(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 100;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    if !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(quoted(text))
    }
}

fn words_of(taint: &Taint) -> String {
    let equals = if taint.value.is_empty() { "" } else { "=" };
    format!("{}{equals}{}:{}", taint.key, taint.value, taint.effect)
}

fn requested(r: &Requirement<'_>) -> String {
    let key = plain(&r.key);
    let values = r.values.as_deref().unwrap_or_default();
    let first = values.iter().take(MOST_VALUES);
    let mut listed: Vec<Cow<'_, str>> = first.map(|value| plain(value)).collect();
    if values.len() > MOST_VALUES {
        listed.push(format!("{} more", values.len() - MOST_VALUES).into());
    }
    let listed = listed.join(", ");
    match &*r.operator {
        "In" => format!("{key} in [{listed}]"),
        "NotIn" => format!("{key} not in [{listed}]"),
        "Exists" => format!("the label {key}"),
        "DoesNotExist" => format!("no label {key}"),
        "Gt" => format!("{key} above {listed}"),
        "Lt" => format!("{key} below {listed}"),
        _ => format!("{key} by an operator that there is not"),
    }
}
