//! The DoctorReport as text: the verdict, where to begin, then every check under its heading.

use anstyle::{AnsiColor, Style};

use super::table::{paint, width, wrap};
use crate::doctor::{Grant, Group, Line, Severity, Sight};
use crate::engine::vocabulary::{shown, shown_lines};
use crate::report::doctor::{Caller, DoctorReport};

/// Where messages begin: after the status and the title.
const STATUS: usize = 8;
const TITLE: usize = 20;

/// The whole report.
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
        text.push_str(&granted(grant));
    }
    if is_blind {
        return text;
    }
    for group in Group::ALL {
        let ours: Vec<&Line> = lines.iter().filter(|l| l.group == group).collect();
        if ours.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "\n{}\n",
            paint(Style::new().bold(), group.title())
        ));
        for line in &ours {
            one(line, &mut text);
        }
        if ours.iter().any(|l| l.finding.severity != Severity::Ok) {
            text.push_str(&format!("  more: {}\n", group.chapter()));
        }
    }
    text
}

/// How many of each, and how many of them are news.
fn counts(report: &DoctorReport, lines: &[Line]) -> String {
    let summary = &report.summary;
    let fails = lines
        .iter()
        .filter(|l| l.finding.severity == Severity::Fail);
    let following = match fails.filter(|l| l.follows.is_some()).count() {
        0 => String::new(),
        1 => " (1 of them follows from another)".to_owned(),
        some => format!(" ({some} of them follow from others)"),
    };
    format!(
        "{} ok, {} to look at, {} wrong{following}\n",
        summary.ok, summary.warn, summary.fail
    )
}

/// Which cluster, and who asked.
fn asked(cluster: &Caller) -> String {
    let Caller { server, by, user } = cluster;
    let user = match user {
        Some(user) if !by.starts_with(&format!("user {user} ")) => format!(", there {user}"),
        _ => String::new(),
    };
    shown(&format!("{server} as {by}{user}")).into_owned()
}

/// What could not be seen, and the one command that opens it.
fn granted(grant: &Grant) -> String {
    let user = grant.user.as_deref().unwrap_or("this user");
    let Grant {
        refused,
        checks,
        command,
        ..
    } = grant;
    let words = if grant.is_blind {
        format!(
            "{user} may see nothing of slicegate here, so nothing was checked. An administrator grants it by:"
        )
    } else {
        format!(
            "{user} may not see what {refused} of {checks} checks look at; the exit status is by the others. An \
             administrator grants it by:"
        )
    };
    let mut text = String::new();
    for line in wrap(&shown_lines(&words), width()) {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str(&format!(
        "  {}\n  (the role is in webhook-config/60-doctor-role.yaml and in the chart)\n",
        shown_lines(command)
    ));
    text
}

/// What others may follow from: what fails first, in the order of the groups.
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

fn one(line: &Line, text: &mut String) {
    let finding = &line.finding;
    let word = finding.severity.word();
    let indent = " ".repeat(STATUS + TITLE);
    let room = width() - STATUS - TITLE;
    // Names in a cluster are anybody's to write.
    let message = match line.follows {
        Some(cause) => format!("{} (follows from {cause})", finding.message),
        None => finding.message.clone(),
    };
    let message = wrap(&shown_lines(&message), room);
    for (index, part) in message.iter().enumerate() {
        match index {
            0 => text.push_str(&format!(
                "  {}{}{:TITLE$}{part}\n",
                paint(style(finding.severity), word),
                " ".repeat(STATUS - 2 - word.len()),
                line.title
            )),
            _ => text.push_str(&format!("{indent}{part}\n")),
        }
    }
    // Mended with its cause, or by what is granted at the top.
    if line.follows.is_some() || finding.sight == Sight::Refused {
        return;
    }
    if let Some(fix) = &finding.fix {
        for part in wrap(&shown_lines(&format!("fix: {fix}")), room) {
            text.push_str(&format!("{indent}{part}\n"));
        }
    }
    // Whole, so that it can be copied.
    if let Some(command) = &finding.command {
        text.push_str(&format!("{indent}  {}\n", shown_lines(command)));
    }
}
