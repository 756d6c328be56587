//! The report for people: the verdict, where to begin, then every check under its heading.

use anstyle::{AnsiColor, Style};

use super::report::Report;
use crate::cli::table::{WIDTH, paint, wrap};
use crate::doctor::{Group, Line, Severity};
use crate::engine::shown::shown_lines;

/// Where messages begin: after the status and the title.
const STATUS: usize = 8;
const TITLE: usize = 20;

pub(super) fn render(report: &Report, lines: &[Line]) -> String {
    let mut text = String::new();
    let worst = lines.iter().map(|l| l.finding.severity).max();
    let style = style(worst.unwrap_or(Severity::Ok)).bold();
    for line in wrap(&report.verdict.message, WIDTH) {
        text.push_str(&paint(style, &line));
        text.push('\n');
    }
    let summary = &report.summary;
    text.push_str(&format!(
        "{} ok, {} to look at, {} wrong\n",
        summary.ok, summary.warn, summary.fail
    ));
    if let Some(first) = first(lines) {
        text.push_str(&format!("Begin with: {}\n", first.title));
    }
    for group in Group::ALL {
        text.push_str(&format!(
            "\n{}\n",
            paint(Style::new().bold(), group.title())
        ));
        for line in lines.iter().filter(|l| l.group == group) {
            one(line, &mut text);
        }
    }
    text
}

/// What others may follow from: what fails first, in the order of the groups.
fn first(lines: &[Line]) -> Option<&Line> {
    let mut all = Group::ALL
        .into_iter()
        .flat_map(|group| lines.iter().filter(move |l| l.group == group));
    all.find(|l| l.finding.severity == Severity::Fail)
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Ok => AnsiColor::Green.on_default(),
        Severity::Warn => AnsiColor::Yellow.on_default(),
        Severity::Fail => AnsiColor::Red.on_default(),
    }
}

fn one(line: &Line, text: &mut String) {
    let finding = &line.finding;
    let word = finding.severity.word();
    let indent = " ".repeat(STATUS + TITLE);
    let room = WIDTH - STATUS - TITLE;
    // Names in a cluster are anybody's to write.
    let message = wrap(&shown_lines(&finding.message), room);
    for (index, part) in message.iter().enumerate() {
        match index {
            0 => text.push_str(&format!(
                "  {}{}{:TITLE$}{part}\n",
                paint(style(finding.severity), word),
                " ".repeat(STATUS - 2 - word.len()),
                line.title
            )),
            _ => text.push_str(&format!("{indent}{part}\n")),
        }
    }
    if let Some(fix) = &finding.fix {
        for part in wrap(&shown_lines(&format!("fix: {fix}")), room) {
            text.push_str(&format!("{indent}{part}\n"));
        }
    }
    // Whole, so that it can be copied.
    if let Some(command) = &finding.command {
        text.push_str(&format!("{indent}  {}\n", shown_lines(command)));
    }
}
