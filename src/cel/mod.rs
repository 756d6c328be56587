//! CEL expressions for the API server: whether it calls slicegate about a pod, and what it refuses by itself.

pub mod guard;
pub mod relevance;

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The lists of containers that the pod has; `containers` may be null.
pub(crate) const LISTS: &str = "[object.spec.?containers, object.spec.?initContainers, object.spec.?ephemeralContainers]\
    .filter(l, l.orValue(null) != null).map(l, l.value())";

/// The terms of a pod's required anti-affinity.
pub(crate) const TERMS: &str = "object.spec.?affinity.?podAntiAffinity.?requiredDuringSchedulingIgnoredDuringExecution\
    .orValue([])";

pub(crate) fn begins(text: &str, beginning: &str) -> String {
    format!("{text}.startsWith({})", quoted(beginning))
}

pub(crate) fn has(text: &str, part: &str) -> String {
    format!("{text}.contains({})", quoted(part))
}

fn spells(text: &str, beginning: &str) -> String {
    let shorter = format!("{}.startsWith({text})", quoted(beginning));
    format!("{text} != '' && ({} || {shorter})", begins(text, beginning))
}

/// Whether a text begins with one of these, in brackets. Names with the same beginning are grouped, because each
/// comparison costs.
pub(crate) fn begins_one<'n>(text: &str, beginnings: impl Iterator<Item = &'n str>) -> String {
    let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for beginning in beginnings {
        let head = beginning.get(..HEAD).unwrap_or(beginning);
        alike.entry(head).or_default().push(beginning);
    }
    let clause = |(head, all): (&str, Vec<&str>)| {
        let each: Vec<String> = all.iter().map(|b| begins(text, b)).collect();
        match each.as_slice() {
            [one] => one.clone(),
            _ => format!("{} && ({})", begins(text, head), each.join(" || ")),
        }
    };
    let clauses: Vec<String> = alike.into_iter().map(clause).collect();
    format!("({})", clauses.join("\n  || "))
}

/// So many first bytes tell most names apart.
const HEAD: usize = 3;

pub(crate) fn is_one_of<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(quoted).collect();
    format!("{text} in [{}]", names.join(", "))
}

/// A CEL string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => {
                let _ = write!(quoted, "\\{c}");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}
