//! The texts of an answer: the message of a denial, and warnings. All are bounded, whatever the findings.

use super::tally::{Repeated, Tally, tally};
use crate::engine::line::{Decision, Edit, Outcome};
use crate::engine::vocabulary::{Finding, Severity, shown};
use crate::facts::Pod;

/// Bytes of a denial: a screen or two, and below what any client cuts off.
const LONGEST_DENIAL: usize = 32 << 10;
/// Characters of the message of a finding, and of its fix.
const LONGEST_MESSAGE: usize = 2000;
/// Warnings. The API server drops the rest after 4,096 characters in total.
const MOST_WARNINGS: usize = 40;

/// A summary line of at most 200 characters, then a line for each finding that denies. Equal findings, and many
/// findings of one rule, are counted.
pub fn denial_message(decision: &Decision<'_>) -> String {
    let findings = decision.findings.iter();
    let mut denials = findings.filter(|f| f.severity == Severity::Deny);
    let first = denials.next().map_or("", |f| f.message.as_str());
    let suffix = match denials.count() {
        0 => String::new(),
        n => format!(" (and {} more)", grouped(n)),
    };
    let room = 200_usize.saturating_sub("slicegate: ".len() + suffix.len());
    let mut text = format!("slicegate: {}{suffix}", shorten(first, room));
    let tallies = tally(&decision.findings);
    let denying = tallies.iter().filter(|t| t.severity == Severity::Deny);
    add_lines(&mut text, denying);
    text
}

/// A line for each finding, for an Event.
pub fn finding_lines(findings: &[Finding]) -> String {
    let mut text = String::new();
    add_lines(&mut text, tally(findings).iter());
    text.trim_start().to_owned()
}

pub(super) fn warnings_of(findings: &[Finding]) -> Vec<String> {
    let tallies = tally(findings);
    let warning = tallies.iter().filter(|t| t.severity == Severity::Warn);
    warning.flat_map(lines).take(MOST_WARNINGS).collect()
}

/// The warning about a pod without a controller whose resources get another name. Resources are immutable, so that its
/// manifest cannot be applied again (kubernetes/kubernetes#121855).
pub(super) fn bare_pod_warning(pod: &Pod<'_>, decision: &Decision<'_>) -> Option<String> {
    let is_applied = pod
        .metadata
        .as_ref()
        .is_some_and(|m| m.generate_name.is_none());
    let is_renamed = |edit: &Edit<'_>| matches!(edit, Edit::Resource { old: Some(old), resource, .. } if old != resource);
    let renamed = || decision.edits.iter().any(is_renamed);
    (is_applied && pod.owners().is_empty() && renamed()).then(|| {
        "slicegate: a bare pod: applying this manifest again will fail; use a Deployment or a Job".to_owned()
    })
}

/// The warnings of dry-run: the outcome and the findings.
pub(super) fn dry_run_warnings(decision: &Decision<'_>) -> Vec<String> {
    let outcome = match (decision.outcome, decision.strategy) {
        (Outcome::Untouched, _) => None,
        (Outcome::Denied, _) => Some("this pod would be refused".to_owned()),
        (Outcome::Rewritten, Some(strategy)) => Some(format!("this pod would be given {strategy}")),
        (Outcome::Rewritten, None) => Some("this pod would get slicegate's labels".to_owned()),
    };
    let outcome = outcome.map(|what| format!("slicegate dry-run: {what}"));
    let tallies = tally(&decision.findings);
    let found = tallies.iter().flat_map(lines);
    outcome
        .into_iter()
        .chain(found)
        .take(MOST_WARNINGS)
        .collect()
}

fn add_lines<'t>(text: &mut String, tallies: impl Iterator<Item = &'t Tally<'t>>) {
    let mut omitted = 0;
    for tally in tallies {
        for repeated in &tally.distinct {
            if text.len() > LONGEST_DENIAL {
                omitted += repeated.times;
                continue;
            }
            add_line(text, repeated);
        }
        match tally.omitted() {
            0 => {}
            more if text.len() > LONGEST_DENIAL => omitted += more,
            more => {
                let more = more_of_the_kind(tally, more);
                text.push_str(&format!("\n[{}] {more}", tally.rule.id));
            }
        }
    }
    if omitted > 0 {
        text.push_str(&format!("\nand {} more findings", grouped(omitted)));
    }
}

fn add_line(text: &mut String, repeated: &Repeated<'_>) {
    let finding = repeated.first;
    text.push_str(&format!("\n[{}] ", finding.rule.id));
    if !finding.path.is_empty() {
        text.push_str(&format!("{}: ", shorten(&finding.path, LONGEST_MESSAGE)));
    }
    text.push_str(&shorten(&finding.message, LONGEST_MESSAGE));
    text.push_str(&repetition(repeated));
    text.push_str("; fix: ");
    text.push_str(&shorten(&finding.fix, LONGEST_MESSAGE));
}

fn lines(tally: &Tally<'_>) -> impl Iterator<Item = String> {
    let id = tally.rule.id;
    let line = move |repeated: &Repeated<'_>| {
        let times = repetition(repeated);
        let parts = ["slicegate ", id, ": ", &repeated.first.message, &times];
        warning_text(parts.concat())
    };
    let omitted = Some(tally.omitted()).filter(|more| *more > 0);
    let more = omitted.map(|n| {
        let more = more_of_the_kind(tally, n);
        warning_text(format!("slicegate {id}: {more}"))
    });
    tally.distinct.iter().map(line).chain(more)
}

fn repetition(repeated: &Repeated<'_>) -> String {
    match repeated.times {
        0 | 1 => String::new(),
        2 => " (and once more)".to_owned(),
        n => format!(" (and {} more times)", grouped(n - 1)),
    }
}

fn more_of_the_kind(tally: &Tally<'_>, more: usize) -> String {
    let mut text = format!("and {} more of the kind", grouped(more));
    let named = tally.other_places.iter().filter(|place| !place.is_empty());
    let named: Vec<String> = named.map(|place| shorten(place, 100)).collect();
    if !named.is_empty() {
        text.push_str(&format!(", at {} and so on", named.join(", ")));
    }
    text
}

/// `59,999`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A text on one line, without invisible characters. A user may have written any text.
pub(super) fn shorten(text: &str, room: usize) -> String {
    let end = text.char_indices().nth(room + 1);
    let mut short = shown(end.map_or(text, |(end, _)| &text[..end])).into_owned();
    if let Some((end, _)) = short.char_indices().nth(room) {
        let keep = short.char_indices().nth(room.saturating_sub(3));
        short.truncate(keep.map_or(end, |(at, _)| at));
        short.push_str("...");
    }
    short
}

/// Characters of a warning.
const LONGEST_WARNING: usize = 240;

/// A text as a warning. The API server silently drops a warning with control characters.
pub(super) fn warning_text(text: String) -> String {
    // The common case: short enough in bytes, and so in characters.
    if text.len() <= LONGEST_WARNING && !text.contains(char::is_control) {
        text
    } else {
        shorten(&text, LONGEST_WARNING)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        LONGEST_DENIAL, MOST_WARNINGS, denial_message, finding_lines, grouped, shorten, warnings_of,
    };
    use crate::engine::Outcome;
    use crate::engine::line::{Decision, Reason};
    use crate::engine::rules;
    use crate::engine::vocabulary::{Finding, Mode, Severity};

    fn finding(rule: usize, severity: Severity, number: usize, message: String) -> Finding {
        Finding {
            rule: rules::ALL[rule],
            severity,
            path: format!("/spec/containers/{number}/env/0"),
            message,
            fix: "remove it".to_owned(),
        }
    }

    fn refused(findings: Vec<Finding>) -> String {
        denial_message(&Decision {
            outcome: Outcome::Denied,
            mode: Mode::Enforce,
            tier: None,
            boundary: None,
            strategy: None,
            allocator: None,
            findings,
            edits: Vec::new(),
            reason: Reason::NotOurs,
        })
    }

    #[test]
    fn a_finding_of_sixty_thousand_is_one_line_with_a_count() {
        let found = |n| finding(0, Severity::Deny, n, "container main sets it".to_owned());
        let text = refused((0..60_000).map(found).collect());
        let id = rules::ALL[0].id;
        let line = format!(
            "[{id}] /spec/containers/0/env/0: container main sets it (and 59,999 more times); fix: remove it"
        );
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "slicegate: container main sets it (and 59,999 more)",
                line.as_str()
            ]
        );
    }

    #[test]
    fn many_findings_of_one_rule_are_cut_and_the_places_of_the_rest_are_named() {
        let found = |n| finding(0, Severity::Deny, n, format!("container c-{n} sets it"));
        let text = refused((0..1_000).map(found).collect());
        let lines: Vec<&str> = text.lines().collect();
        let id = rules::ALL[0].id;
        let last = format!(
            "[{id}] and 990 more of the kind, at /spec/containers/10, /spec/containers/11, /spec/containers/12 and so on"
        );
        assert_eq!((lines.len(), lines[11]), (12, last.as_str()));
    }

    #[test]
    fn texts_are_bounded_and_each_finding_is_one_line() {
        let of = |rule: usize, severity| {
            (0..20).map(move |n| {
                finding(
                    rule,
                    severity,
                    n,
                    format!("{n}\n[x] {}", "ä\u{1b}".repeat(9_000)),
                )
            })
        };
        let all = || (0..rules::ALL.len()).flat_map(|rule| of(rule, Severity::Deny));
        let text = refused(all().collect());
        assert!(
            text.len() < LONGEST_DENIAL + 5 * super::LONGEST_MESSAGE,
            "{}",
            text.len()
        );
        assert!(text.lines().all(|line| !line.contains(char::is_control)));
        assert!(text.lines().next().unwrap().chars().count() <= 200);
        assert!(
            text.ends_with("more findings"),
            "{}",
            &text[text.len() - 100..]
        );
        assert!(finding_lines(&all().collect::<Vec<_>>()).len() <= text.len());
        let warning: Vec<Finding> = (0..rules::ALL.len())
            .flat_map(|r| of(r, Severity::Warn))
            .collect();
        let warnings = warnings_of(&warning);
        assert_eq!(warnings.len(), MOST_WARNINGS);
        assert!(warnings.iter().all(|w| w.chars().count() <= 240));
    }

    #[test]
    fn numbers_are_grouped_and_texts_are_cut() {
        let numbers = [7, 1_000, 59_999, 1_234_567].map(grouped);
        assert_eq!(numbers, ["7", "1,000", "59,999", "1,234,567"]);
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abc...");
        assert_eq!(shorten("ä\nb\u{202e}", 6), "ä\u{fffd}b\u{fffd}");
    }
}
