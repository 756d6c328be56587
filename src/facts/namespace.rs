//! The fields of a Namespace that hold its administrator's settings.

use serde::Deserialize;

use super::text::{Pairs, Text};

/// A Namespace as `kubectl get namespaces -o json` prints it.
#[derive(Debug, Default, Deserialize)]
pub struct Namespace<'a> {
    /// Name, labels and annotations.
    #[serde(borrow, default)]
    pub metadata: NamespaceMetadata<'a>,
}

/// `metadata` of a namespace.
#[derive(Debug, Default, Deserialize)]
pub struct NamespaceMetadata<'a> {
    /// The namespace's name.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// Quotas over several namespaces select by them.
    #[serde(borrow, default)]
    pub labels: Option<Pairs<'a>>,
    /// slicegate's keys, and those that such quotas select by.
    #[serde(borrow, default)]
    pub annotations: Option<Pairs<'a>>,
}
