//! The nodes that a node selector term describes, read like the labels of a node. Only what the scheduler enforces counts.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use crate::engine::line::PlacementQuery;
use crate::engine::supply::device_plugin;
use crate::engine::supply::labels::Labels;
use crate::engine::supply::{Offer, VGPU_PRESENT};
use crate::engine::vocabulary::names;
use crate::facts::pod::{NodeSelectorTerm, Requirement};
use crate::facts::text::Pairs;

/// The most kinds of nodes that are examined, over all terms and resources. No rewrite describes more.
pub(super) const MOST_KINDS: usize = 4096;

/// The labels of the nodes that a term describes, one kind of node after the other. A label that is read and may have
/// several values takes one value at a time. Labels that are not read do not multiply the kinds.
pub(super) struct TermLabels<'t, 'a> {
    term: &'t NodeSelectorTerm<'t>,
    query: &'t PlacementQuery<'t, 'a>,
    /// The labels that were read and have values, in the order of their first read. The last value is the present one.
    picks: RefCell<Vec<(&'t str, Vec<&'t str>)>>,
    /// A label was read that the term leaves open.
    is_open: Cell<bool>,
    /// A label was read whose requirements contradict each other, so no such node exists.
    is_nowhere: Cell<bool>,
}

impl<'t, 'a> TermLabels<'t, 'a> {
    pub(super) fn new(term: &'t NodeSelectorTerm<'t>, query: &'t PlacementQuery<'_, 'a>) -> Self {
        Self {
            term,
            query,
            picks: RefCell::default(),
            is_open: Cell::new(false),
            is_nowhere: Cell::new(false),
        }
    }

    /// Whether memory that the term leaves open may be less than the request.
    fn needs_memory(&self) -> bool {
        let mut requests = self.query.requests.iter();
        requests.any(|request| request.size.memory.is_some())
    }

    /// Calls `fits` with the offer of every kind of node under a resource name. None if the term leaves open what a node
    /// is, if there are too many kinds, or if one does not fit.
    pub(super) fn each_offer(
        &self,
        resource: &str,
        kinds_left: &mut usize,
        fits: &mut dyn FnMut(&Offer) -> bool,
    ) -> Option<()> {
        let declared = self.query.policy.supply.declared;
        self.picks.borrow_mut().clear();
        loop {
            self.is_open.set(false);
            self.is_nowhere.set(false);
            let reading = device_plugin::resource(self, resource, 1, declared);
            if !self.is_nowhere.get() {
                *kinds_left = kinds_left.checked_sub(1)?;
                let offer = reading.ok().filter(|_| !self.is_open.get())?;
                if !fits(&offer) {
                    return None;
                }
            }
            if !self.next() {
                return Some(());
            }
        }
    }

    /// Moves to the next kind; false after the last one.
    fn next(&self) -> bool {
        let mut picks = self.picks.borrow_mut();
        while let Some((_, values)) = picks.last_mut() {
            values.pop();
            if !values.is_empty() {
                return true;
            }
            picks.pop();
        }
        false
    }

    /// The requirements on a label by an operator.
    fn requirements(
        &self,
        key: &str,
        operator: &'static str,
    ) -> impl Iterator<Item = &'t Requirement<'t>> {
        let all = self.term.match_expressions.iter().flatten();
        all.filter(move |r| *r.key == *key && *r.operator == *operator)
    }

    /// The bounds of a label by `Gt` or `Lt`.
    fn bounds(&self, key: &str, operator: &'static str) -> impl Iterator<Item = i64> {
        let requirements = self.requirements(key, operator);
        requirements.filter_map(|r| r.values.as_ref()?.first()?.parse().ok())
    }

    /// The possible values of a label, if the selector or requirements list some. A requirement that the scheduler rejects
    /// matches no node; here it only makes the list longer than necessary.
    fn values(&self, key: &str) -> Option<(&'t str, Vec<&'t str>)> {
        // If a key occurs twice, the last one counts.
        let selected = self
            .query
            .filter
            .node_selector
            .into_iter()
            .flat_map(Pairs::iter);
        let selected = selected.filter(|(k, _)| *k == key).last();
        let mut lists = self.requirements(key, "In");
        let (key, mut values) = match selected {
            Some((key, value)) => (key, vec![value]),
            None => {
                let first = lists.next()?;
                (&*first.key, texts(first).collect())
            }
        };
        for requirement in lists.chain(self.requirements(key, "NotIn")) {
            let is_in = &*requirement.operator == "In";
            let listed: HashSet<&str> = texts(requirement).collect();
            values.retain(|value| listed.contains(value) == is_in);
        }
        if self.requirements(key, "DoesNotExist").next().is_some() {
            values.clear();
        }
        let (above, below) = (self.bounds(key, "Gt").max(), self.bounds(key, "Lt").min());
        if above.is_some() || below.is_some() {
            // A label that is no number is neither above nor below one.
            values.retain(|value| {
                value.parse().is_ok_and(|number: i64| {
                    above.is_none_or(|above| number > above)
                        && below.is_none_or(|below| number < below)
                })
            });
        }
        Some((key, values))
    }

    /// Records a label that the term does not restrict, unless an offer can be read without it.
    fn lacks(&self, key: &str) {
        let mut absent = self.requirements(key, "DoesNotExist");
        if !is_detail(key) && absent.next().is_none() {
            self.is_open.set(true);
        }
    }
}

impl Labels for TermLabels<'_, '_> {
    fn label(&self, key: &str) -> Option<&str> {
        let mut picks = self.picks.borrow_mut();
        if let Some((_, values)) = picks.iter().find(|(known, _)| *known == key) {
            return values.last().copied();
        }
        let Some((key, values)) = self.values(key) else {
            self.lacks(key);
            // The plugin advertises nothing above the limit of the driver, so a node with these labels is within it.
            return (key == "nvidia.com/gpu.compute.major").then_some("9");
        };
        let present = values.last().copied();
        if present.is_some() {
            picks.push((key, values));
        } else {
            self.is_nowhere.set(true);
        }
        present
    }

    /// If the request does not depend on memory, memory that the term leaves open may be unknown.
    fn says_something(&self, key: &str) -> bool {
        self.label(key).is_some() || !self.needs_memory()
    }

    /// More memory is never worse, so a lower bound is enough.
    fn at_least(&self, key: &str) -> Option<u64> {
        if let Some(value) = self.label(key) {
            return value.parse().ok();
        }
        let bounds = self.bounds(key, "Gt");
        let least = bounds.filter_map(|above| above.checked_add(1)).max();
        let least = least.and_then(|least| u64::try_from(least).ok());
        if least.is_none() && self.needs_memory() {
            self.is_open.set(true);
        }
        least
    }
}

fn texts<'t>(requirement: &'t Requirement<'_>) -> impl Iterator<Item = &'t str> {
    requirement.values.iter().flatten().map(|value| &**value)
}

/// Labels that an offer can be read without, with less detail.
fn is_detail(key: &str) -> bool {
    let attribute = key.rsplit_once('.').map_or(key, |(_, attribute)| attribute);
    matches!(
        attribute,
        "count" | "memory" | "minor" | "major" | "gi" | "decoder" | "encoder"
    ) || key.starts_with(names::MIG) && attribute == "product"
        || matches!(key, "eks.amazonaws.com/instance-gpu-count" | VGPU_PRESENT)
}
