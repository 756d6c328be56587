//! The fields of a RuntimeClass that name the handler of a node's container runtime.

use serde::Deserialize;

use super::metadata::ObjectMeta;
use super::text::Text;

/// A RuntimeClass as `kubectl get runtimeclasses -o json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct RuntimeClass<'a> {
    /// Its name, which pods use.
    pub metadata: ObjectMeta<'a>,
    /// What a container runtime calls the runtime.
    pub handler: Text<'a>,
}
