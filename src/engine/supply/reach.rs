//! Which groups of nodes selectors and terms match. Each requirement is asked once for each value that a label has in the
//! fleet, and every node is then looked up, so that neither long lists nor many nodes multiply.

use std::ops::Range;

use super::columns::Column;
use super::filter::{NodeFilter, holds};
use super::fleet::Supply;
use crate::engine::words::NODE_BOUNDARY;
use crate::facts::pod::{NodeSelectorTerm, Requirement};

/// What a label key is that no known node carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    /// Taken as given: nodes that are not there yet may carry it.
    Given,
    /// Not there.
    Absent,
}

/// What a pod requires of nodes, against one fleet.
pub(super) struct Reach<'s> {
    supply: &'s Supply,
    /// All must match.
    selector: Vec<Test<'s>>,
    /// Any one must match; none where the pod requires nothing.
    terms: Option<Vec<Vec<Test<'s>>>>,
}

/// One requirement.
enum Test<'s> {
    /// The same for every node.
    Always(bool),
    /// By a label of groups: a bit for each of its few values, the lowest for its absence.
    Group(&'s Column, u64),
    /// By a label of nodes, or by their names: whether it holds for each of its values, first for its absence, and the
    /// nodes it can hold for, where they are listed.
    Node(&'s Column, Vec<bool>, Option<Vec<u32>>),
}

impl<'s> Reach<'s> {
    pub(super) fn new(supply: &'s Supply, filter: &NodeFilter<'_>, unseen: Unseen) -> Self {
        let selected = filter.selected();
        let selector = selected.map(|(key, value)| supply.selects(key, value, unseen));
        let terms = filter.terms.map(|terms| {
            let tests = terms.iter().map(|term| supply.tests(&term.read, unseen));
            tests.filter(|tests| !tests.is_empty()).collect()
        });
        Self {
            supply,
            selector: selector.collect(),
            terms,
        }
    }

    /// Leaves of the groups those with a node that matches, the named one where one is named.
    pub(super) fn narrow(&self, node_name: Option<&str>, reached: &mut [bool]) {
        let nothing = Vec::new();
        let terms = self.terms.as_deref();
        let terms = terms.unwrap_or(std::slice::from_ref(&nothing));
        let mut found = vec![false; reached.len()];
        // Nobody can correct this choice later, so a node that is gone does not count.
        let named = node_name.map(|name| self.supply.rows_there(name));
        for term in terms {
            match named.or_else(|| self.listed(term)) {
                Some(rows) => {
                    let rows = rows.iter().map(|row| *row as usize);
                    rows.for_each(|row| {
                        self.look(row..row + 1, self.supply.group_at(row), term, &mut found)
                    });
                }
                None => {
                    let is_of_groups = self.is_of_groups(term);
                    for (at, group) in self.supply.groups.iter().enumerate() {
                        let rows = match is_of_groups {
                            true => 0..1,
                            false => group.nodes.clone(),
                        };
                        if reached.get(at) == Some(&true) {
                            self.look(rows, at, term, &mut found);
                        }
                    }
                }
            }
        }
        let both = reached.iter_mut().zip(found);
        both.for_each(|(reached, found)| *reached &= found);
    }

    /// The nodes that a term can match, where selector or term list them.
    fn listed<'t>(&'t self, term: &'t [Test<'s>]) -> Option<&'t [u32]> {
        let tests = self.selector.iter().chain(term);
        let lists = tests.filter_map(|test| match test {
            Test::Node(_, _, rows) => rows.as_deref(),
            Test::Always(_) | Test::Group(..) => None,
        });
        lists.min_by_key(|rows| rows.len())
    }

    fn is_of_groups(&self, term: &[Test<'_>]) -> bool {
        let mut tests = self.selector.iter().chain(term);
        !tests.any(|test| matches!(test, Test::Node(..)))
    }

    /// Whether one of these nodes of a group matches.
    fn look(&self, rows: Range<usize>, group: usize, term: &[Test<'_>], found: &mut [bool]) {
        let Some(found) = found.get_mut(group).filter(|found| !**found) else {
            return;
        };
        let mut rows = rows;
        *found = rows.any(|row| {
            let mut tests = self.selector.iter().chain(term);
            tests.all(|test| test.holds(group, row))
        });
    }
}

impl Test<'_> {
    fn holds(&self, group: usize, row: usize) -> bool {
        match self {
            Self::Always(holds) => *holds,
            Self::Group(column, bits) => bits >> column.id(group) & 1 == 1,
            Self::Node(column, holds, _) => holds.get(column.id(row)) == Some(&true),
        }
    }
}

impl Supply {
    fn tests(&self, term: &NodeSelectorTerm<'_>, unseen: Unseen) -> Vec<Test<'_>> {
        let expressions = term.match_expressions.iter().flatten();
        let expressions = expressions.map(|r| self.test(r, unseen));
        let fields = term.match_fields.iter().flatten();
        let fields = fields.map(|r| match &*r.key {
            "metadata.name" => on_nodes(&self.names, r, false),
            _ => Test::Always(false),
        });
        expressions.chain(fields).collect()
    }

    fn test(&self, r: &Requirement<'_>, unseen: Unseen) -> Test<'_> {
        let asks_for_it = !matches!(&*r.operator, "NotIn" | "DoesNotExist");
        let absent = asks_for_it && self.is_given(&r.key, unseen) || holds(r, None);
        // The administrator may still label the node.
        let absent = absent || &*r.key == NODE_BOUNDARY;
        if let Some(column) = self.narrow.get(&*r.key) {
            let values = column.values().map(|value| holds(r, Some(value)));
            return Test::Group(column, bits(absent, values));
        }
        match self.wide.get(&*r.key) {
            Some(column) => on_nodes(column, r, absent),
            None => Test::Always(absent),
        }
    }

    fn selects(&self, key: &str, value: &str, unseen: Unseen) -> Test<'_> {
        let absent = key == NODE_BOUNDARY || self.is_given(key, unseen);
        if let Some(column) = self.narrow.get(key) {
            let values = column.values().map(|have| have == value);
            return Test::Group(column, bits(absent, values));
        }
        match self.wide.get(key) {
            Some(column) => {
                let mut holds = vec![false; column.len() + 1];
                set(&mut holds, 0, absent);
                if let Some(id) = column.id_of(value) {
                    set(&mut holds, id, true);
                }
                let rows = (!absent).then(|| column.rows_of(value).to_vec());
                Test::Node(column, holds, rows)
            }
            None => Test::Always(absent),
        }
    }

    /// Whether a key that a node lacks is taken as given, because no node has it.
    fn is_given(&self, key: &str, unseen: Unseen) -> bool {
        unseen == Unseen::Given && !self.keys.contains(key)
    }
}

/// A bit for each value, the lowest for the label's absence.
fn bits(absent: bool, values: impl Iterator<Item = bool>) -> u64 {
    let all = std::iter::once(absent).chain(values).take(64).enumerate();
    all.fold(0, |bits, (at, holds)| bits | u64::from(holds) << at)
}

/// A requirement on a label that nearly every node has a value of its own of.
fn on_nodes<'s>(column: &'s Column, r: &Requirement<'_>, absent: bool) -> Test<'s> {
    let bound = r
        .values
        .as_ref()
        .and_then(|v| v.first()?.parse::<i64>().ok());
    let compared = |holds: fn(i64, i64) -> bool| -> Vec<bool> {
        let numbers = column.numbers().iter();
        let each = numbers.map(|number| number.zip(bound).is_some_and(|(a, b)| holds(a, b)));
        std::iter::once(absent).chain(each).collect()
    };
    let (mut holding, listed) = match &*r.operator {
        "In" => (vec![false; column.len() + 1], Some(true)),
        "NotIn" => (vec![true; column.len() + 1], Some(false)),
        "Gt" => (compared(|number, bound| number > bound), None),
        "Lt" => (compared(|number, bound| number < bound), None),
        // Whatever the value is.
        _ => (vec![holds(r, Some("")); column.len() + 1], None),
    };
    let mut rows = Vec::new();
    for value in r.values.iter().flatten() {
        if let (Some(id), Some(is_in)) = (column.id_of(value), listed) {
            set(&mut holding, id, is_in);
            rows.extend_from_slice(column.rows_of(value));
        }
    }
    set(&mut holding, 0, absent);
    let rows = (listed == Some(true) && !absent).then_some(rows);
    Test::Node(column, holding, rows)
}

fn set(list: &mut [bool], at: usize, value: bool) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}
