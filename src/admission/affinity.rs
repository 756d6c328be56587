//! The affinity part of a patch: narrows node terms, appends pod terms, and keeps the user's own terms.

mod members;

use serde_json::value::RawValue;

use super::operations::PatchWriter;
use crate::engine::edits::SMALLEST_WEIGHT;
use crate::engine::line::Edit;
use crate::engine::node_terms::{Is, Narrowed, Term, filled};
use crate::engine::vocabulary::{Strategy, names};
use crate::facts::Pod;
use crate::facts::pod::{Affinity, NodeAffinity, NodeSelectorTerm, NodeTerm, PodAffinity};
use crate::json;
use crate::json::Raw;

use members::Members;

const NODE_AFFINITY: &str = "/spec/affinity/nodeAffinity";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Writes the operations for `/spec/affinity`.
///
/// # Errors
/// When a term of the user's that the patch repeats is not valid JSON.
pub(super) fn write(
    pod: &Pod<'_>,
    edits: &[Edit<'_>],
    patch: &mut PatchWriter,
) -> Result<(), serde_json::Error> {
    let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let ours = |e: &Edit<'_>| {
        matches!(
            e,
            Edit::Nodes(_) | Edit::Prefer(_) | Edit::Repel { .. } | Edit::Pack { .. }
        )
    };
    if affinity.is_none() && edits.iter().any(ours) {
        patch.add(&["/spec/affinity"]).push_str("{}");
        patch.end();
    }
    let mut narrows = false;
    for edit in edits {
        match edit {
            Edit::Nodes(narrowed) => {
                nodes(affinity, narrowed, patch)?;
                narrows = true;
            }
            Edit::Prefer(terms) => {
                let node_affinity = affinity.and_then(|a| a.node_affinity.as_ref());
                preferring(node_affinity, narrows, terms, patch);
            }
            _ => {}
        }
    }
    let pack = edits.iter().find_map(|e| match e {
        Edit::Pack { boundary, strategy } => Some((boundary, *strategy)),
        _ => None,
    });
    if let Some((boundary, strategy)) = pack {
        let preferred = affinity.and_then(|a| a.pod_affinity.as_ref());
        packing(preferred, boundary, strategy, patch);
    }
    repelling(
        affinity.and_then(|a| a.pod_anti_affinity.as_ref()),
        edits,
        patch,
    );
    Ok(())
}

fn nodes(
    affinity: Option<&Affinity<'_>>,
    narrowed: &[Narrowed<'_>],
    patch: &mut PatchWriter,
) -> Result<(), serde_json::Error> {
    let node_affinity = affinity.and_then(|a| a.node_affinity.as_ref());
    let required = node_affinity.and_then(|n| n.required.as_ref());
    let Some(user) = required.and_then(|r| r.node_selector_terms.as_deref()) else {
        if node_affinity.is_none() {
            patch.add(&[NODE_AFFINITY]).push_str("{}");
            patch.end();
        }
        // A requirement without terms gets some: `add` replaces the existing value.
        let text = patch.add(&[NODE_AFFINITY, "/", REQUIRED]);
        text.push_str("{\"nodeSelectorTerms\":");
        terms(text, &[], narrowed)?;
        text.push('}');
        patch.end();
        return Ok(());
    };
    let is_each_once = narrowed.windows(2).all(|pair| pair[0].of < pair[1].of);
    if is_each_once && narrowed.len() == filled(user).count() {
        for entry in narrowed {
            let Some(index) = entry.of else { continue };
            append(&entry.add, index, user.get(index).map(|t| &t.read), patch);
        }
        return Ok(());
    }
    let text = patch.replace(&[NODE_AFFINITY, "/", REQUIRED, "/nodeSelectorTerms"]);
    terms(text, user, narrowed)?;
    patch.end();
    Ok(())
}

/// Appends requirements to an existing term.
fn append(
    add: &Term<'_>,
    index: usize,
    term: Option<&NodeSelectorTerm<'_>>,
    patch: &mut PatchWriter,
) {
    let base = format!("{NODE_AFFINITY}/{REQUIRED}/nodeSelectorTerms/{index}");
    let has_expressions = term.is_some_and(|t| t.match_expressions.is_some());
    let has_fields = term.is_some_and(|t| t.match_fields.is_some());
    if !add.labels.is_empty() && !has_expressions {
        let text = patch.add(&[&base, "/matchExpressions"]);
        text.push('[');
        expressions(text, add, false);
        text.push(']');
        patch.end();
    } else {
        for need in &add.labels {
            let text = patch.add(&[&base, "/matchExpressions/-"]);
            expression(text, &need.key, &need.is);
            patch.end();
        }
    }
    if !add.not_nodes.is_empty() && !has_fields {
        let text = patch.add(&[&base, "/matchFields"]);
        text.push('[');
        fields(text, add, false);
        text.push(']');
        patch.end();
    } else {
        for node in &add.not_nodes {
            let text = patch.add(&[&base, "/matchFields/-"]);
            field(text, node);
            patch.end();
        }
    }
}

/// The user's terms, each joined with slicegate's requirements.
fn terms(
    text: &mut String,
    user: &[NodeTerm<'_>],
    narrowed: &[Narrowed<'_>],
) -> Result<(), serde_json::Error> {
    text.push('[');
    for (position, entry) in narrowed.iter().enumerate() {
        comma(text, position);
        let term = entry.of.and_then(|index| user.get(index));
        joined_term(text, term.map(|term| term.raw), &entry.add)?;
    }
    text.push(']');
    Ok(())
}

/// A term of the user's, with its unknown fields, joined with slicegate's requirements.
fn joined_term(
    text: &mut String,
    raw: Option<Raw<'_>>,
    add: &Term<'_>,
) -> Result<(), serde_json::Error> {
    let members: Members<'_> = match raw {
        // The patch has to be valid JSON, so the raw text is parsed in full.
        Some(raw) => serde_json::from_str(raw.get())?,
        None => Members::default(),
    };
    text.push('{');
    let mut position = 0;
    for (key, value) in &members.0 {
        if matches!(key.as_ref(), "matchExpressions" | "matchFields") {
            continue;
        }
        comma(text, position);
        position += 1;
        json::string(text, key);
        text.push(':');
        text.push_str(value.get());
    }
    list(
        text,
        "matchExpressions",
        &members.list("matchExpressions")?,
        &mut position,
        !add.labels.is_empty(),
        &mut |text, more| {
            expressions(text, add, more);
        },
    );
    list(
        text,
        "matchFields",
        &members.list("matchFields")?,
        &mut position,
        !add.not_nodes.is_empty(),
        &mut |text, more| {
            fields(text, add, more);
        },
    );
    text.push('}');
    Ok(())
}

fn list(
    text: &mut String,
    name: &str,
    own: &[&RawValue],
    position: &mut usize,
    adds: bool,
    ours: &mut dyn FnMut(&mut String, bool),
) {
    if own.is_empty() && !adds {
        return;
    }
    comma(text, *position);
    *position += 1;
    json::string(text, name);
    text.push_str(":[");
    for (index, value) in own.iter().enumerate() {
        comma(text, index);
        text.push_str(value.get());
    }
    ours(text, !own.is_empty());
    text.push(']');
}

fn expressions(text: &mut String, add: &Term<'_>, more: bool) {
    for (index, need) in add.labels.iter().enumerate() {
        comma(text, index + usize::from(more));
        expression(text, &need.key, &need.is);
    }
}

fn expression(text: &mut String, key: &str, is: &Is<'_>) {
    text.push_str("{\"key\":");
    json::string(text, key);
    match is {
        Is::There => text.push_str(",\"operator\":\"Exists\"}"),
        Is::Absent => text.push_str(",\"operator\":\"DoesNotExist\"}"),
        Is::Above(least) => {
            text.push_str(",\"operator\":\"Gt\",\"values\":[\"");
            json::number(text, *least);
            text.push_str("\"]}");
        }
        Is::OneOf(values) => {
            text.push_str(",\"operator\":\"In\",\"values\":[");
            for (index, value) in values.iter().enumerate() {
                comma(text, index);
                json::string(text, value);
            }
            text.push_str("]}");
        }
    }
}

fn fields(text: &mut String, add: &Term<'_>, more: bool) {
    for (index, node) in add.not_nodes.iter().enumerate() {
        comma(text, index + usize::from(more));
        field(text, node);
    }
}

fn field(text: &mut String, node: &str) {
    text.push_str("{\"key\":\"metadata.name\",\"operator\":\"NotIn\",\"values\":[");
    json::string(text, node);
    text.push_str("]}");
}

/// Preferred terms. `exists`: the required terms have already added the node affinity.
fn preferring(
    affinity: Option<&NodeAffinity<'_>>,
    exists: bool,
    terms: &[Term<'_>],
    patch: &mut PatchWriter,
) {
    let mut parent = exists || affinity.is_some();
    let mut has_list = affinity.is_some_and(|a| a.preferred.is_some());
    for term in terms {
        let (text, close) = open(patch, NODE_AFFINITY, parent, PREFERRED, has_list);
        (parent, has_list) = (true, true);
        text.push_str("{\"weight\":");
        json::number(text, u64::from(SMALLEST_WEIGHT));
        text.push_str(",\"preference\":{\"matchExpressions\":[");
        expressions(text, term, false);
        text.push_str("]}}");
        text.push_str(close);
        patch.end();
    }
}

fn packing(
    affinity: Option<&PodAffinity<'_>>,
    boundary: &str,
    strategy: Strategy,
    patch: &mut PatchWriter,
) {
    let base = "/spec/affinity/podAffinity";
    let exists = affinity.is_some_and(|a| a.preferred.is_some());
    let (text, close) = open(patch, base, affinity.is_some(), PREFERRED, exists);
    text.push_str("{\"weight\":100,\"podAffinityTerm\":{\"labelSelector\":{\"matchLabels\":{");
    json::string(text, names::TRUST_BOUNDARY);
    text.push(':');
    json::string(text, boundary);
    text.push(',');
    json::string(text, names::STRATEGY);
    text.push(':');
    json::string(text, strategy.word());
    text.push_str("}},");
    all_namespaces_by_hostname(text);
    text.push_str("}}");
    text.push_str(close);
    patch.end();
}

fn repelling(affinity: Option<&PodAffinity<'_>>, edits: &[Edit<'_>], patch: &mut PatchWriter) {
    let mut parent = affinity.is_some();
    let mut exists = affinity.is_some_and(|a| a.required.is_some());
    for edit in edits {
        let Edit::Repel { label, own } = edit else {
            continue;
        };
        let base = "/spec/affinity/podAntiAffinity";
        let (text, close) = open(patch, base, parent, REQUIRED, exists);
        (parent, exists) = (true, true);
        text.push_str("{\"labelSelector\":{\"matchExpressions\":[{\"key\":");
        json::string(text, label);
        text.push_str(",\"operator\":\"Exists\"},{\"key\":");
        json::string(text, label);
        text.push_str(",\"operator\":\"NotIn\",\"values\":[");
        json::string(text, own);
        text.push_str("]}]},");
        all_namespaces_by_hostname(text);
        text.push('}');
        text.push_str(close);
        patch.end();
    }
}

/// A term over all namespaces, by hostname.
fn all_namespaces_by_hostname(text: &mut String) {
    text.push_str("\"namespaceSelector\":{},\"topologyKey\":");
    json::string(text, names::HOSTNAME);
}

/// Begins an entry of a list below `base`, and adds missing parents.
fn open<'p>(
    patch: &'p mut PatchWriter,
    base: &str,
    parent: bool,
    field: &str,
    exists: bool,
) -> (&'p mut String, &'static str) {
    if exists {
        return (patch.add(&[base, "/", field, "/-"]), "");
    }
    if parent {
        let text = patch.add(&[base, "/", field]);
        text.push('[');
        return (text, "]");
    }
    let text = patch.add(&[base]);
    text.push('{');
    json::string(text, field);
    text.push_str(":[");
    (text, "]}")
}

fn comma(text: &mut String, position: usize) {
    if position > 0 {
        text.push(',');
    }
}
