//! The metadata of objects that are not pods.

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
