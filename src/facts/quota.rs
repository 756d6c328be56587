//! The parts of a ResourceQuota, or of OpenShift's ClusterResourceQuota, that say which resources it counts, and for
//! which pods.

use serde::Deserialize;

use super::affinity::LabelSelector;
use super::pod::Requirement;
use super::text::{Pairs, Text};

/// A ResourceQuota as `kubectl get resourcequotas -A -o json` prints it.
#[derive(Debug, Default, Deserialize)]
pub struct ResourceQuota<'a> {
    /// Name and namespace.
    #[serde(borrow, default)]
    pub metadata: QuotaMetadata<'a>,
    /// What is counted.
    #[serde(borrow, default)]
    pub spec: QuotaSpec<'a>,
}

/// `metadata` of a quota.
#[derive(Debug, Default, Deserialize)]
pub struct QuotaMetadata<'a> {
    /// Its name.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// Its namespace.
    #[serde(borrow, default)]
    pub namespace: Text<'a>,
}

/// `spec` of a quota.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaSpec<'a> {
    /// The largest amount of each counted resource.
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
    /// All must match.
    #[serde(borrow, default)]
    pub match_expressions: Option<Vec<ScopeRequirement<'a>>>,
}

/// One of them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeRequirement<'a> {
    /// `Terminating`, `PriorityClass`, ...
    #[serde(borrow, default)]
    pub scope_name: Text<'a>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`; all but `PriorityClass` are only asked for with `Exists`.
    #[serde(borrow, default)]
    pub operator: Text<'a>,
    /// Names of priority classes.
    #[serde(borrow, default)]
    pub values: Option<Vec<Text<'a>>>,
}

impl<'a> ScopeRequirement<'a> {
    /// The same as a requirement on a label.
    pub fn as_requirement(&self) -> Requirement<'a> {
        Requirement {
            key: self.scope_name.clone(),
            operator: self.operator.clone(),
            values: self.values.clone(),
        }
    }
}

/// A ClusterResourceQuota (`quota.openshift.io/v1`): one quota over all namespaces that it selects.
#[derive(Debug, Default, Deserialize)]
pub struct ClusterResourceQuota<'a> {
    /// Its name.
    #[serde(borrow, default)]
    pub metadata: QuotaMetadata<'a>,
    /// What is counted, and where.
    #[serde(borrow, default)]
    pub spec: ClusterQuotaSpec<'a>,
}

/// `spec` of a ClusterResourceQuota.
#[derive(Debug, Default, Deserialize)]
pub struct ClusterQuotaSpec<'a> {
    /// Whose pods count.
    #[serde(borrow, default)]
    pub selector: ProjectSelector<'a>,
    /// As in a ResourceQuota.
    #[serde(borrow, default)]
    pub quota: QuotaSpec<'a>,
}

/// Which namespaces: those that match both parts, where both are there.
#[derive(Debug, Default, Deserialize)]
pub struct ProjectSelector<'a> {
    /// By their labels.
    #[serde(borrow, default)]
    pub labels: Option<LabelSelector<'a>>,
    /// By annotations with these values.
    #[serde(borrow, default)]
    pub annotations: Option<Pairs<'a>>,
}
