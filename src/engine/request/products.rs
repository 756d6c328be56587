//! The list of products that a pod accepts.

use crate::engine::rules::ask_invalid;
use crate::engine::vocabulary::names::annotation_pointer;
use crate::engine::vocabulary::{Findings, names};
use crate::facts::Pod;

/// The product patterns of a pod; empty if it accepts every product.
pub(super) fn products<'p>(pod: &'p Pod<'p>, findings: &mut Findings<'_>) -> Vec<&'p str> {
    let Some(list) = pod.annotation(names::GPU_PRODUCTS) else {
        return Vec::new();
    };
    let patterns = list.split(',').map(str::trim).filter(|p| !p.is_empty());
    let patterns: Vec<&str> = patterns.collect();
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_. *".contains(&b);
    if patterns.is_empty() || !patterns.iter().all(|p| p.bytes().all(is_allowed)) {
        let path = annotation_pointer(names::GPU_PRODUCTS);
        findings.add(
            &ask_invalid::RULE,
            path,
            ask_invalid::value(list, ask_invalid::PRODUCTS),
        );
    }
    patterns
}
