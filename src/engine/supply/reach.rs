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
        let tolerated = |taint: &Taint| {
            is_gpu_taint(taint)
                || also_tolerated(taint)
                || filter.tolerations.iter().any(|t| tolerates(t, taint))
        };
        let admits =
            |group: &Group| filter.node_name.is_some() || group.taints.iter().all(tolerated);
        let reached = self.groups.iter().map(admits).collect();
        let unseen_matches = true;
        Matcher {
            supply: self,
            unseen_matches,
        }
        .narrow(filter, reached)
    }

    /// The same for the nodes as they are, without regard to taints: a missing label does not match.
    pub fn reached_as_is(&self, filter: &NodeFilter<'_>) -> Vec<bool> {
        let unseen_matches = false;
        Matcher {
            supply: self,
            unseen_matches,
        }
        .narrow(filter, vec![true; self.groups.len()])
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
            .filter(|r| needs_label(r))
            .map(|r| &*r.key)
            .chain(filter.selected().map(|(key, _)| key))
            .filter(|key| !self.keys.contains(*key) && *key != NODE_BOUNDARY)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
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
    fn holds(&self, at: usize, group: &Group) -> bool {
        let mut of_groups = self.groups.iter();
        let has_node = |nodes: &Rows| nodes.has_one_of(group.nodes.clone());
        !self.is_never
            && of_groups.all(|(column, bits)| bits >> column.id(at) & 1 == 1)
            && self.nodes.as_ref().is_none_or(has_node)
    }
}

/// Evaluates requirements on the nodes of a fleet.
#[derive(Clone, Copy)]
struct Matcher<'s> {
    supply: &'s Supply,
    /// Whether a label key that no known node has counts as matched, because future nodes may have it.
    unseen_matches: bool,
}

impl<'s> Matcher<'s> {
    /// Keeps the groups with a node that matches selector, terms and `nodeName`.
    fn narrow(self, filter: &NodeFilter<'_>, mut reached: Vec<bool>) -> Vec<bool> {
        if filter.is_open() {
            return reached;
        }
        let mut selected = Conjunction::default();
        for (key, value) in filter.selected() {
            selected.add(self.selects(key, value));
        }
        if let Some(name) = filter.node_name {
            let mut rows = Rows::new(self.supply.names.height(), false);
            // No scheduler can correct `nodeName` later, so a node that is gone does not count.
            rows.add(self.supply.rows_there(name));
            selected.add(Test::Nodes(rows));
        }
        let groups = || self.supply.groups.iter().enumerate();
        let Some(terms) = filter.terms else {
            for (reached, (at, group)) in reached.iter_mut().zip(groups()) {
                *reached = *reached && selected.holds(at, group);
            }
            return reached;
        };
        let mut found = vec![false; reached.len()];
        let terms = terms.iter().map(|term| &term.read);
        for term in terms.filter(|term| !is_empty(term)) {
            let mut conjunction = selected.clone();
            self.add_term(term, &mut conjunction);
            if conjunction.is_never {
                continue;
            }
            for ((found, reached), (at, group)) in found.iter_mut().zip(&reached).zip(groups()) {
                *found |= *reached && !*found && conjunction.holds(at, group);
            }
        }
        found
    }

    fn add_term(self, term: &NodeSelectorTerm<'_>, conjunction: &mut Conjunction<'s>) {
        for r in term.match_expressions.iter().flatten() {
            conjunction.add(self.test(r));
        }
        for r in term.match_fields.iter().flatten() {
            conjunction.add(match &*r.key {
                "metadata.name" => Test::Nodes(on_nodes(&self.supply.names, r, false)),
                _ => Test::Always(false),
            });
        }
    }

    fn test(self, r: &Requirement<'_>) -> Test<'s> {
        let absent = needs_label(r) && self.is_unseen_match(&r.key) || holds(r, None);
        // The administrator may label the node later.
        let absent = absent || &*r.key == NODE_BOUNDARY;
        if let Some(column) = self.supply.narrow.get(&*r.key) {
            let values = column.values().map(|value| holds(r, Some(value)));
            return Test::Groups(column, bits(absent, values));
        }
        match self.supply.wide.get(&*r.key) {
            Some(column) => Test::Nodes(on_nodes(column, r, absent)),
            None => Test::Always(absent),
        }
    }

    fn selects(self, key: &str, value: &str) -> Test<'s> {
        let absent = key == NODE_BOUNDARY || self.is_unseen_match(key);
        if let Some(column) = self.supply.narrow.get(key) {
            let values = column.values().map(|have| have == value);
            return Test::Groups(column, bits(absent, values));
        }
        let Some(column) = self.supply.wide.get(key) else {
            return Test::Always(absent);
        };
        let mut rows = Rows::new(column.height(), false);
        rows.add(column.rows_of(value));
        if absent {
            rows.add(column.absent());
        }
        Test::Nodes(rows)
    }

    /// Whether a missing key counts as matched because no node has it.
    fn is_unseen_match(self, key: &str) -> bool {
        self.unseen_matches && !self.supply.keys.contains(key)
    }
}

/// Whether a requirement holds only where the label is present.
fn needs_label(r: &Requirement<'_>) -> bool {
    !matches!(&*r.operator, "NotIn" | "DoesNotExist")
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
        rows.set(column.rows_of(value), operator == "In");
    }
    let bound = r
        .values
        .as_ref()
        .and_then(|values| values.first()?.parse::<i64>().ok());
    match (operator, bound) {
        ("Gt", Some(bound)) => rows.add(column.rows_of_numbers(|number| number > bound)),
        ("Lt", Some(bound)) => rows.add(column.rows_of_numbers(|number| number < bound)),
        _ => {}
    }
    rows.set(column.absent(), absent);
    rows
}
