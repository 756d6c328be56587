//! Terms of pod affinity and anti-affinity. They are parsed on use, because most pods have none that matter here.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::pod::{NodeAffinity, NodeSelectorTerm, Requirement};
use super::text::{Pairs, Text};
use crate::json::Raw;

/// A term of pod affinity or anti-affinity (core/v1 PodAffinityTerm).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", bound = "'de: 'a")]
pub struct PodAffinityTerm<'a> {
    /// The pods that it selects.
    pub label_selector: Option<LabelSelector<'a>>,
    /// In which namespaces, by name.
    pub namespaces: Option<Vec<Text<'a>>>,
    /// In which namespaces, by label; an empty one means all.
    pub namespace_selector: Option<LabelSelector<'a>>,
    /// The label of nodes that defines one place.
    pub topology_key: Option<Text<'a>>,
    /// An API server adds the values of these labels to the selector of a stored pod.
    match_label_keys: Option<Vec<Text<'a>>>,
    mismatch_label_keys: Option<Vec<Text<'a>>>,
    /// They may change the meaning of the term.
    #[serde(flatten, deserialize_with = "is_any")]
    has_other_fields: bool,
}

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound = "'de: 'a")]
pub struct LabelSelector<'a> {
    /// Labels with one value.
    pub match_labels: Option<Pairs<'a>>,
    /// Requirements.
    pub match_expressions: Option<Vec<Requirement<'a>>>,
}

/// A preferred term with its weight.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Weighted<T> {
    /// From 1 to 100.
    pub weight: i64,
    /// The term: `podAffinityTerm`, or `preference` of node affinity.
    #[serde(alias = "podAffinityTerm", alias = "preference")]
    pub term: T,
}

fn is_any<'de, D: Deserializer<'de>>(fields: D) -> Result<bool, D::Error> {
    BTreeMap::<Text<'_>, IgnoredAny>::deserialize(fields).map(|fields| !fields.is_empty())
}

/// Whether a term, required or preferred, selects pods of namespaces that it names or selects, as the quota scope
/// `CrossNamespacePodAffinity` counts it.
pub fn crosses_namespaces(term: Raw<'_>) -> bool {
    let crosses = |term: PodAffinityTerm<'_>| {
        term.namespaces.is_some_and(|names| !names.is_empty()) || term.namespace_selector.is_some()
    };
    PodAffinityTerm::read(term).is_some_and(crosses)
        || PodAffinityTerm::read_weighted(term).is_some_and(crosses)
}

impl<'a> NodeAffinity<'a> {
    /// The preferred terms, whatever their weights. None of them if they are longer than a few beside slicegate's own.
    pub fn preferences(&self) -> Vec<NodeSelectorTerm<'a>> {
        /// In bytes.
        const LONGEST: usize = 64 << 10;
        let text = self.preferred.filter(|text| text.get().len() <= LONGEST);
        let terms = text.and_then(|text| text.read::<Vec<Weighted<NodeSelectorTerm<'a>>>>().ok());
        terms
            .into_iter()
            .flatten()
            .map(|weighted| weighted.term)
            .collect()
    }
}

impl<'a> PodAffinityTerm<'a> {
    /// Reads a required term. None if an API server would refuse it.
    pub fn read(raw: Raw<'a>) -> Option<Self> {
        raw.read().ok()
    }

    /// Reads a preferred term, whatever its weight.
    pub fn read_weighted(raw: Raw<'a>) -> Option<Self> {
        Some(raw.read::<Weighted<Self>>().ok()?.term)
    }

    /// Whether the term selects pods of every namespace, and has nothing that slicegate does not write.
    pub fn is_everywhere(&self) -> bool {
        let is_absent = |list: &Option<Vec<Text<'_>>>| list.as_ref().is_none_or(Vec::is_empty);
        let selector = self.namespace_selector.as_ref();
        is_absent(&self.namespaces)
            && is_absent(&self.match_label_keys)
            && is_absent(&self.mismatch_label_keys)
            && !self.has_other_fields
            && selector.is_some_and(LabelSelector::is_empty)
    }

    /// The label keys by which the term selects pods, as often as they are written.
    pub fn selected_keys(&self) -> impl Iterator<Item = &str> {
        let selector = self.label_selector.iter();
        let labels = selector.clone().flat_map(|s| &s.match_labels);
        let expressions = selector.flat_map(|s| s.match_expressions.iter().flatten());
        let lists = [&self.match_label_keys, &self.mismatch_label_keys];
        let beside = lists.into_iter().flatten().flatten();
        labels
            .flat_map(|pairs| pairs.iter().map(|(key, _)| key))
            .chain(expressions.map(|e| &*e.key))
            .chain(beside.map(|key| &**key))
    }
}

impl LabelSelector<'_> {
    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.as_ref().is_none_or(Pairs::is_empty)
            && self.match_expressions.as_ref().is_none_or(Vec::is_empty)
    }
}
