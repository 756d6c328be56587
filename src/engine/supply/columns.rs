//! The labels of a fleet by key: a requirement is evaluated once for each value, not once for each node.

use std::collections::HashMap;
use std::sync::Arc;

/// One label of every row: of every group of nodes, or of every node.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// Distinct values.
    values: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, u32>,
    /// For each row the number of its value, counted from 1; 0 where the label is absent.
    rows: Vec<u32>,
    /// The values as numbers, if they are numbers.
    numbers: Vec<Option<i64>>,
    /// The rows sorted by value, and for each value where its rows begin.
    ordered: Vec<u32>,
    starts: Vec<u32>,
}

impl Column {
    /// A column of rows without the label.
    pub(super) fn new(rows: usize) -> Self {
        Self {
            rows: vec![0; rows],
            ..Self::default()
        }
    }

    /// Gives a row its value.
    pub(super) fn set(&mut self, row: usize, value: &Arc<str>) {
        let next = self.values.len() as u32;
        let id = *self.ids.entry(Arc::clone(value)).or_insert(next);
        if id == next {
            self.values.push(Arc::clone(value));
        }
        if let Some(row) = self.rows.get_mut(row) {
            *row = id + 1;
        }
    }

    /// Sorts the rows for [`Self::rows_of`] and [`Self::rows_of_numbers`]; called once every row has its value.
    pub(super) fn order(&mut self) {
        self.numbers = self.values().map(|value| value.parse().ok()).collect();
        let mut ordered: Vec<u32> = (0..self.rows.len() as u32).collect();
        ordered.sort_by_key(|row| self.rows.get(*row as usize));
        let place = |id| ordered.partition_point(|row| self.rows[*row as usize] < id);
        let ids = 1..=self.values.len() as u32 + 1;
        self.starts = ids.map(|id| place(id) as u32).collect();
        self.ordered = ordered;
    }

    /// A row's value.
    pub(super) fn value(&self, row: usize) -> Option<&str> {
        let id = self.id(row).checked_sub(1)?;
        self.values.get(id).map(|value| &**value)
    }

    /// The number of a row's value, counted from 1; 0 where it has none.
    pub(super) fn id(&self, row: usize) -> usize {
        self.rows.get(row).map_or(0, |id| *id as usize)
    }

    /// The values; the first one has number 1.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| &**value)
    }

    /// The rows without the label.
    pub(super) fn absent(&self) -> &[u32] {
        let from = self.starts.first().map_or(0, |from| *from as usize);
        self.ordered.get(..from).unwrap_or_default()
    }

    /// How many rows there are.
    pub(super) fn height(&self) -> usize {
        self.rows.len()
    }

    /// The rows whose value is a number for which `holds` is true.
    pub(super) fn rows_of_numbers(
        &self,
        holds: impl Fn(i64) -> bool,
    ) -> impl Iterator<Item = &u32> {
        let numbers = self.numbers.iter().enumerate();
        let held = numbers.filter(move |(_, number)| number.is_some_and(&holds));
        held.flat_map(|(id, _)| self.rows_with(id))
    }

    /// The rows that have a value.
    pub(super) fn rows_of(&self, value: &str) -> &[u32] {
        let id = self.ids.get(value);
        id.map_or(&[], |id| self.rows_with(*id as usize))
    }

    fn rows_with(&self, id: usize) -> &[u32] {
        let starts = (self.starts.get(id), self.starts.get(id + 1));
        let (Some(from), Some(to)) = starts else {
            return &[];
        };
        self.ordered
            .get(*from as usize..*to as usize)
            .unwrap_or_default()
    }
}
