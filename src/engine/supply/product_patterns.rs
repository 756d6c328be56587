//! How patterns of product names match: `*` stands for anything.

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
