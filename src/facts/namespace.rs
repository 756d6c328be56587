//! The fields of a Namespace that hold its administrator's settings.

use serde::Deserialize;

use super::metadata::ObjectMeta;

/// A Namespace as `kubectl get namespaces -o json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct Namespace<'a> {
    /// Name, labels and annotations.
    pub metadata: ObjectMeta<'a>,
}
