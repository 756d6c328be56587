//! The report for programs.

use serde::Serialize;

use crate::cli::API_VERSION;
use crate::cluster::Cluster;
use crate::doctor::{self, Gathered, Grant, Line, Severity, Sight};

/// A DoctorReport.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    api_version: &'static str,
    kind: &'static str,
    pub cluster: Asked,
    pub verdict: VerdictEntry,
    pub summary: Summary,
    /// What an administrator runs so that who asks sees the rest; null where nothing was refused.
    grant: Option<String>,
    checks: Vec<Entry>,
}

/// Which cluster was asked, and by whom.
#[derive(Debug, Serialize)]
pub(super) struct Asked {
    pub server: String,
    /// As the kubeconfig calls it.
    pub by: String,
    /// As the cluster calls it; null where it does not say.
    pub user: Option<String>,
}

impl Asked {
    pub(super) fn of(cluster: &Cluster) -> Self {
        Self {
            server: cluster.address().to_owned(),
            by: cluster.who().to_owned(),
            user: None,
        }
    }
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
    /// How many of these could not be seen.
    pub unseen: usize,
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
    /// The title of the check that it follows from.
    follows: Option<&'static str>,
    /// The chapter about it.
    chapter: &'static str,
}

impl Report {
    pub(super) fn of(
        asked: Asked,
        gathered: &Gathered,
        lines: &[Line],
        grant: Option<&Grant>,
    ) -> Self {
        let verdict = doctor::verdict(lines);
        let user = gathered.user.as_ref().ok().cloned();
        let count = |severity| {
            lines
                .iter()
                .filter(|l| l.finding.severity == severity)
                .count()
        };
        Self {
            api_version: API_VERSION,
            kind: "DoctorReport",
            cluster: Asked { user, ..asked },
            verdict: VerdictEntry {
                status: verdict.severity.word(),
                works: verdict.works,
                boundary: verdict.boundary.word(),
                message: verdict.message,
            },
            grant: grant.map(|grant| grant.command.clone()),
            summary: Summary {
                ok: count(Severity::Ok),
                warn: count(Severity::Warn),
                fail: count(Severity::Fail),
                unseen: lines
                    .iter()
                    .filter(|l| l.finding.sight != Sight::Seen)
                    .count(),
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
        follows: line.follows,
        chapter: line.group.chapter(),
    }
}
