//! Reads labels of nodes, or labels that terms require of nodes.

use std::collections::BTreeMap;

/// Looks a label up.
pub trait Labels {
    /// The value of a label.
    fn label(&self, key: &str) -> Option<&str>;

    /// Whether a label has a value other than `0`, even an impossible one.
    fn says_something(&self, key: &str) -> bool {
        self.label(key).is_some_and(|value| value != "0")
    }

    /// The smallest value that a numeric label may have. Only for amounts of which more is never worse.
    fn at_least(&self, key: &str) -> Option<u64> {
        self.label(key)?.parse().ok()
    }
}

impl Labels for BTreeMap<String, String> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

/// A label that is a plain number.
pub fn number(labels: &dyn Labels, key: &str) -> Option<u64> {
    labels.label(key)?.parse().ok()
}
