//! The DoctorReport as text: the verdict, the first check to fix, then every check in its group.

use anstyle::{AnsiColor, Style};

use super::table::{bold, paint, paragraph, width, wrap};
use crate::doctor::{Grant, Group, Line, Severity, Sight};
use crate::engine::vocabulary::{shown, shown_lines};
use crate::report::doctor::{Caller, DoctorReport};

/// Messages begin after the status and the title.
const STATUS: usize = 8;
const TITLE: usize = 20;
const INDENT: usize = STATUS + TITLE;

pub(crate) fn render(report: &DoctorReport, lines: &[Line], grant: Option<&Grant>) -> String {
    let mut text = String::new();
    let worst = lines.iter().map(|l| l.finding.severity).max();
    let style = style(worst.unwrap_or(Severity::Ok)).bold();
    for line in wrap(&shown_lines(&report.verdict.message), width()) {
        text.push_str(&paint(style, &line));
        text.push('\n');
    }
    let is_blind = grant.is_some_and(|grant| grant.is_blind);
    if !is_blind {
        text.push_str(&counts(report, lines));
    }
    if let Some(first) = first(lines) {
        text.push_str(&format!("Begin with: {}\n", first.title));
    }
    text.push_str(&format!("Asked: {}\n", asked(&report.cluster)));
    if let Some(grant) = grant {
        missing_permissions(grant, &mut text);
    }
    if is_blind {
        return text;
    }
    for group in Group::ALL {
        let lines: Vec<&Line> = lines.iter().filter(|l| l.group == group).collect();
        if lines.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{}\n", bold(group.title())));
        for line in &lines {
            check(line, &mut text);
        }
        if lines.iter().any(|l| l.finding.severity != Severity::Ok) {
            text.push_str(&format!("  more: {}\n", group.chapter()));
        }
    }
    text
}

/// How many checks have which status, and how many failures follow from others.
fn counts(report: &DoctorReport, lines: &[Line]) -> String {
    let follows = |l: &&Line| l.finding.severity == Severity::Fail && l.follows.is_some();
    let following = match lines.iter().filter(follows).count() {
        0 => String::new(),
        1 => " (1 of them follows from another)".to_owned(),
        some => format!(" ({some} of them follow from others)"),
    };
    let summary = &report.summary;
    format!(
        "{} ok, {} to look at, {} wrong{following}\n",
        summary.ok, summary.warn, summary.fail
    )
}

fn asked(cluster: &Caller) -> String {
    let Caller { server, by, user } = cluster;
    let user = match user {
        Some(user) if !by.starts_with(&format!("user {user} ")) => format!(", there {user}"),
        _ => String::new(),
    };
    shown(&format!("{server} as {by}{user}")).into_owned()
}

/// What this user may not see, and the command that grants it.
fn missing_permissions(grant: &Grant, text: &mut String) {
    let user = grant.user.as_deref().unwrap_or("this user");
    let words = if grant.is_blind {
        format!(
            "{user} may see nothing of slicegate here, so nothing was checked. An administrator grants it by:"
        )
    } else {
        format!(
            "{user} may not see what {} of {} checks look at; the exit status is by the others. An administrator \
             grants it by:",
            grant.refused, grant.checks
        )
    };
    paragraph(text, 0, &shown_lines(&words));
    text.push_str(&format!(
        "  {}\n  (the role is in webhook-config/60-doctor-role.yaml and in the chart)\n",
        shown_lines(&grant.command)
    ));
}

/// The first failure that follows from no other, in the order of the groups.
fn first(lines: &[Line]) -> Option<&Line> {
    let mut all = Group::ALL
        .into_iter()
        .flat_map(|group| lines.iter().filter(move |l| l.group == group));
    all.find(|l| l.finding.severity == Severity::Fail && l.follows.is_none())
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Ok => AnsiColor::Green.on_default(),
        Severity::Warn => AnsiColor::Yellow.on_default(),
        Severity::Fail => AnsiColor::Red.on_default(),
    }
}

fn check(line: &Line, text: &mut String) {
    let finding = &line.finding;
    let word = finding.severity.word();
    let message = match line.follows {
        Some(cause) => format!("{} (follows from {cause})", finding.message),
        None => finding.message.clone(),
    };
    let mut body = String::new();
    paragraph(&mut body, INDENT, &shown_lines(&message));
    text.push_str(&format!(
        "  {}{:gap$}{:TITLE$}{}",
        paint(style(finding.severity), word),
        "",
        line.title,
        &body[INDENT..],
        gap = STATUS - 2 - word.len(),
    ));
    // The fix of the cause, or the grant at the top, fixes this too.
    if line.follows.is_some() || finding.sight == Sight::Refused {
        return;
    }
    if let Some(fix) = &finding.fix {
        paragraph(text, INDENT, &shown_lines(&format!("fix: {fix}")));
    }
    // In one line, so that it can be copied.
    if let Some(command) = &finding.command {
        text.push_str(&format!("{:INDENT$}  {}\n", "", shown_lines(command)));
    }
}
