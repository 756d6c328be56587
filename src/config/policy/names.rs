//! Names as the API server checks them, because a bad one would have every rewritten pod refused.

use crate::engine::vocabulary::names::is_dns_label;

use super::field::Field;
use super::problem::shown;

/// What [`is_dns_label`] takes, with [`LONGEST_LABEL`].
pub(super) const DNS_LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// The characters of a DNS label.
pub(super) const LONGEST_LABEL: usize = 63;
/// What [`is_name`] takes, with [`LONGEST_LABEL`].
pub(super) const NAME: &str = "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";
/// A name, or nothing.
pub(super) const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
/// What [`is_qualified_name`] takes and a little more, since a pattern cannot count the parts of a prefix.
pub(super) const KEY: &str =
    "^([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";
/// The same, or nothing.
pub(super) const KEY_OR_NOTHING: &str =
    "^(([a-z0-9]([-.a-z0-9]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
/// The characters of a prefix, a slash and a name.
pub(super) const LONGEST_KEY: usize = 253 + 1 + LONGEST_LABEL;

impl Field<'_> {
    /// The name of a cluster-wide object: DNS labels joined by dots, at most 253 characters.
    pub fn object_name(&self) -> Option<String> {
        let text = self.string()?;
        if !is_subdomain(text) {
            let rule = "a-z, 0-9, - and ., with a letter or digit first and last, at most 253";
            self.problem(format!("{} is no object name; use {rule}", shown(text)));
            return None;
        }
        Some(text.to_owned())
    }

    /// A name of letters, digits, `-`, `_` and `.`, as a label's value could be.
    pub fn name(&self) -> Option<String> {
        let name = self.filled()?;
        self.check_label_value(&name).then_some(name)
    }

    /// The key of a label or taint.
    pub fn key(&self) -> Option<String> {
        let text = self.string()?;
        self.check_key(text).then(|| text.to_owned())
    }

    /// Whether `key`, which stands at this field, can be the key of a label, taint or resource.
    pub fn check_key(&self, key: &str) -> bool {
        let good = is_qualified_name(key);
        if !good {
            let rule =
                "an optional DNS name with a slash, then at most 63 letters, digits, -, _ and .";
            self.problem(format!("{} is no key; use {rule}", shown(key)));
        }
        good
    }

    /// The value of a label or taint; may be empty.
    pub fn label_value(&self) -> Option<String> {
        let text = self.string()?;
        self.check_label_value(text).then(|| text.to_owned())
    }

    fn check_label_value(&self, text: &str) -> bool {
        let good = text.is_empty() || is_name(text);
        if !good {
            let rule =
                "at most 63 letters, digits, -, _ and ., with a letter or digit first and last";
            self.problem(format!(
                "{} has other characters or is too long; use {rule}",
                shown(text)
            ));
        }
        good
    }
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| inner(*b))
}
