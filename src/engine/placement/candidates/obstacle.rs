//! The obstacle that keeps a pod off a group of nodes: a selector with the present label, or a taint.

use std::borrow::Cow;

use crate::engine::line::PlacementQuery;
use crate::engine::node_terms;
use crate::engine::supply::Group;
use crate::engine::supply::filter::{holds, is_gpu_taint};
use crate::engine::vocabulary::names::NODE_BOUNDARY;
use crate::engine::vocabulary::{Text, quoted};
use crate::facts::pod::Requirement;

const PRODUCT: &str = "nvidia.com/gpu.product";

/// The most values of one requirement that a message repeats.
const MOST_VALUES: usize = 3;

/// What keeps the pod of a query off nodes of a product that it cannot reach, and what its author can do about it.
pub(super) fn between(query: &PlacementQuery<'_, '_>, group: &Group, product: &str) -> Text {
    let text = |words: &str, fix: &str| (words.to_owned(), fix.to_owned());
    let another_node = || {
        let words = "the pod asks for another node by its name";
        text(words, "let the scheduler pick the node")
    };
    let filter = query.filter;
    if filter.node_name.is_some() {
        return another_node();
    }
    let mut taints = group.taints.iter();
    if let Some(taint) = taints.find(|t| !is_gpu_taint(t) && !query.tolerates(t)) {
        let equals = if taint.value.is_empty() { "" } else { "=" };
        let taint = format!("{}{equals}{}:{}", taint.key, taint.value, taint.effect);
        return (
            format!("its nodes have the taint {taint}, which the pod does not tolerate"),
            format!("tolerate the taint {taint}"),
        );
    }
    let node_label = |key: &str| query.supply.label_in(group, key);
    let label = |by: &str, key: &str, requested: String| {
        let node = query.supply.node_names(group).next();
        let nodes = node.map_or("its nodes have".into(), |node| format!("node {node} has"));
        let has = node_label(key).map_or("no such label".into(), plain);
        let fix = if key == PRODUCT && requested.contains(product) {
            // Sharing and MIG change the label.
            format!(
                "write slicegate.dev/gpu-products: {product} in place of the selector, which means it shared or whole"
            )
        } else {
            let key = plain(key);
            format!("correct what the pod's {by} asks of {key}, or leave it out")
        };
        (
            format!("the pod's {by} asks for {requested}, {nodes} {has}"),
            fix,
        )
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
    if let Some((failing, term)) = failing.min_by_key(|(failing, _)| failing.len()) {
        if let Some(first) = failing.first() {
            return label("node affinity", &first.key, requested(first));
        }
        if term.match_fields.as_ref().is_some_and(|f| !f.is_empty()) {
            return another_node();
        }
    }
    let words = "the pod's node selectors and affinity do not let it in together";
    text(words, "widen the pod's node selectors")
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

fn requested(r: &Requirement<'_>) -> String {
    let key = plain(&r.key);
    let values = r.values.as_deref().unwrap_or_default();
    let more = values.len().saturating_sub(MOST_VALUES);
    let more = (more > 0).then(|| format!("{more} more").into());
    let listed = values.iter().take(MOST_VALUES).map(|value| plain(value));
    let listed: Vec<Cow<'_, str>> = listed.chain(more).collect();
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
