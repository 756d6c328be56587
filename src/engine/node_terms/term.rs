//! A node selector term: requirements on the labels of a node, and nodes that are excluded.

use std::borrow::Cow;

/// A conjunction of requirements on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term<'a> {
    /// On labels.
    pub labels: Vec<LabelRequirement<'a>>,
    /// Names of nodes that are excluded.
    pub not_nodes: Vec<&'a str>,
}

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelRequirement<'a> {
    /// The label.
    pub key: Cow<'a, str>,
    /// The condition.
    pub condition: LabelCondition<'a>,
}

/// The condition on a label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LabelCondition<'a> {
    /// Its value is one of these, sorted.
    OneOf(Vec<Cow<'a, str>>),
    /// It is present.
    There,
    /// It is absent.
    Absent,
    /// Its value is a number above this.
    Above(u64),
}
