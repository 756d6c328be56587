//! The affinity part of a patch: narrows node terms, appends pod terms, and keeps the user's own terms.

mod members;

use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::operations::{PatchWriter, array, comma, name, object};
use crate::engine::edits::SMALLEST_WEIGHT;
use crate::engine::line::Edit;
use crate::engine::node_terms::{LabelCondition, LabelRequirement, NarrowedTerm, Term, filled};
use crate::engine::vocabulary::names;
use crate::facts::Pod;
use crate::facts::pod::{Affinity, NodeAffinity, NodeSelectorTerm, NodeTerm};
use crate::json;

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
        patch.add(&["/spec/affinity"], |text| text.push_str("{}"));
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
                prefer(node_affinity, narrows, terms, patch);
            }
            _ => {}
        }
    }
    pack(affinity, edits, patch);
    repel(affinity, edits, patch);
    Ok(())
}

fn nodes(
    affinity: Option<&Affinity<'_>>,
    narrowed: &[NarrowedTerm<'_>],
    patch: &mut PatchWriter,
) -> Result<(), serde_json::Error> {
    let node_affinity = affinity.and_then(|a| a.node_affinity.as_ref());
    let required = node_affinity.and_then(|n| n.required.as_ref());
    let Some(user) = required.and_then(|r| r.node_selector_terms.as_deref()) else {
        if node_affinity.is_none() {
            patch.add(&[NODE_AFFINITY], |text| text.push_str("{}"));
        }
        // A requirement without terms gets some: `add` replaces the existing value.
        patch.add(&[NODE_AFFINITY, "/", REQUIRED], |text| {
            text.push_str("{\"nodeSelectorTerms\":");
            array(text, narrowed.iter(), |text, entry| {
                joined_term(text, &JoinedTerm::added(&entry.add));
            });
            text.push('}');
        });
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
    let terms = joined(user, narrowed)?;
    let path = &[NODE_AFFINITY, "/", REQUIRED, "/nodeSelectorTerms"];
    patch.replace(path, |text| array(text, terms.iter(), joined_term));
    Ok(())
}

fn append(
    add: &Term<'_>,
    index: usize,
    term: Option<&NodeSelectorTerm<'_>>,
    patch: &mut PatchWriter,
) {
    let base = format!("{NODE_AFFINITY}/{REQUIRED}/nodeSelectorTerms/{index}");
    let exists = term.is_some_and(|t| t.match_expressions.is_some());
    let list = &[&base, "/matchExpressions"];
    append_all(patch, list, exists, &add.labels, expression);
    let exists = term.is_some_and(|t| t.match_fields.is_some());
    let list = &[&base, "/matchFields"];
    append_all(patch, list, exists, &add.not_nodes, field);
}

/// Appends requirements to a list. A list that is missing is added with all of them.
fn append_all<T>(
    patch: &mut PatchWriter,
    list: &[&str],
    exists: bool,
    requirements: &[T],
    write: fn(&mut String, &T),
) {
    if exists {
        for requirement in requirements {
            patch.add_key(list, "-", |text| write(text, requirement));
        }
    } else if !requirements.is_empty() {
        patch.add(list, |text| array(text, requirements.iter(), write));
    }
}

/// A term of the user's, with its unknown fields, joined with slicegate's requirements.
struct JoinedTerm<'a> {
    members: Members<'a>,
    expressions: Vec<&'a RawValue>,
    fields: Vec<&'a RawValue>,
    add: &'a Term<'a>,
}

impl<'a> JoinedTerm<'a> {
    fn added(add: &'a Term<'_>) -> Self {
        Self {
            members: Members::default(),
            expressions: Vec::new(),
            fields: Vec::new(),
            add,
        }
    }
}

/// The user's terms, each joined with slicegate's requirements.
fn joined<'a>(
    user: &'a [NodeTerm<'_>],
    narrowed: &'a [NarrowedTerm<'_>],
) -> Result<Vec<JoinedTerm<'a>>, serde_json::Error> {
    let join = |entry: &'a NarrowedTerm<'_>| {
        let Some(term) = entry.of.and_then(|index| user.get(index)) else {
            return Ok(JoinedTerm::added(&entry.add));
        };
        // The patch has to be valid JSON, so the raw text is parsed in full.
        let members: Members<'_> = serde_json::from_str(term.raw.get())?;
        Ok(JoinedTerm {
            expressions: members.list("matchExpressions")?,
            fields: members.list("matchFields")?,
            members,
            add: &entry.add,
        })
    };
    narrowed.iter().map(join).collect()
}

fn joined_term(text: &mut String, term: &JoinedTerm<'_>) {
    text.push('{');
    for (key, value) in &term.members.0 {
        if !matches!(key.as_ref(), "matchExpressions" | "matchFields") {
            name(text, key);
            text.push_str(value.get());
        }
    }
    let JoinedTerm {
        expressions,
        fields,
        add,
        ..
    } = term;
    joined_list(
        text,
        "matchExpressions",
        expressions,
        &add.labels,
        expression,
    );
    joined_list(text, "matchFields", fields, &add.not_nodes, field);
    text.push('}');
}

fn joined_list<T>(
    text: &mut String,
    key: &str,
    own: &[&RawValue],
    added: &[T],
    write: fn(&mut String, &T),
) {
    if own.is_empty() && added.is_empty() {
        return;
    }
    name(text, key);
    text.push('[');
    for value in own {
        comma(text);
        text.push_str(value.get());
    }
    for requirement in added {
        comma(text);
        write(text, requirement);
    }
    text.push(']');
}

fn expression(text: &mut String, LabelRequirement { key, condition }: &LabelRequirement<'_>) {
    text.push_str("{\"key\":");
    json::string(text, key);
    match condition {
        LabelCondition::There => text.push_str(",\"operator\":\"Exists\""),
        LabelCondition::Absent => text.push_str(",\"operator\":\"DoesNotExist\""),
        LabelCondition::Above(least) => {
            let _ = write!(text, ",\"operator\":\"Gt\",\"values\":[\"{least}\"]");
        }
        LabelCondition::OneOf(values) => {
            text.push_str(",\"operator\":\"In\",\"values\":");
            array(text, values.iter(), |text, value| json::string(text, value));
        }
    }
    text.push('}');
}

fn field(text: &mut String, node: &&str) {
    text.push_str("{\"key\":\"metadata.name\",\"operator\":\"NotIn\",\"values\":[");
    json::string(text, node);
    text.push_str("]}");
}

/// Preferred terms. `exists`: the required terms have already added the node affinity.
fn prefer(
    affinity: Option<&NodeAffinity<'_>>,
    exists: bool,
    terms: &[Term<'_>],
    patch: &mut PatchWriter,
) {
    let has_list = affinity.is_some_and(|a| a.preferred.is_some());
    let mut parents = [exists || affinity.is_some(), has_list];
    for term in terms {
        append_term(patch, NODE_AFFINITY, PREFERRED, &mut parents, |text| {
            let _ = write!(
                text,
                "{{\"weight\":{SMALLEST_WEIGHT},\"preference\":{{\"matchExpressions\":"
            );
            array(text, term.labels.iter(), expression);
            text.push_str("}}");
        });
    }
}

fn pack(affinity: Option<&Affinity<'_>>, edits: &[Edit<'_>], patch: &mut PatchWriter) {
    let pack = edits.iter().find_map(|e| match e {
        Edit::Pack { boundary, strategy } => Some((boundary, strategy.word())),
        _ => None,
    });
    let Some((boundary, strategy)) = pack else {
        return;
    };
    let affinity = affinity.and_then(|a| a.pod_affinity.as_ref());
    let has_list = affinity.is_some_and(|a| a.preferred.is_some());
    let mut parents = [affinity.is_some(), has_list];
    let base = "/spec/affinity/podAffinity";
    append_term(patch, base, PREFERRED, &mut parents, |text| {
        text.push_str("{\"weight\":100,\"podAffinityTerm\":{\"labelSelector\":{\"matchLabels\":");
        let labels = [
            (names::TRUST_BOUNDARY, boundary.as_ref()),
            (names::STRATEGY, strategy),
        ];
        object(text, labels.into_iter());
        text.push_str("},");
        all_namespaces_by_hostname(text);
        text.push_str("}}");
    });
}

fn repel(affinity: Option<&Affinity<'_>>, edits: &[Edit<'_>], patch: &mut PatchWriter) {
    let affinity = affinity.and_then(|a| a.pod_anti_affinity.as_ref());
    let has_list = affinity.is_some_and(|a| a.required.is_some());
    let mut parents = [affinity.is_some(), has_list];
    for edit in edits {
        let Edit::Repel { label, own } = edit else {
            continue;
        };
        let base = "/spec/affinity/podAntiAffinity";
        append_term(patch, base, REQUIRED, &mut parents, |text| {
            text.push_str("{\"labelSelector\":{\"matchExpressions\":[{\"key\":");
            json::string(text, label);
            text.push_str(",\"operator\":\"Exists\"},{\"key\":");
            json::string(text, label);
            text.push_str(",\"operator\":\"NotIn\",\"values\":[");
            json::string(text, own);
            text.push_str("]}]},");
            all_namespaces_by_hostname(text);
            text.push('}');
        });
    }
}

/// A term over all namespaces, by hostname.
fn all_namespaces_by_hostname(text: &mut String) {
    text.push_str("\"namespaceSelector\":{},\"topologyKey\":");
    json::string(text, names::HOSTNAME);
}

/// Appends a term to a list below `base`. `parents`: whether `base` and its list exist; they do afterwards.
fn append_term(
    patch: &mut PatchWriter,
    base: &str,
    list: &str,
    parents: &mut [bool; 2],
    term: impl FnOnce(&mut String),
) {
    let [has_base, has_list] = parents;
    if std::mem::replace(has_base, true) {
        patch.append(&[base, "/", list], has_list, term);
        return;
    }
    *has_list = true;
    patch.add(&[base], |text| {
        text.push('{');
        name(text, list);
        array(text, [term].into_iter(), |text, term| term(text));
        text.push('}');
    });
}
