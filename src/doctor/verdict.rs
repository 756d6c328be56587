//! The first thing read: does slicegate work, does the boundary hold, and where to begin.

use super::{Group, Line, Severity};

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
        ours.any(|l| !l.finding.is_seen)
    };
    let works = match worst(&[Group::Installation]) {
        Severity::Fail => Some(false),
        _ if unseen(&SHOWS_THAT_IT_WORKS) => None,
        _ => Some(true),
    };
    let boundary = match worst(&[Group::Guard, Group::Boundary]) {
        Severity::Fail => Boundary::NotGuaranteed,
        _ if unseen(&SHOWS_THAT_IT_HOLDS) => Boundary::Unknown,
        Severity::Warn => Boundary::Limited,
        Severity::Ok => Boundary::Guaranteed,
    };
    let severity = worst(&Group::ALL);
    Verdict {
        severity,
        works,
        boundary,
        message: message(works, boundary, severity),
    }
}

fn message(works: Option<bool>, boundary: Boundary, severity: Severity) -> String {
    let begin = match works {
        Some(true) => "slicegate works here",
        Some(false) => "slicegate does NOT work here",
        None => "It could not be seen whether slicegate works here",
    };
    let holds = match boundary {
        Boundary::Guaranteed => "the trust boundary is guaranteed among enforced namespaces",
        Boundary::Limited => {
            "the trust boundary is guaranteed among enforced namespaces but for what the warnings say"
        }
        Boundary::Unknown => "it could not be seen whether the trust boundary is guaranteed",
        Boundary::NotGuaranteed => "the trust boundary is NOT guaranteed",
    };
    let is_said = works == Some(false) || boundary == Boundary::NotGuaranteed;
    let more = match (severity, boundary) {
        (Severity::Fail, _) if !is_said => " Something else is wrong.",
        (Severity::Warn, Boundary::Guaranteed) => " Some things are missing or could not be seen.",
        _ => "",
    };
    format!("{begin}; {holds}.{more}")
}
