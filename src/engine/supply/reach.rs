//! Which groups of nodes selectors and terms match. Each requirement is evaluated once for each value of its label,
//! and nodes then look the result up, so the cost is not the product of long lists and many nodes.

use super::columns::Column;
use super::filter::{NodeFilter, holds, is_empty, is_gpu_taint, tolerates};
use super::fleet::{Group, Knowledge, Supply};
use super::node::Taint;
use super::rows::Rows;
use crate::engine::vocabulary::names::NODE_BOUNDARY;
use crate::facts::pod::{NodeSelectorTerm, Requirement};

impl Supply {
    /// For each group, whether one of its nodes could take the pod once the GPU taint is tolerated.
    ///
    /// A label key that no known node has counts as matched: future nodes may have it.
    pub fn reached(
        &self,
        filter: &NodeFilter<'_>,
        also_tolerated: &dyn Fn(&Taint) -> bool,
    ) -> Vec<bool> {
        self.reach(filter, also_tolerated, UnseenKey::Matches)
    }

    /// The same for the nodes as they are, without regard to taints: a missing label does not match.
    pub fn reached_as_is(&self, filter: &NodeFilter<'_>) -> Vec<bool> {
        self.reach(filter, &|_| true, UnseenKey::Absent)
    }

    fn reach(
        &self,
        filter: &NodeFilter<'_>,
        also_tolerated: &dyn Fn(&Taint) -> bool,
        unseen: UnseenKey,
    ) -> Vec<bool> {
        let tolerated = |taint: &Taint| {
            is_gpu_taint(taint)
                || also_tolerated(taint)
                || filter.tolerations.iter().any(|t| tolerates(t, taint))
        };
        let admits =
            |group: &Group| filter.node_name.is_some() || group.taints.iter().all(tolerated);
        let mut reached: Vec<bool> = self.groups.iter().map(admits).collect();
        if !filter.is_open() {
            narrow(self, filter, unseen, &mut reached);
        }
        reached
    }

    /// Label keys that the pod selects by and no known node has; they count as matched.
    ///
    /// An assumed fleet has no labels of the cluster's administrators, so it has no unknown keys.
    pub fn unknown_keys<'s>(&self, filter: &'s NodeFilter<'_>) -> Vec<&'s str> {
        if self.knowledge == Knowledge::Assumed {
            return Vec::new();
        }
        let terms = filter.terms.into_iter().flatten();
        let expressions = terms.flat_map(|t| t.read.match_expressions.iter().flatten());
        let mut keys: Vec<&str> = expressions
            .filter(|r| !matches!(&*r.operator, "NotIn" | "DoesNotExist"))
            .map(|r| &*r.key)
            .chain(filter.selected().map(|(key, _)| key))
            .filter(|key| !self.keys.contains(*key) && *key != NODE_BOUNDARY)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// How a selected label key counts that no known node has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnseenKey {
    /// As matched: future nodes may have it.
    Matches,
    /// As absent.
    Absent,
}

/// Keeps the groups with a node that matches selector, terms and `nodeName`.
fn narrow(supply: &Supply, filter: &NodeFilter<'_>, unseen: UnseenKey, reached: &mut [bool]) {
    let mut selected = Conjunction::default();
    for (key, value) in filter.selected() {
        selected.add(supply.selects(key, value, unseen));
    }
    if let Some(name) = filter.node_name {
        let mut rows = Rows::new(supply.names.height(), false);
        // No scheduler can correct `nodeName` later, so a node that is gone does not count.
        let named = supply.rows_there(name).iter();
        named.for_each(|row| rows.set(*row as usize, true));
        selected.add(Test::Nodes(rows));
    }
    let Some(terms) = filter.terms else {
        for (group, reached) in reached.iter_mut().enumerate() {
            *reached = *reached && selected.holds(supply, group);
        }
        return;
    };
    let mut found = vec![false; reached.len()];
    let terms = terms.iter().map(|term| &term.read);
    for term in terms.filter(|term| !is_empty(term)) {
        let mut conjunction = selected.clone();
        supply.tests(term, unseen, &mut conjunction);
        if conjunction.is_never {
            continue;
        }
        for (group, found) in found.iter_mut().enumerate() {
            let open = reached.get(group) == Some(&true) && !*found;
            *found |= open && conjunction.holds(supply, group);
        }
    }
    let both = reached.iter_mut().zip(found);
    both.for_each(|(reached, found)| *reached &= found);
}

/// One requirement, evaluated.
enum Test<'s> {
    /// The same for every node.
    Always(bool),
    /// By a label of groups: one bit for each value, the lowest for its absence.
    Groups(&'s Column, u64),
    /// By a label of nodes, or by their names: the matching nodes.
    Nodes(Rows),
}

/// Requirements that must all hold.
#[derive(Clone, Default)]
struct Conjunction<'s> {
    is_never: bool,
    groups: Vec<(&'s Column, u64)>,
    nodes: Option<Rows>,
}

impl<'s> Conjunction<'s> {
    fn add(&mut self, test: Test<'s>) {
        match test {
            Test::Always(holds) => self.is_never |= !holds,
            Test::Groups(column, bits) => self.groups.push((column, bits)),
            Test::Nodes(rows) => match &mut self.nodes {
                Some(nodes) => *nodes &= &rows,
                nodes => *nodes = Some(rows),
            },
        }
    }

    /// Whether a node of the group meets all of them.
    fn holds(&self, supply: &Supply, group: usize) -> bool {
        let mut of_groups = self.groups.iter();
        let rows = || supply.groups.get(group).map(|g| g.nodes.clone());
        !self.is_never
            && of_groups.all(|(column, bits)| bits >> column.id(group) & 1 == 1)
            && self
                .nodes
                .as_ref()
                .is_none_or(|nodes| rows().is_some_and(|rows| nodes.has_one_of(rows)))
    }
}

impl Supply {
    fn tests<'s>(
        &'s self,
        term: &NodeSelectorTerm<'_>,
        unseen: UnseenKey,
        conjunction: &mut Conjunction<'s>,
    ) {
        for r in term.match_expressions.iter().flatten() {
            conjunction.add(self.test(r, unseen));
        }
        for r in term.match_fields.iter().flatten() {
            conjunction.add(match &*r.key {
                "metadata.name" => Test::Nodes(on_nodes(&self.names, r, false)),
                _ => Test::Always(false),
            });
        }
    }

    fn test(&self, r: &Requirement<'_>, unseen: UnseenKey) -> Test<'_> {
        let asks_for_it = !matches!(&*r.operator, "NotIn" | "DoesNotExist");
        let absent = asks_for_it && self.is_unseen_match(&r.key, unseen) || holds(r, None);
        // The administrator may label the node later.
        let absent = absent || &*r.key == NODE_BOUNDARY;
        if let Some(column) = self.narrow.get(&*r.key) {
            let values = column.values().map(|value| holds(r, Some(value)));
            return Test::Groups(column, bits(absent, values));
        }
        match self.wide.get(&*r.key) {
            Some(column) => Test::Nodes(on_nodes(column, r, absent)),
            None => Test::Always(absent),
        }
    }

    fn selects(&self, key: &str, value: &str, unseen: UnseenKey) -> Test<'_> {
        let absent = key == NODE_BOUNDARY || self.is_unseen_match(key, unseen);
        if let Some(column) = self.narrow.get(key) {
            let values = column.values().map(|have| have == value);
            return Test::Groups(column, bits(absent, values));
        }
        let Some(column) = self.wide.get(key) else {
            return Test::Always(absent);
        };
        let mut rows = Rows::new(column.height(), false);
        let with = if absent { column.absent() } else { &[] };
        for row in column.rows_of(value).iter().chain(with) {
            rows.set(*row as usize, true);
        }
        Test::Nodes(rows)
    }

    /// Whether a missing key counts as matched because no node has it.
    fn is_unseen_match(&self, key: &str, unseen: UnseenKey) -> bool {
        unseen == UnseenKey::Matches && !self.keys.contains(key)
    }
}

/// One bit for each value, the lowest for the label's absence.
fn bits(absent: bool, values: impl Iterator<Item = bool>) -> u64 {
    let all = std::iter::once(absent).chain(values).take(64).enumerate();
    all.fold(0, |bits, (at, holds)| bits | u64::from(holds) << at)
}

/// The nodes that meet a requirement on a wide key.
fn on_nodes(column: &Column, r: &Requirement<'_>, absent: bool) -> Rows {
    let operator = &*r.operator;
    let is_list = matches!(operator, "In" | "NotIn");
    // The result for values that are neither listed nor compared.
    let others = operator == "NotIn" || !is_list && holds(r, Some(""));
    let mut rows = Rows::new(column.height(), others);
    for value in r.values.iter().flatten().filter(|_| is_list) {
        for row in column.rows_of(value) {
            rows.set(*row as usize, operator == "In");
        }
    }
    let bound = r.values.as_ref();
    let bound = bound.and_then(|values| values.first()?.parse::<i64>().ok());
    if let ("Gt" | "Lt", Some(bound)) = (operator, bound) {
        let numbers = column.numbers().iter();
        let holding = numbers.map(|number| match operator {
            "Gt" => number.is_some_and(|number| number > bound),
            _ => number.is_some_and(|number| number < bound),
        });
        let holding: Vec<bool> = holding.collect();
        column.those(&holding).for_each(|row| rows.set(row, true));
    }
    for row in column.absent() {
        rows.set(*row as usize, absent);
    }
    rows
}
