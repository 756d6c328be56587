//! Which failures follow from which, so that the cause stands out.

use super::assessment::Assessment;
use super::finding::{Line, Severity};

/// When one check's failure explains another's.
#[derive(Clone, Copy)]
enum When {
    Always,
    /// slicegate writes its certificate by itself.
    KeepsCertificate,
    /// It keeps the guard by itself.
    KeepsGuard,
    /// It keeps the status of policies by itself.
    KeepsRecords,
}

use When::{Always, KeepsCertificate, KeepsGuard, KeepsRecords};

/// A check, and those whose failure explains its own, the likeliest first.
#[rustfmt::skip]
const FOLLOWS: &[(&str, &[(&str, When)])] = &[
    ("service", &[("namespace", Always)]),
    ("endpoints", &[("namespace", Always), ("deployment", Always), ("service", Always)]),
    ("certificate-authority", &[("deployment", KeepsCertificate), ("rights", KeepsCertificate)]),
    ("certificate", &[("deployment", KeepsCertificate), ("rights", KeepsCertificate)]),
    ("reached", &[("namespace", Always), ("deployment", Always), ("service", Always), ("endpoints", Always), ("mutating-webhook", Always), ("validating-webhook", Always), ("certificate-authority", Always), ("certificate", Always)]),
    ("policy", &[("deployment", KeepsRecords), ("rights", KeepsRecords)]),
    ("guard-objects", &[("deployment", KeepsGuard), ("rights", KeepsGuard), ("validating-webhook", KeepsGuard), ("policy", Always)]),
    ("guard-in-force", &[("guard-objects", Always)]),
    ("guard-receipts", &[("deployment", KeepsGuard), ("rights", KeepsGuard), ("validating-webhook", KeepsGuard), ("policy", Always)]),
];

fn holds(when: When, assessment: &Assessment<'_>) -> bool {
    let has = |flag| {
        assessment
            .known_settings()
            .is_some_and(|settings| settings.has(flag))
    };
    match when {
        Always => true,
        KeepsCertificate => has("tls-secret"),
        KeepsGuard => has("keep-guard"),
        KeepsRecords => has("keep-records"),
    }
}

/// Notes with each line that is not well the title of the check it follows from.
pub(super) fn trace(assessment: &Assessment<'_>, lines: &mut [Line]) {
    let failed: Vec<(&'static str, &'static str)> = lines
        .iter()
        .filter(|line| line.finding.severity == Severity::Fail)
        .map(|line| (line.check, line.title))
        .collect();
    for line in lines
        .iter_mut()
        .filter(|l| l.finding.severity != Severity::Ok)
    {
        line.follows = root(assessment, &failed, line.check);
    }
}

/// The title of the first cause in the chain of causes; the table has no circles.
fn root(
    assessment: &Assessment<'_>,
    failed: &[(&'static str, &'static str)],
    check: &str,
) -> Option<&'static str> {
    let (_, causes) = FOLLOWS.iter().find(|(follower, _)| *follower == check)?;
    causes.iter().find_map(|(cause, when)| {
        let (id, title) = failed.iter().find(|(id, _)| id == cause)?;
        holds(*when, assessment).then(|| root(assessment, failed, id).unwrap_or(title))
    })
}

#[cfg(test)]
mod tests {
    use super::super::checks;
    use super::FOLLOWS;

    #[test]
    fn causes_are_checks_that_come_before_what_follows_from_them() {
        let at = |id: &str| checks::ALL.iter().position(|check| check.id == id).unwrap();
        for (follower, causes) in FOLLOWS {
            for (cause, _) in *causes {
                assert!(at(cause) < at(follower), "{cause} {follower}");
            }
        }
    }
}
