//! Looks up labels of nodes, or of what terms promise of nodes.

/// Looks a label up.
pub trait Labels {
    /// The value of a label.
    fn label(&self, key: &str) -> Option<&str>;

    /// Whether a label says something, be it what cannot be.
    fn says_something(&self, key: &str) -> bool {
        self.label(key).is_some_and(|value| value != "0")
    }

    /// The least that a label may be which is a plain number. Only for what is never worse by being more.
    fn at_least(&self, key: &str) -> Option<u64> {
        self.label(key)?.parse().ok()
    }
}

/// A label that is a plain number.
pub fn number(labels: &dyn Labels, key: &str) -> Option<u64> {
    labels.label(key)?.parse().ok()
}
