//! `reserved-selector`: refuses required anti-affinity by slicegate's labels that slicegate did not write.

use crate::engine::line::is_own_term;
use crate::engine::vocabulary::{Findings, Rule, names, quoted};
use crate::facts::Pod;
use crate::facts::affinity::PodAffinityTerm;
use crate::json::Raw;

/// The rule.
pub static RULE: Rule = Rule::denies("reserved-selector", include_str!("reserved_selector.md"));

/// Looks for terms that name a key of slicegate's. `own` are the labels whose terms slicegate gives this pod,
/// with the value that the term spares.
pub fn check(pod: &Pod<'_>, own: &[(&str, &str)], findings: &mut Findings<'_>) {
    let mut named = foreign(pod, own);
    let Some((index, key)) = named.next() else {
        return;
    };
    // One finding for all of them: a pod can have a hundred thousand.
    let more = match named.count() {
        0 => String::new(),
        1 => ", and one more term does".to_owned(),
        more => format!(", and {more} more terms do"),
    };
    let message = format!(
        "the required anti-affinity selects by {}, a key of slicegate's{more}: it would close nodes for others",
        quoted(&key)
    );
    let fix = "remove the term, or select by labels of your own; slicegate writes the terms that \
        keep boundaries apart";
    let path = format!(
        "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/{index}"
    );
    findings.add(&RULE, path, (message, fix));
}

/// Whether a pod has a term that [`check`] finds.
pub fn is_found(pod: &Pod<'_>, own: &[(&str, &str)]) -> bool {
    foreign(pod, own).next().is_some()
}

/// The terms that name a key of slicegate's and that slicegate does not give this pod: each with its index and the key.
fn foreign<'p>(
    pod: &'p Pod<'_>,
    own: &'p [(&'p str, &'p str)],
) -> impl Iterator<Item = (usize, String)> + 'p {
    let terms = pod.required_anti_affinity().iter().enumerate();
    terms.filter_map(|(index, term)| {
        let key = named_key(*term)?;
        let mut own = own.iter();
        let is_own = own.any(|(label, value)| is_own_term(*term, label, value));
        (!is_own).then_some((index, key))
    })
}

/// The first key of slicegate's that a term names. A text that cannot be read as a term and contains slicegate's domain
/// counts as one.
fn named_key(term: Raw<'_>) -> Option<String> {
    let text = term.get();
    let has_prefix = text.contains(names::PREFIX);
    // A key may be written with escapes.
    if !has_prefix && !text.contains('\\') {
        return None;
    }
    let Some(term) = PodAffinityTerm::read(term) else {
        return has_prefix.then(|| names::PREFIX.to_owned());
    };
    let mut keys = term.selected_keys();
    keys.find(|key| names::is_own_key(key)).map(str::to_owned)
}
