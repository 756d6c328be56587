//! The first lines for people: the GPUs asked for and taken, and how many objects had which outcome.

use super::model::{GpuEntry, ReviewReport, Summary};
use crate::report::counted;

/// The saving, in one line.
pub fn saving(summary: &Summary) -> String {
    let GpuEntry { asked, taken, .. } = summary.gpus;
    let free = asked - taken;
    if asked < SHOWN {
        return match summary.denied {
            0 => "No GPU is asked for".to_owned(),
            _ => "No GPU is asked for by what is admitted".to_owned(),
        };
    }
    let gpus = if number(asked) == "1" { "GPU" } else { "GPUs" };
    let line = format!("{} {gpus} asked, {} taken", number(asked), number(taken));
    if free < SHOWN {
        return line;
    }
    format!("{line}: {} free ({})", number(free), percent(free / asked))
}

/// The least number of GPUs that is shown.
const SHOWN: f64 = 0.005;

fn percent(part: f64) -> String {
    match part * 100.0 {
        little if little < 1.0 => "less than 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// `16 objects: 9 rewritten, 6 denied, 1 skipped`
pub fn counts(report: &ReviewReport) -> String {
    let summary = &report.summary;
    let parts = [
        (summary.rewritten, "rewritten"),
        (summary.untouched, "untouched"),
        (summary.denied, "denied"),
        (summary.skipped, "skipped"),
    ];
    let is_audit = report.kind == "AuditReport";
    let noun = if is_audit { "pod" } else { "object" };
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if parts.is_empty() {
        return format!("no {noun} to judge");
    }
    let all = counted(summary.pods + summary.skipped, noun);
    format!("{all}: {}", parts.join(", "))
}

/// What the GPUs mean.
pub const LEGEND: &str = "GPUs: of admitted pods, times replicas; a share counts as its part of a device, at \
    most.";

/// At most two decimals, and none where they are zeros.
pub fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{GpuEntry, Summary, number, saving};

    #[test]
    fn numbers_have_two_decimals_at_most() {
        let shown = [0.0, 1.0, 0.25, 1.0 / 7.0, 10.0, 2.5, 100.999].map(number);
        assert_eq!(shown, ["0", "1", "0.25", "0.14", "10", "2.5", "101"]);
    }

    #[test]
    fn the_saving_is_a_line() {
        for (asked, taken, denied, said) in [
            (10.0, 2.5, 3, "10 GPUs asked, 2.5 taken: 7.5 free (75 %)"),
            (1.0, 0.25, 0, "1 GPU asked, 0.25 taken: 0.75 free (75 %)"),
            (3.0, 3.0, 0, "3 GPUs asked, 3 taken"),
            (
                400.0,
                399.5,
                0,
                "400 GPUs asked, 399.5 taken: 0.5 free (less than 1 %)",
            ),
            (0.0, 0.0, 0, "No GPU is asked for"),
            (0.0, 0.0, 1, "No GPU is asked for by what is admitted"),
        ] {
            let gpus = GpuEntry {
                pods: 1,
                asked,
                taken,
            };
            let summary = Summary {
                denied,
                gpus,
                ..Summary::default()
            };
            assert_eq!(saving(&summary), said);
        }
    }
}
