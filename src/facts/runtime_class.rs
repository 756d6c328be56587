//! The fields of a RuntimeClass that name the handler of a node's container runtime.

use serde::Deserialize;

use super::text::Text;

/// A RuntimeClass as `kubectl get runtimeclasses -o json` prints it.
#[derive(Debug, Default, Deserialize)]
pub struct RuntimeClass<'a> {
    /// Its name.
    #[serde(borrow, default)]
    pub metadata: RuntimeClassMetadata<'a>,
    /// What a container runtime calls the runtime.
    #[serde(borrow, default)]
    pub handler: Text<'a>,
}

/// `metadata` of a RuntimeClass.
#[derive(Debug, Default, Deserialize)]
pub struct RuntimeClassMetadata<'a> {
    /// What pods name.
    #[serde(borrow, default)]
    pub name: Text<'a>,
}
