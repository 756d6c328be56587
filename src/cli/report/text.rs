//! The report for people: each object with what changes, why this mechanism and not another, and what was found.

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

use super::{ConsideredEntry, FindingEntry, Item, ReviewReport, summary};
use crate::cli::rules;
use crate::cli::table::{Cell, Column, Table, WIDTH, paint};
use crate::engine::shown::shown_lines;

/// The whole report; nothing where nothing could be read.
pub(crate) fn render(report: &ReviewReport) -> String {
    if report.items.is_empty() && !report.unreadable.is_empty() {
        return String::new();
    }
    let mut text = assumptions(report);
    let mut was_short = false;
    for item in &report.items {
        let is_short = item.findings.is_empty() && item.preview.writes.is_empty();
        if !(text.is_empty() || is_short && was_short) {
            text.push('\n');
        }
        text.push_str(&self::item(item));
        was_short = is_short;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text + &summary::render(report)
}

fn assumptions(report: &ReviewReport) -> String {
    let mut table = Table::new(0, &[Column::Left(KEY)]);
    let style = AnsiColor::Yellow.on_default();
    for (index, assumption) in report.assumptions.iter().enumerate() {
        let head = if index == 0 { "assumed" } else { "" };
        table.row([Cell::styled(head, style), assumption.as_str().into()]);
    }
    table.render()
}

/// How wide the words at the left may be.
const KEY: usize = 10;

fn item(item: &Item) -> String {
    let mut text = header(item);
    text.push_str(&fields(item));
    if !item.considered.is_empty() {
        text.push_str("  considered\n");
        text.push_str(&considered(item));
    }
    text
}

/// `rewritten  Deployment team-a/llm  (a.yaml)`
fn header(item: &Item) -> String {
    let color = match item.outcome {
        "rewritten" => AnsiColor::Green.on_default().bold(),
        "denied" => AnsiColor::Red.on_default().bold(),
        _ => Style::new().dimmed(),
    };
    let what = shown_lines(&title(item));
    let place = shown_lines(&place(item));
    let dry = match item.mode {
        Some("dry-run") => " (dry-run: reported, not applied)",
        _ => "",
    };
    let length = 11 + what.chars().count() + place.chars().count() + dry.len() + 4;
    let gap = if length > WIDTH {
        "\n           "
    } else {
        "  "
    };
    format!(
        "{}  {}{dry}{gap}{}\n",
        paint(color, &format!("{:<9}", item.outcome)),
        paint(Style::new().bold(), &what),
        paint(Style::new().dimmed(), &format!("({place})")),
    )
}

/// `Deployment team-a/llm`, as far as the object says.
pub(crate) fn title(item: &Item) -> String {
    let kind = if item.kind.is_empty() {
        "object"
    } else {
        &item.kind
    };
    let name = if item.name.is_empty() {
        "(no name)"
    } else {
        &item.name
    };
    format!("{kind} {}/{name}", item.namespace)
}

/// The file, and the document where it is not the first.
pub(crate) fn place(item: &Item) -> String {
    let mut place = match item.source.as_str() {
        "-" => "standard input".to_owned(),
        file => file.to_owned(),
    };
    if item.document > 0 {
        place.push_str(&format!(", document {}", item.document));
    }
    if let Some(index) = item.item {
        place.push_str(&format!(", item {index}"));
    }
    place
}

fn fields(item: &Item) -> String {
    let mut table = Table::new(2, &[Column::Left(KEY)]);
    let mut field = |name: &str, value: String| table.row([name.into(), value.into()]);
    if item.outcome != "denied" {
        field("why", item.reason.clone());
    }
    match (&item.tier, &item.trust_boundary) {
        (Some(tier), Some(boundary)) => field("tier", format!("{tier}, trust boundary {boundary}")),
        (Some(tier), None) => field("tier", tier.clone()),
        (None, Some(boundary)) => field("tier", format!("none, trust boundary {boundary}")),
        (None, None) => {}
    }
    if item.outcome == "rewritten" {
        field("request", request(item));
        field("takes", takes(item));
    }
    if !item.preview.writes.is_empty() {
        field("writes", item.preview.writes.join("; "));
    }
    for finding in &item.findings {
        let style = rules::style(finding.severity);
        table.row([
            Cell::styled(finding.severity, style),
            self::finding(finding).into(),
        ]);
    }
    table.render()
}

fn finding(finding: &FindingEntry) -> String {
    let place = match finding.path.as_str() {
        "" => String::new(),
        path => format!(" at {path}"),
    };
    format!(
        "{}{place}\n{}\nfix: {}",
        finding.rule, finding.message, finding.fix
    )
}

fn request(item: &Item) -> String {
    if item.changes.is_empty() {
        return match shrinks(item) {
            true => "as written; under that name its nodes hand out shares".to_owned(),
            false => "as written".to_owned(),
        };
    }
    let line = |change: &super::ChangeEntry| {
        let (from, to) = (resources(&change.from), resources(&change.to));
        format!("{}: {from} -> {to}", change.container)
    };
    let lines: Vec<String> = item.changes.iter().map(line).collect();
    lines.join("\n")
}

/// Whether the pod takes less than it asked for as written, as far as it would show.
fn shrinks(item: &Item) -> bool {
    let gpus = item.preview.gpus;
    gpus.before - gpus.after >= 0.005
}

fn resources(list: &Map<String, Value>) -> String {
    let words: Vec<String> = list
        .iter()
        .map(|(name, quantity)| format!("{} {name}", quantity.as_str().unwrap_or_default()))
        .collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        _ => words.join(", "),
    }
}

fn takes(item: &Item) -> String {
    let gpus = item.preview.gpus;
    let pods = match item.preview.pods {
        1 => String::new(),
        n => format!(", times {n} pods"),
    };
    let unit = if gpus.after > 1.0 { "GPUs" } else { "GPU" };
    let after = format!("{} {unit}{pods}", summary::number(gpus.after));
    match shrinks(item) {
        true => format!("{after} (as written: {})", summary::number(gpus.before)),
        false => after,
    }
}

/// Candidates with the same verdict together, in the order they were tried.
fn considered(item: &Item) -> String {
    let mut table = Table::new(4, &[Column::Left(12), Column::Left(48)]);
    let mut before = "";
    for (strategy, verdict, offers) in groups(&item.considered) {
        let name = if strategy == before { "" } else { strategy };
        before = strategy;
        let style = match verdict {
            "chosen" => AnsiColor::Green.on_default(),
            _ => Style::new(),
        };
        // Nothing is chosen for a pod that something else refuses.
        let verdict = match (item.outcome, verdict) {
            ("denied", "chosen") => "would serve it",
            _ => verdict,
        };
        let cells = [name, &self::offers(&offers), verdict];
        table.row(cells.map(|text| Cell::styled(text, style)));
    }
    for (strategies, why) in &item.preview.left_out {
        table.row([
            strategies.join(", ").into(),
            "-".into(),
            why.as_str().into(),
        ]);
    }
    table.render()
}

type Group<'i> = (&'static str, &'i str, Vec<&'i str>);

fn groups(entries: &[ConsideredEntry]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for entry in entries {
        let alike = |g: &&mut Group<'_>| g.0 == entry.strategy && g.1 == entry.verdict;
        match groups.iter_mut().find(alike) {
            Some((_, _, offers)) => offers.push(&entry.offer),
            None => groups.push((entry.strategy, &entry.verdict, vec![&entry.offer])),
        }
    }
    groups
}

/// `nvidia.com/gpu on A, B`: the resource once, with all products that have it.
fn offers(offers: &[&str]) -> String {
    let mut by_resource: Vec<(&str, Vec<&str>)> = Vec::new();
    for offer in offers {
        // `any` and `none` are no offers.
        let Some((resource, product)) = offer.split_once(" on ") else {
            return "-".to_owned();
        };
        match by_resource.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, products)) => products.push(product),
            None => by_resource.push((resource, vec![product])),
        }
    }
    let lines: Vec<String> = by_resource
        .iter()
        .map(|(resource, products)| format!("{resource} on {}", products.join(", ")))
        .collect();
    lines.join("\n")
}
