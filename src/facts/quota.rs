//! The parts of a ResourceQuota that say which resources it counts, and for which pods.

use serde::Deserialize;

use super::text::{Pairs, Text};
use crate::json::Raw;

/// A ResourceQuota as `kubectl get resourcequotas -A -o json` prints it.
#[derive(Debug, Default, Deserialize)]
pub struct ResourceQuota<'a> {
    /// Whose it is.
    #[serde(borrow, default)]
    pub metadata: QuotaMetadata<'a>,
    /// What is counted.
    #[serde(borrow, default)]
    pub spec: QuotaSpec<'a>,
}

/// `metadata` of a quota.
#[derive(Debug, Default, Deserialize)]
pub struct QuotaMetadata<'a> {
    /// What it is called.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// Whose quota it is.
    #[serde(borrow, default)]
    pub namespace: Text<'a>,
}

/// `spec` of a quota.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaSpec<'a> {
    /// By what is counted, how much there may be of it.
    #[serde(borrow, default)]
    pub hard: Option<Pairs<'a>>,
    /// Only pods of all of these count.
    #[serde(borrow, default)]
    pub scopes: Option<Vec<Text<'a>>>,
    /// The newer form of scopes.
    #[serde(borrow, default)]
    pub scope_selector: Option<ScopeSelector<'a>>,
}

/// `scopeSelector` of a quota.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeSelector<'a> {
    /// All must match; kept as text, which is enough to tell one from another.
    #[serde(borrow, default)]
    pub match_expressions: Option<Vec<Raw<'a>>>,
}
