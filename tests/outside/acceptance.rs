//! The acceptance suite: honest asks, attacks and look-alikes, judged by another program.

use std::process::Command;

use super::Outside;
use super::runner::note;
use super::runner::report::Report;

pub fn nothing_unsafe_gets_in_and_hardly_anything_else_comes_out_otherwise_than_the_contract_says(
    outside: &mut Outside,
) {
    let Some(folder) = outside.acceptance() else {
        return;
    };
    let output = Command::new("python3")
        .arg(folder.join("run_review.py"))
        .arg(env!("CARGO_BIN_EXE_slicegate"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3 runs");
    let report = Report::of(&output);
    note(format!("{} of {} cases", report.passed, report.all));
    assert!(
        report.is_unsafe.is_empty(),
        "something unsafe got in:\n{report}"
    );
    assert!(
        report.all >= 200,
        "only {} cases were run:\n{report}",
        report.all
    );
    assert!(report.passed * 100 >= report.all * 98, "{report}");
}
