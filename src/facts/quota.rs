//! The fields of a ResourceQuota, or of OpenShift's ClusterResourceQuota: which resources it counts, for which pods.

use serde::Deserialize;

use super::affinity::LabelSelector;
use super::objects::ObjectMeta;
use super::text::{Pairs, Text};

/// A ResourceQuota as `kubectl get resourcequotas -A -o json` prints it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct ResourceQuota<'a> {
    /// Name and namespace.
    pub metadata: ObjectMeta<'a>,
    /// What is counted.
    pub spec: QuotaSpec<'a>,
}

/// `spec` of a quota.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct QuotaSpec<'a> {
    /// The largest amount of each counted resource.
    pub hard: Option<Pairs<'a>>,
    /// Only pods of all of these count.
    pub scopes: Option<Vec<Text<'a>>>,
    /// The newer form of scopes.
    pub scope_selector: Option<ScopeSelector<'a>>,
}

/// `scopeSelector` of a quota.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct ScopeSelector<'a> {
    /// All must match.
    pub match_expressions: Option<Vec<ScopeRequirement<'a>>>,
}

/// One of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, bound = "'de: 'a")]
pub struct ScopeRequirement<'a> {
    /// `Terminating`, `PriorityClass`, ...
    pub scope_name: Text<'a>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`; all but `PriorityClass` are only asked for with `Exists`.
    pub operator: Text<'a>,
    /// Names of priority classes.
    pub values: Option<Vec<Text<'a>>>,
}

/// A ClusterResourceQuota (`quota.openshift.io/v1`): one quota over all namespaces that it selects.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct ClusterResourceQuota<'a> {
    /// Its name.
    pub metadata: ObjectMeta<'a>,
    /// What is counted, and where.
    pub spec: ClusterQuotaSpec<'a>,
}

/// `spec` of a ClusterResourceQuota.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound = "'de: 'a")]
pub struct ClusterQuotaSpec<'a> {
    /// Whose pods count.
    pub selector: ProjectSelector<'a>,
    /// As in a ResourceQuota.
    pub quota: QuotaSpec<'a>,
}

/// Which namespaces: those that match both parts, where both are there.
#[derive(Debug, Default, Deserialize)]
#[serde(bound = "'de: 'a")]
pub struct ProjectSelector<'a> {
    /// By their labels.
    pub labels: Option<LabelSelector<'a>>,
    /// By annotations with these values.
    pub annotations: Option<Pairs<'a>>,
}
