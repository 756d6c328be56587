//! OpenShift's ClusterResourceQuotas: one quota over all namespaces whose labels and annotations it selects.

use std::collections::BTreeMap;

use super::view::QuotaView;
use crate::engine::supply::filter::holds;
use crate::facts::pod::Requirement;
use crate::facts::{ClusterResourceQuota, Namespace, Pairs};

/// The labels and annotations by which quotas select namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectMetadata {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// `kubectl apply` keeps whole objects in it; no quota selects by it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

impl ProjectMetadata {
    /// The labels and annotations of a namespace.
    pub fn of(namespace: &Namespace<'_>) -> Self {
        let owned = |pairs: &Option<Pairs<'_>>| {
            let pairs = pairs.iter().flat_map(Pairs::iter);
            let pairs = pairs.filter(|(key, _)| *key != LAST_APPLIED);
            pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
        };
        Self {
            labels: owned(&namespace.metadata.labels),
            annotations: owned(&namespace.metadata.annotations),
        }
    }
}

/// One ClusterResourceQuota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterQuotaView {
    /// What it counts.
    pub quota: QuotaView,
    /// Requirements on the labels of its namespaces.
    labels: Vec<Requirement<'static>>,
    /// Annotations that its namespaces have.
    annotations: Vec<(String, String)>,
}

impl ClusterQuotaView {
    /// Reads a quota; none if it does not count GPUs.
    pub fn of(quota: &ClusterResourceQuota<'_>) -> Option<Self> {
        let title = format!("ClusterResourceQuota {}", &*quota.metadata.name);
        let selector = &quota.spec.selector;
        let labels = selector.labels.iter();
        let equal = labels.clone().flat_map(|s| &s.match_labels);
        let equal = equal.flat_map(Pairs::iter).map(|(key, value)| Requirement {
            key: key.into(),
            operator: "In".into(),
            values: Some(vec![value.into()]),
        });
        let listed = labels.flat_map(|s| s.match_expressions.iter().flatten());
        let annotations = selector.annotations.iter().flat_map(Pairs::iter);
        Some(Self {
            quota: QuotaView::titled(title, &quota.spec.quota)?,
            labels: equal
                .chain(listed.cloned())
                .map(Requirement::into_owned)
                .collect(),
            annotations: annotations
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
        })
    }

    /// Whether it counts the pods of a namespace.
    pub fn selects(&self, metadata: &ProjectMetadata) -> bool {
        let label = |key: &str| metadata.labels.get(key).map(String::as_str);
        let is_annotated =
            |(key, value): &(String, String)| metadata.annotations.get(key) == Some(value);
        self.labels.iter().all(|r| holds(r, label(&r.key)))
            && self.annotations.iter().all(is_annotated)
    }
}
