//! The list of products a pod accepts, and how its patterns match.

use super::pointer;
use crate::engine::findings::Findings;
use crate::engine::rules::ask_invalid;
use crate::engine::words;
use crate::facts::Pod;

/// The product patterns a pod asks for, none where it does not care.
pub(super) fn products<'p>(pod: &'p Pod<'p>, findings: &mut Findings<'_>) -> Vec<&'p str> {
    let Some(list) = pod.annotation(words::GPU_PRODUCTS) else {
        return Vec::new();
    };
    let patterns: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_. *".contains(&b);
    if patterns.is_empty() || !patterns.iter().all(|p| p.bytes().all(allowed)) {
        let path = format!("/metadata/annotations/{}", pointer(words::GPU_PRODUCTS));
        findings.add(&ask_invalid::RULE, path, ask_invalid::products(list));
    }
    patterns
}

/// Whether a product's name matches one of the patterns; no pattern matches everything.
pub fn product_matches(patterns: &[&str], product: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|p| wildcard(p, product))
}

fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(tail)
}
