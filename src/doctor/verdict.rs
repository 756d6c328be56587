//! The first thing read: does slicegate work, does the boundary hold, and where to begin.

use super::{Group, Line, Severity};

/// What all lines come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of all lines.
    pub severity: Severity,
    /// Whether slicegate does its work.
    pub works: bool,
    /// Whether boundaries are kept apart.
    pub boundary: Boundary,
    /// All of that in a sentence or two.
    pub message: String,
}

/// How far boundaries are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// Nothing speaks against it.
    Guaranteed,
    /// But for what the warnings name.
    Limited,
    /// It is broken, or may be at any time.
    NotGuaranteed,
}

impl Boundary {
    /// The word reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guaranteed => "guaranteed",
            Self::Limited => "limited",
            Self::NotGuaranteed => "not-guaranteed",
        }
    }
}

pub(super) fn of(lines: &[Line]) -> Verdict {
    let worst = |groups: &[Group]| {
        let ours = lines.iter().filter(|l| groups.contains(&l.group));
        let severities = ours.map(|l| l.finding.severity);
        severities.max().unwrap_or(Severity::Ok)
    };
    let works = worst(&[Group::Installation, Group::Policy]) < Severity::Fail;
    let boundary = match worst(&[Group::Guard, Group::Boundary]) {
        Severity::Ok => Boundary::Guaranteed,
        Severity::Warn => Boundary::Limited,
        Severity::Fail => Boundary::NotGuaranteed,
    };
    let severity = worst(&Group::ALL);
    Verdict {
        severity,
        works,
        boundary,
        message: message(works, boundary, severity),
    }
}

fn message(works: bool, boundary: Boundary, severity: Severity) -> String {
    let holds = match boundary {
        Boundary::Guaranteed => "the trust boundary is guaranteed among enforced namespaces",
        Boundary::Limited => {
            "the trust boundary is guaranteed among enforced namespaces but for what the warnings \
             say"
        }
        Boundary::NotGuaranteed => "the trust boundary is NOT guaranteed",
    };
    let text = match (works, boundary) {
        (true, Boundary::NotGuaranteed) => format!("slicegate works here, but {holds}"),
        (true, _) => format!("slicegate works here, and {holds}"),
        (false, Boundary::NotGuaranteed) => {
            format!("slicegate does NOT work here, and {holds}")
        }
        (false, _) => format!("slicegate does NOT work here; {holds}"),
    };
    match severity {
        Severity::Warn if boundary == Boundary::Guaranteed => {
            format!("{text}. Some things are missing or could not be seen.")
        }
        _ => format!("{text}."),
    }
}
