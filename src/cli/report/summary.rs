//! The end of the report for people: objects and pods by outcome, and the GPUs they take before and after.

use anstyle::Style;

use super::{Item, ReviewReport};
use crate::cli::table::{Cell, Column, Table, WIDTH, paint, wrap};

/// The table, and what its GPUs mean.
pub(crate) fn render(report: &ReviewReport) -> String {
    let mut table = Table::new(0, &COLUMNS);
    let heads = [
        "SUMMARY",
        "OBJECTS",
        "PODS",
        "GPUS AS WRITTEN",
        "GPUS TAKEN",
    ];
    table.row(heads.map(|head| Cell::styled(head, Style::new().bold())));
    let mut admitted = Count::default();
    for outcome in ["rewritten", "untouched"] {
        let count = Count::of(report, outcome);
        admitted.add(count);
        table.row(count.row(outcome));
    }
    table.row(admitted.row("admitted"));
    let denied = Count::of(report, "denied");
    let none = || "-".to_owned();
    table.row([
        "denied".into(),
        denied.objects.to_string().into(),
        denied.pods.to_string().into(),
        none().into(),
        none().into(),
    ]);
    let skipped = Count::of(report, "skipped");
    table.row([
        "skipped".into(),
        skipped.objects.to_string().into(),
        none().into(),
        none().into(),
        none().into(),
    ]);
    table.render() + &unreadable(report) + &note()
}

const COLUMNS: [Column; 5] = [
    Column::Left(10),
    Column::Right,
    Column::Right,
    Column::Right,
    Column::Right,
];

/// What one line of the table counts.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    objects: usize,
    pods: u64,
    before: f64,
    after: f64,
}

impl Count {
    fn of(report: &ReviewReport, outcome: &str) -> Self {
        let mut count = Self::default();
        for item in report.items.iter().filter(|i| i.outcome == outcome) {
            count.add(Self::one(item));
        }
        count
    }

    fn one(item: &Item) -> Self {
        let pods = item.preview.pods;
        Self {
            objects: 1,
            pods,
            before: item.preview.gpus.before * pods as f64,
            after: item.preview.gpus.after * pods as f64,
        }
    }

    fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.pods = self.pods.saturating_add(other.pods);
        self.before += other.before;
        self.after += other.after;
    }

    fn row(self, name: &str) -> [Cell; 5] {
        [
            name.into(),
            self.objects.to_string().into(),
            self.pods.to_string().into(),
            number(self.before).into(),
            number(self.after).into(),
        ]
    }
}

fn unreadable(report: &ReviewReport) -> String {
    match report.unreadable.len() {
        0 => String::new(),
        n => format!("Not counted: {n} that could not be read.\n"),
    }
}

fn note() -> String {
    let text = "GPUs are those of admitted pods, times replicas or parallelism; a DaemonSet counts once. \
        As written, a fraction or an annotation alone counts as the whole GPU it would need without \
        sharing. Taken, an MPS or time-slicing share counts as 1/replicas and a MIG slice as its part \
        of the device; where several would do, the largest.";
    let lines = wrap(text, WIDTH);
    let dim = Style::new().dimmed();
    lines.iter().map(|line| paint(dim, line) + "\n").collect()
}

/// At most two decimals, and none where they are zeros.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_two_decimals_at_most() {
        let shown = [0.0, 1.0, 0.25, 1.0 / 7.0, 10.0, 2.5, 100.999].map(number);
        assert_eq!(shown, ["0", "1", "0.25", "0.14", "10", "2.5", "101"]);
    }
}
