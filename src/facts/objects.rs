//! Metadata of objects that are not pods, and the objects that have little else: Namespaces and RuntimeClasses.

use serde::Deserialize;

use super::text::{Pairs, Text};

/// `metadata` of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct ObjectMeta<'a> {
    /// The object's name.
    pub name: Text<'a>,
    /// Its namespace, empty where it has none.
    pub namespace: Text<'a>,
    /// Its labels. Those of nodes come from GPU Feature Discovery, the operator and the provider.
    pub labels: Option<Pairs<'a>>,
    /// Its annotations. Those of namespaces are slicegate's, and those by which quotas select.
    pub annotations: Option<Pairs<'a>>,
}

/// A Namespace as `kubectl get namespaces -o json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct Namespace<'a> {
    /// Name, labels and annotations.
    pub metadata: ObjectMeta<'a>,
}

/// A RuntimeClass as `kubectl get runtimeclasses -o json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct RuntimeClass<'a> {
    /// Its name, which pods use.
    pub metadata: ObjectMeta<'a>,
    /// What a container runtime calls the runtime.
    pub handler: Text<'a>,
}
