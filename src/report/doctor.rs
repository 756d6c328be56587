//! The DoctorReport: what doctor's checks found in a cluster.

use serde::Serialize;

use super::API_VERSION;
use crate::doctor::{self, Gathered, Grant, Group, Line, Severity, Sight, Verdict};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub cluster: Caller,
    pub verdict: Verdict,
    pub summary: Summary,
    /// A command for an administrator that lets the user see the rest; null if nothing was refused.
    pub grant: Option<String>,
    pub checks: Vec<CheckEntry>,
}

/// Which cluster was asked, and by whom.
#[derive(Debug, Serialize)]
pub struct Caller {
    pub server: String,
    /// As the kubeconfig calls it.
    pub by: String,
    /// As the cluster calls it; null if the cluster does not say.
    pub user: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Summary {
    pub ok: usize,
    pub warn: usize,
    pub fail: usize,
    /// How many of these could not be seen.
    pub unseen: usize,
}

/// One thing that a check found.
#[derive(Debug, Serialize)]
pub struct CheckEntry {
    pub id: &'static str,
    pub group: Group,
    pub title: &'static str,
    pub status: Severity,
    pub message: String,
    pub fix: Option<String>,
    pub command: Option<String>,
    /// The title of the check whose finding causes this one.
    pub follows: Option<&'static str>,
    /// The chapter of the documents about it.
    pub chapter: &'static str,
}

impl DoctorReport {
    pub fn of(caller: Caller, gathered: &Gathered, lines: &[Line], grant: Option<&Grant>) -> Self {
        let user = gathered.user.as_ref().ok().cloned();
        let count = |is: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| is(line)).count();
        let of = |severity| count(&|line| line.finding.severity == severity);
        Self {
            api_version: API_VERSION,
            kind: "DoctorReport",
            cluster: Caller { user, ..caller },
            verdict: doctor::verdict(lines),
            grant: grant.map(|grant| grant.command.clone()),
            summary: Summary {
                ok: of(Severity::Ok),
                warn: of(Severity::Warn),
                fail: of(Severity::Fail),
                unseen: count(&|line| line.finding.sight != Sight::Seen),
            },
            checks: lines.iter().map(entry).collect(),
        }
    }
}

fn entry(line: &Line) -> CheckEntry {
    let finding = line.finding.clone();
    CheckEntry {
        id: line.check,
        group: line.group,
        title: line.title,
        status: finding.severity,
        message: finding.message,
        fix: finding.fix,
        command: finding.command,
        follows: line.follows,
        chapter: line.group.chapter(),
    }
}
