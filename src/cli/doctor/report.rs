//! The report for programs.

use serde::Serialize;

use crate::cli::API_VERSION;
use crate::doctor::{Line, Severity, Verdict};

/// A DoctorReport.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    api_version: &'static str,
    kind: &'static str,
    pub verdict: VerdictEntry,
    pub summary: Summary,
    checks: Vec<Entry>,
}

/// What all checks come to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerdictEntry {
    /// The worst of all.
    pub status: &'static str,
    /// Whether slicegate does its work; null where that could not be seen.
    works: Option<bool>,
    /// `guaranteed`, `limited`, `unknown` or `not-guaranteed`.
    boundary: &'static str,
    pub message: String,
}

/// Counts.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub ok: usize,
    pub warn: usize,
    pub fail: usize,
}

/// One thing that a check found.
#[derive(Debug, Serialize)]
struct Entry {
    id: &'static str,
    group: &'static str,
    title: &'static str,
    status: &'static str,
    message: String,
    fix: Option<String>,
    command: Option<String>,
}

impl Report {
    pub(super) fn of(verdict: &Verdict, lines: &[Line]) -> Self {
        let count = |severity| {
            lines
                .iter()
                .filter(|l| l.finding.severity == severity)
                .count()
        };
        Self {
            api_version: API_VERSION,
            kind: "DoctorReport",
            verdict: VerdictEntry {
                status: verdict.severity.word(),
                works: verdict.works,
                boundary: verdict.boundary.word(),
                message: verdict.message.clone(),
            },
            summary: Summary {
                ok: count(Severity::Ok),
                warn: count(Severity::Warn),
                fail: count(Severity::Fail),
            },
            checks: lines.iter().map(entry).collect(),
        }
    }
}

fn entry(line: &Line) -> Entry {
    let finding = line.finding.clone();
    Entry {
        id: line.check,
        group: line.group.word(),
        title: line.title,
        status: finding.severity.word(),
        message: finding.message,
        fix: finding.fix,
        command: finding.command,
    }
}
