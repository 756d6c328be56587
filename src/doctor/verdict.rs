//! The first thing read: does slicegate work, does the boundary hold, and where to begin.

use super::alike::some;
use super::finding::{Group, Line, Severity, Sight};

/// What all lines come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of all lines.
    pub severity: Severity,
    /// Whether slicegate does its work; none where that could not be seen.
    pub works: Option<bool>,
    /// Whether boundaries are kept apart.
    pub boundary: Boundary,
    /// All of that in a sentence or two.
    pub message: String,
}

/// How far boundaries are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Nothing speaks against it.
    Guaranteed,
    /// But for what the warnings name.
    Limited,
    /// What it depends on could not be seen.
    Unknown,
    /// It is broken, or may be at any time.
    NotGuaranteed,
}

impl Boundary {
    /// The word reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guaranteed => "guaranteed",
            Self::Limited => "limited",
            Self::Unknown => "unknown",
            Self::NotGuaranteed => "not-guaranteed",
        }
    }
}

/// Without it there is nothing to say of anything else.
const INSTALLED: &str = "installed";
/// Without these nobody can say that slicegate works.
const SHOWS_THAT_IT_WORKS: [&str; 1] = ["reached"];
/// Without these nobody can say that the boundary holds.
const SHOWS_THAT_IT_HOLDS: [&str; 2] = ["guard-objects", "breaches"];

pub(super) fn of(lines: &[Line]) -> Verdict {
    let worst = |groups: &[Group]| {
        let ours = lines.iter().filter(|l| groups.contains(&l.group));
        let severities = ours.map(|l| l.finding.severity);
        severities.max().unwrap_or(Severity::Ok)
    };
    let unseen = |checks: &[&str]| {
        let mut ours = lines.iter().filter(|l| checks.contains(&l.check));
        ours.any(|l| l.finding.sight != Sight::Seen)
    };
    let absent = lines
        .iter()
        .find(|l| l.check == INSTALLED && l.finding.severity == Severity::Fail);
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
        _ if unseen(&SHOWS_THAT_IT_WORKS) => None,
        _ => Some(true),
    };
    let boundary = match worst(&BOUNDARY) {
        Severity::Fail => Boundary::NotGuaranteed,
        _ if unseen(&SHOWS_THAT_IT_HOLDS) => Boundary::Unknown,
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

/// The checks of the boundary.
const BOUNDARY: [Group; 2] = [Group::Guard, Group::Boundary];

/// The titles of what is as bad as that, and follows from nothing else, in these groups.
fn titles(lines: &[Line], severity: Severity, groups: &[Group]) -> Vec<&'static str> {
    let mut titles = Vec::new();
    for line in lines {
        let finding = &line.finding;
        let is = finding.severity == severity && finding.sight == Sight::Seen;
        if is
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
    let holds = match boundary {
        Boundary::Guaranteed => {
            "the trust boundary is guaranteed among enforced namespaces".to_owned()
        }
        Boundary::Limited => {
            let but = titles(lines, Severity::Warn, &BOUNDARY);
            let but = if but.is_empty() {
                "what could not be seen".to_owned()
            } else {
                some(&but)
            };
            format!("the trust boundary is guaranteed among enforced namespaces but for {but}")
        }
        Boundary::Unknown => {
            "it could not be seen whether the trust boundary is guaranteed".to_owned()
        }
        Boundary::NotGuaranteed => "the trust boundary is NOT guaranteed".to_owned(),
    };
    let wrong = titles(lines, Severity::Fail, &Group::ALL);
    let doubtful = titles(
        lines,
        Severity::Warn,
        &[Group::Installation, Group::Policy, Group::Supply],
    );
    let more = match (wrong.is_empty(), doubtful.is_empty()) {
        (false, _) => format!(" Wrong: {}.", some(&wrong)),
        (true, false) => format!(" To look at: {}.", some(&doubtful)),
        (true, true) => String::new(),
    };
    format!("{begin}; {holds}.{more}")
}
