//! Parts of CEL expressions that the webhooks' match conditions and the guard share.

use std::collections::BTreeMap;

/// The lists of containers that the pod has; `containers` may be null.
pub(crate) const LISTS: &str = "[object.spec.?containers, object.spec.?initContainers, object.spec.?ephemeralContainers]\
    .filter(l, l.orValue(null) != null).map(l, l.value())";

pub(crate) const TERMS: &str = "object.spec.?affinity.?podAntiAffinity.?requiredDuringSchedulingIgnoredDuringExecution\
    .orValue([])";

pub(crate) const NODE_TERMS: &str = "object.spec.?affinity.?nodeAffinity.?requiredDuringSchedulingIgnoredDuringExecution\
    .?nodeSelectorTerms.orValue([])";

pub(crate) fn join(parts: impl IntoIterator<Item = String>, between: &str) -> String {
    let parts: Vec<String> = parts.into_iter().collect();
    parts.join(between)
}

pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

pub(crate) fn begins(text: &str, beginning: &str) -> String {
    format!("{text}.startsWith({})", quoted(beginning))
}

pub(crate) fn has(text: &str, part: &str) -> String {
    format!("{text}.contains({})", quoted(part))
}

/// Whether a text is one of these.
pub(crate) fn one_of<N: AsRef<str>>(text: &str, names: impl IntoIterator<Item = N>) -> String {
    let names = names.into_iter().map(|name| quoted(name.as_ref()));
    format!("{text} in [{}]", join(names, ", "))
}

/// Whether a text begins with one of these, in brackets.
pub(crate) fn begins_with(text: &str, beginnings: &[&str]) -> String {
    let all = beginnings.iter().map(|beginning| begins(text, beginning));
    format!("({})", join(all, " || "))
}

/// The same for many beginnings: those that are alike are grouped, because each comparison costs.
pub(crate) fn begins_one<N: AsRef<str>>(
    text: &str,
    beginnings: impl IntoIterator<Item = N>,
) -> String {
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for beginning in beginnings {
        let beginning = beginning.as_ref();
        // So many first bytes tell most names apart.
        let head = beginning.get(..3).unwrap_or(beginning);
        let clauses = alike.entry(head.to_owned()).or_default();
        clauses.push(begins(text, beginning));
    }
    let clauses = alike.into_iter().map(|(head, all)| match all.as_slice() {
        [one] => one.clone(),
        all => format!("{} && ({})", begins(text, &head), all.join(" || ")),
    });
    format!("({})", join(clauses, "\n  || "))
}
