//! What one namespace declares.

use crate::engine::namespaces::quota::QuotaView;
use crate::engine::vocabulary::names;
use crate::facts::Namespace;

/// slicegate's annotations of one namespace, not validated, and its quotas on GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceView {
    /// `slicegate.dev/mode` as written.
    pub mode: Option<String>,
    /// `slicegate.dev/tier`, none when empty.
    pub tier: Option<String>,
    /// `slicegate.dev/allowed-tiers` as a list.
    pub allowed_tiers: Option<Vec<String>>,
    /// `slicegate.dev/trust-boundary`, none when empty.
    pub trust_boundary: Option<String>,
    /// `slicegate.dev/boundary-members` as a list.
    pub boundary_members: Vec<String>,
    /// Its ResourceQuotas, as far as they count GPUs.
    pub quotas: Vec<QuotaView>,
}

impl NamespaceView {
    /// Reads the annotations of a Namespace object.
    pub fn of(namespace: &Namespace<'_>) -> Self {
        let annotations = namespace.metadata.annotations.as_ref();
        let get = |key| annotations.and_then(|a| a.get(key)).map(str::to_owned);
        let filled = |key| get(key).filter(|v: &String| !v.is_empty());
        let list = |text: String| -> Vec<String> {
            let entries = text.split(',').map(str::trim).filter(|e| !e.is_empty());
            entries.map(str::to_owned).collect()
        };
        Self {
            mode: get(names::MODE),
            tier: filled(names::TIER),
            allowed_tiers: get(names::ALLOWED_TIERS).map(list),
            trust_boundary: filled(names::TRUST_BOUNDARY),
            boundary_members: get(names::BOUNDARY_MEMBERS).map(list).unwrap_or_default(),
            quotas: Vec::new(),
        }
    }
}
