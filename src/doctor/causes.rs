//! Which failure causes which, so that users begin with the cause.

use super::assessment::Assessment;
use super::finding::{Line, Severity};

/// A check, the checks whose failure explains its own, the likeliest first, and the flag without which they do not: the
/// part that slicegate writes by itself.
#[rustfmt::skip]
const FOLLOWS: &[(&str, &[&str], Option<&str>)] = &[
    ("service", &["namespace"], None),
    ("endpoints", &["namespace", "deployment", "service"], None),
    ("certificate-authority", &["deployment", "rights"], Some("tls-secret")),
    ("certificate", &["deployment", "rights"], Some("tls-secret")),
    ("reached", &["namespace", "deployment", "service", "endpoints", "mutating-webhook", "validating-webhook", "certificate-authority", "certificate"], None),
    ("policy", &["deployment", "rights"], Some("keep-records")),
    ("guard-objects", &["deployment", "rights", "validating-webhook"], Some("keep-guard")),
    ("guard-objects", &["policy"], None),
    ("guard-in-force", &["guard-objects"], None),
    ("guard-receipts", &["deployment", "rights", "validating-webhook"], Some("keep-guard")),
    ("guard-receipts", &["policy"], None),
];

/// Adds to each line that is not ok the title of the check that causes it.
pub(super) fn trace(assessment: &Assessment<'_>, lines: &mut [Line]) {
    let failed: Vec<(&'static str, &'static str)> = lines
        .iter()
        .filter(|line| line.finding.severity == Severity::Fail)
        .map(|line| (line.check, line.title))
        .collect();
    for line in lines {
        if line.finding.severity != Severity::Ok {
            line.follows = root(assessment, &failed, line.check);
        }
    }
}

/// The title of the first cause in the chain of causes; the table has no circles.
fn root(
    assessment: &Assessment<'_>,
    failed: &[(&'static str, &'static str)],
    check: &str,
) -> Option<&'static str> {
    let rows = FOLLOWS.iter().filter(|(follower, ..)| *follower == check);
    let rows = rows.filter(|(.., flag)| flag.is_none_or(|flag| assessment.has_flag(flag)));
    let mut causes = rows.flat_map(|(_, causes, _)| *causes);
    causes.find_map(|cause| {
        let (id, title) = failed.iter().find(|(id, _)| id == cause)?;
        Some(root(assessment, failed, id).unwrap_or(title))
    })
}

#[cfg(test)]
mod tests {
    use super::super::checks;
    use super::FOLLOWS;

    #[test]
    fn causes_are_checks_that_come_before_what_follows_from_them() {
        let at = |id: &str| checks::ALL.iter().position(|check| check.0 == id).unwrap();
        for (follower, causes, _) in FOLLOWS {
            for cause in *causes {
                assert!(at(cause) < at(follower), "{cause} {follower}");
            }
        }
    }
}
