//! What people read in an answer: the text of a denial, and warnings.

use crate::engine::decision::{Decision, Outcome};
use crate::engine::findings::Finding;
use crate::engine::rule::Severity;
use crate::engine::shown::shown;

/// More lines help nobody, and an answer has to stay small.
const MOST_LINES: usize = 200;
/// In characters, of a part of a line; names that an API server takes are shorter.
const LONGEST: usize = 600;

/// One summary line within 200 characters, then a line for each finding that denies.
pub fn denial(decision: &Decision<'_>) -> String {
    let denials = || {
        decision
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Deny)
    };
    let first = denials().next().map_or("", |f| f.message.as_str());
    let more = denials().count().saturating_sub(1);
    let suffix = match more {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    let room = 200_usize.saturating_sub("slicegate: ".len() + suffix.len());
    let mut text = format!("slicegate: {}{suffix}", cut(&shown(first), room));
    for finding in denials().take(MOST_LINES) {
        text.push('\n');
        text.push_str(&format!("[{}] ", finding.rule.id));
        if !finding.path.is_empty() {
            text.push_str(&format!("{}: ", cut(&shown(&finding.path), LONGEST)));
        }
        let (message, fix) = (shown(&finding.message), shown(&finding.fix));
        text.push_str(&format!(
            "{}; fix: {}",
            cut(&message, LONGEST),
            cut(&fix, LONGEST)
        ));
    }
    if let Some(unsaid) = (more + 1).checked_sub(MOST_LINES).filter(|n| *n > 0) {
        text.push_str(&format!("\nand {unsaid} more of the kind"));
    }
    text
}

/// What the person who creates the pod is warned of.
pub(super) fn warnings(findings: &[Finding]) -> Vec<String> {
    let warns = findings.iter().filter(|f| f.severity == Severity::Warn);
    warns.take(MOST_LINES).map(line).collect()
}

/// What dry-run says instead of doing it: the outcome, and every finding.
pub(super) fn rehearsal(decision: &Decision<'_>) -> Vec<String> {
    let outcome = match (decision.outcome, decision.strategy) {
        (Outcome::Untouched, _) => None,
        (Outcome::Denied, _) => Some("this pod would be refused".to_owned()),
        (Outcome::Rewritten, Some(strategy)) => Some(format!("this pod would be given {strategy}")),
        (Outcome::Rewritten, None) => Some("this pod would be stamped".to_owned()),
    };
    let outcome = outcome.map(|what| format!("slicegate dry-run: {what}"));
    outcome
        .into_iter()
        .chain(decision.findings.iter().take(MOST_LINES).map(line))
        .collect()
}

fn line(finding: &Finding) -> String {
    plain(["slicegate ", finding.rule.id, ": ", &finding.message].concat())
}

/// A text as a warning: the API server drops one with control characters without a word.
pub(super) fn plain(text: String) -> String {
    cut(&shown(&text), 240)
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(room.saturating_sub(3)).collect();
    short.push_str("...");
    short
}
