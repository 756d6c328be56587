//! Pod affinity terms, read only where a term may be one of ours or name our keys.

use serde::Deserialize;

use super::pod::{NodeAffinity, NodeSelectorTerm, Requirement};
use super::text::{Pairs, Text};
use crate::json::Raw;

/// A term of pod affinity or anti-affinity.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodAffinityTerm<'a> {
    /// The pods that it selects.
    #[serde(borrow, default)]
    pub label_selector: Option<LabelSelector<'a>>,
    /// In which namespaces, by name.
    #[serde(borrow, default)]
    pub namespaces: Option<Vec<Text<'a>>>,
    /// In which namespaces, by label; an empty one means all.
    #[serde(borrow, default)]
    pub namespace_selector: Option<LabelSelector<'a>>,
    /// The label of nodes that defines one place.
    #[serde(borrow, default)]
    pub topology_key: Option<Text<'a>>,
}

/// A label selector.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector<'a> {
    /// Labels with one value.
    #[serde(borrow, default)]
    pub match_labels: Option<Pairs<'a>>,
    /// Requirements.
    #[serde(borrow, default)]
    pub match_expressions: Option<Vec<Requirement<'a>>>,
}

/// What of a term says whether it looks at pods of other namespaces; a preferred term has it one step further in.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Crossing<'a> {
    #[serde(borrow, default)]
    namespaces: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    namespace_selector: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pod_affinity_term: Option<Box<Self>>,
}

impl Crossing<'_> {
    fn crosses(&self) -> bool {
        self.namespaces.as_ref().is_some_and(|n| !n.is_empty())
            || self.namespace_selector.is_some()
            || self.pod_affinity_term.as_ref().is_some_and(|t| t.crosses())
    }
}

/// Whether a term, required or preferred, looks at pods of namespaces that it names or selects, as the quota scope
/// `CrossNamespacePodAffinity` counts it.
pub fn crosses_namespaces(term: Raw<'_>) -> bool {
    let term: Option<Crossing<'_>> = term.read().ok();
    term.is_some_and(|term| term.crosses())
}

/// The label keys by which a term of pod affinity selects pods, whatever else stands in the term. `matchLabelKeys` and
/// `mismatchLabelKeys` are fields of the term beside its selector (core/v1 PodAffinityTerm).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectedKeys<'a> {
    #[serde(borrow, default)]
    label_selector: Option<SelectorKeys<'a>>,
    #[serde(borrow, default)]
    match_label_keys: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    mismatch_label_keys: Option<Vec<Text<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SelectorKeys<'a> {
    #[serde(borrow, default)]
    match_labels: Option<Pairs<'a>>,
    #[serde(borrow, default)]
    match_expressions: Option<Vec<Requirement<'a>>>,
}

impl<'a> SelectedKeys<'a> {
    /// Reads a term; none where it is no term of this shape, which the API server would refuse.
    pub fn read(term: Raw<'a>) -> Option<Self> {
        term.read().ok()
    }

    /// Each key, as often as it stands there.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
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

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WeightedTerm<'a> {
    #[serde(rename = "weight")]
    _weight: i32,
    #[serde(borrow, default)]
    pod_affinity_term: Option<PodAffinityTerm<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct WeightedNodeTerm<'a> {
    #[serde(borrow, default)]
    preference: Option<NodeSelectorTerm<'a>>,
}

impl<'a> NodeAffinity<'a> {
    /// The preferred terms, whatever their weights; none where they are more than a rewrite beside a few others
    /// leaves.
    pub fn preferences(&self) -> Vec<NodeSelectorTerm<'a>> {
        /// In bytes.
        const LONGEST: usize = 64 << 10;
        let text = self.preferred.filter(|text| text.get().len() <= LONGEST);
        let terms = text.and_then(|text| text.read::<Vec<WeightedNodeTerm<'a>>>().ok());
        let terms = terms.into_iter().flatten();
        terms.filter_map(|term| term.preference).collect()
    }
}

impl<'a> PodAffinityTerm<'a> {
    /// Reads a required term; none where it has anything this type does not know, so that it is never taken for ours.
    pub fn read(raw: Raw<'a>) -> Option<Self> {
        raw.read().ok()
    }

    /// Reads a preferred term, whatever its weight.
    pub fn read_weighted(raw: Raw<'a>) -> Option<Self> {
        let weighted: WeightedTerm<'a> = raw.read().ok()?;
        weighted.pod_affinity_term
    }

    /// Whether the term looks at pods of every namespace, and at nothing finer than that.
    pub fn is_everywhere(&self) -> bool {
        self.namespaces.as_ref().is_none_or(Vec::is_empty)
            && self
                .namespace_selector
                .as_ref()
                .is_some_and(LabelSelector::is_empty)
    }
}

impl LabelSelector<'_> {
    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.as_ref().is_none_or(Pairs::is_empty)
            && self.match_expressions.as_ref().is_none_or(Vec::is_empty)
    }
}
