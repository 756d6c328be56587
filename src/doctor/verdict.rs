//! The first thing that users read: whether slicegate works, whether the boundary holds, and where to begin.

use serde::Serialize;

use super::finding::{Group, Line, Severity, Sight};
use super::text::some;

/// The sum of all lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The worst of all lines.
    #[serde(rename = "status")]
    pub severity: Severity,
    /// Whether slicegate does its work; none if that could not be seen.
    pub works: Option<bool>,
    pub boundary: Boundary,
    /// All of that in a sentence or two.
    pub message: String,
}

/// Whether trust boundaries are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    Guaranteed,
    /// With the exceptions that the warnings name.
    Limited,
    /// What it depends on could not be seen.
    Unknown,
    /// It is broken, or may be at any time.
    NotGuaranteed,
}

/// The groups that the boundary depends on.
const BOUNDARY: [Group; 2] = [Group::Guard, Group::Boundary];

/// What all lines say together.
pub fn verdict(lines: &[Line]) -> Verdict {
    let worst = |groups: &[Group]| {
        let ours = lines.iter().filter(|l| groups.contains(&l.group));
        let severities = ours.map(|l| l.finding.severity);
        severities.max().unwrap_or(Severity::Ok)
    };
    let is_unseen = |checks: &[&str]| {
        let mut ours = lines.iter().filter(|l| checks.contains(&l.check));
        ours.any(|l| l.finding.sight != Sight::Seen)
    };
    // If it is not installed, nothing else matters.
    let absent = lines
        .iter()
        .find(|l| l.check == "installed" && l.finding.severity == Severity::Fail);
    if let Some(absent) = absent {
        return Verdict {
            severity: Severity::Fail,
            works: Some(false),
            boundary: Boundary::NotGuaranteed,
            message: format!("{}.", absent.finding.message),
        };
    }
    let works = match worst(&[Group::Installation]) {
        Severity::Fail => Some(false),
        _ if is_unseen(&["reached"]) => None,
        _ => Some(true),
    };
    let boundary = match worst(&BOUNDARY) {
        Severity::Fail => Boundary::NotGuaranteed,
        _ if is_unseen(&["guard-objects", "breaches"]) => Boundary::Unknown,
        Severity::Warn => Boundary::Limited,
        Severity::Ok => Boundary::Guaranteed,
    };
    Verdict {
        severity: worst(&Group::ALL),
        works,
        boundary,
        message: message(works, boundary, lines),
    }
}

/// The titles of seen findings of that severity in these groups that follow from no other finding.
fn titles(lines: &[Line], severity: Severity, groups: &[Group]) -> Vec<&'static str> {
    let mut titles = Vec::new();
    for line in lines {
        let finding = &line.finding;
        if finding.severity == severity
            && finding.sight == Sight::Seen
            && line.follows.is_none()
            && groups.contains(&line.group)
            && !titles.contains(&line.title)
        {
            titles.push(line.title);
        }
    }
    titles
}

fn message(works: Option<bool>, boundary: Boundary, lines: &[Line]) -> String {
    let begin = match works {
        Some(true) => "slicegate works here",
        Some(false) => "slicegate does NOT work here",
        None => "It could not be seen whether slicegate works here",
    };
    let guaranteed = "the trust boundary is guaranteed among enforced namespaces";
    let holds = match boundary {
        Boundary::Guaranteed => guaranteed.to_owned(),
        Boundary::Limited => match &titles(lines, Severity::Warn, &BOUNDARY)[..] {
            [] => format!("{guaranteed} but for what could not be seen"),
            but => format!("{guaranteed} but for {}", some(but)),
        },
        Boundary::Unknown => {
            "it could not be seen whether the trust boundary is guaranteed".to_owned()
        }
        Boundary::NotGuaranteed => "the trust boundary is NOT guaranteed".to_owned(),
    };
    let wrong = titles(lines, Severity::Fail, &Group::ALL);
    let others = [Group::Installation, Group::Policy, Group::Supply];
    let doubtful = titles(lines, Severity::Warn, &others);
    let more = match (&wrong[..], &doubtful[..]) {
        ([], []) => String::new(),
        ([], doubtful) => format!(" To look at: {}.", some(doubtful)),
        (wrong, _) => format!(" Wrong: {}.", some(wrong)),
    };
    format!("{begin}; {holds}.{more}")
}
