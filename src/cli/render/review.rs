//! The ReviewReport as text: each object with what changes, why this mechanism and not another, and what was found.

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

use super::table::{Cell, Column, Table, bold, paint, severity, width, wrap};
use crate::engine::vocabulary::shown_lines;
use crate::report::review::{
    CandidateEntry, ChangeEntry, FindingEntry, Item, Member, ReviewReport, summary,
};

/// The whole report; empty if nothing could be read.
pub(crate) fn render(report: &ReviewReport) -> String {
    if report.items.is_empty() && !report.unreadable.is_empty() {
        return String::new();
    }
    let head = head(report);
    let mut text = head.clone();
    text.push_str(&notes(report));
    let mut was_short = false;
    for item in &report.items {
        let is_short = item.findings.is_empty() && item.preview.writes.is_empty();
        if !(is_short && was_short) {
            text.push('\n');
        }
        text.push_str(&self::item(item));
        was_short = is_short;
    }
    text.push('\n');
    if report.items.len() > A_SCREEN {
        text.push_str(&head);
    }
    if report.summary.gpus.asked > 0.0 {
        text.push_str(&dimmed(summary::LEGEND));
    }
    text
}

/// More items than this push the head of the report off a screen, so it is repeated at the end.
const A_SCREEN: usize = 3;
/// More objects than this are only counted.
const NAMED: usize = 8;
/// The width of the words at the left.
const KEY: usize = 10;
/// What the titles of further objects stand behind.
const UNDER: &str = "           ";

fn head(report: &ReviewReport) -> String {
    let saving = bold(&summary::saving(&report.summary));
    let mut text = format!("{saving}\n{}\n", summary::counts(report));
    if let n @ 1.. = report.unreadable.len() {
        text.push_str(&format!("Not counted: {n} that could not be read.\n"));
    }
    text
}

fn dimmed(text: &str) -> String {
    let dim = Style::new().dimmed();
    let lines = wrap(text, width());
    lines.iter().map(|line| paint(dim, line) + "\n").collect()
}

/// The assumptions, and what to try next.
fn notes(report: &ReviewReport) -> String {
    let mut table = Table::new(0, &[Column::Left(KEY)]);
    let style = AnsiColor::Yellow.on_default();
    for (word, notes) in [("assumed", &report.assumptions), ("hint", &report.hints)] {
        for (index, note) in notes.iter().enumerate() {
            let head = if index == 0 { word } else { "" };
            table.row([Cell::styled(head, style), note.as_str().into()]);
        }
    }
    table.render()
}

fn item(item: &Item) -> String {
    let mut text = header(item);
    text.push_str(&fields(item));
    if !item.considered.is_empty() {
        text.push_str("  considered\n");
        text.push_str(&considered(item));
    }
    text
}

/// `rewritten  Deployment team-a/llm  (a.yaml)`, and under it the other objects of the item.
fn header(item: &Item) -> String {
    let color = match item.outcome {
        "rewritten" => AnsiColor::Green.on_default().bold(),
        "denied" => AnsiColor::Red.on_default().bold(),
        _ => Style::new().dimmed(),
    };
    let objects = &item.preview.objects;
    let mut text = paint(color, &format!("{:<9}", item.outcome)) + "  ";
    for (index, object) in objects.iter().take(NAMED).enumerate() {
        if index > 0 {
            text.push_str(UNDER);
        }
        let is_dry_run = item.mode == Some("dry-run");
        text.push_str(&named(object, is_dry_run, objects.len() > 1));
    }
    if let Some(rest) = objects.get(NAMED..).filter(|rest| !rest.is_empty()) {
        let pods: u64 = rest.iter().map(|object| object.pods).sum();
        text.push_str(&format!("{UNDER}and {} more ({pods} pods)\n", rest.len()));
    }
    text
}

fn named(object: &Member, is_dry_run: bool, is_one_of_many: bool) -> String {
    let what = bold(&shown_lines(&object.title));
    let is_counted = object.pods != 1 && (is_one_of_many || object.place.is_empty());
    let pods = if is_counted {
        format!(", {} pods", object.pods)
    } else {
        String::new()
    };
    let dry = if is_dry_run {
        " (dry-run: reported, not applied)"
    } else {
        ""
    };
    if object.place.is_empty() {
        return format!("{what}{pods}{dry}\n");
    }
    let place = shown_lines(&object.place);
    let length = object.title.chars().count() + pods.len() + dry.len() + place.chars().count();
    let gap = if UNDER.len() + length + 4 > width() {
        format!("\n{UNDER}")
    } else {
        "  ".to_owned()
    };
    let place = paint(Style::new().dimmed(), &format!("({place})"));
    format!("{what}{pods}{dry}{gap}{place}\n")
}

fn fields(item: &Item) -> String {
    let mut table = Table::new(2, &[Column::Left(KEY)]);
    let mut field = |name: &str, value: String| table.row([name.into(), value.into()]);
    if item.outcome != "denied" {
        field("why", item.reason.clone());
    }
    let tier = item.tier.as_deref();
    match &item.trust_boundary {
        Some(boundary) => {
            let tier = tier.unwrap_or("none");
            field("tier", format!("{tier}, trust boundary {boundary}"));
        }
        None => tier
            .into_iter()
            .for_each(|tier| field("tier", tier.to_owned())),
    }
    if item.outcome == "rewritten" {
        field("request", request(item));
        field("takes", takes(item));
    }
    if !item.preview.writes.is_empty() {
        field("writes", item.preview.writes.join("; "));
    }
    for finding in &item.findings {
        let word = Cell::styled(finding.severity, severity(finding.severity));
        table.row([word, self::finding(finding).into()]);
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
        let shares = "; under that name its nodes hand out shares";
        return format!("as written{}", if shrinks(item) { shares } else { "" });
    }
    let line = |change: &ChangeEntry| {
        let (from, to) = (resources(&change.from), resources(&change.to));
        format!("{}: {from} -> {to}", change.container)
    };
    let lines: Vec<String> = item.changes.iter().map(line).collect();
    lines.join("\n")
}

/// Whether the pod takes less than it requested, by two decimals.
fn shrinks(item: &Item) -> bool {
    let gpus = item.preview.one;
    gpus.before - gpus.after >= 0.005
}

fn resources(list: &Map<String, Value>) -> String {
    if list.is_empty() {
        return "nothing".to_owned();
    }
    let quantities = list.iter();
    let words = quantities.map(|(name, q)| format!("{} {name}", q.as_str().unwrap_or_default()));
    words.collect::<Vec<String>>().join(", ")
}

fn takes(item: &Item) -> String {
    let gpus = item.preview.one;
    let pods = match item.gpus.map_or(1, |gpus| gpus.pods) {
        1 => String::new(),
        n => format!(", times {n} pods"),
    };
    let unit = if gpus.after > 1.0 { "GPUs" } else { "GPU" };
    let after = format!("{} {unit}{pods}", summary::number(gpus.after));
    if !shrinks(item) {
        return after;
    }
    format!("{after} (as written: {})", summary::number(gpus.before))
}

/// The candidates, those with the same verdict together, in the order of the decision.
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
        // A denied pod gets none.
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

fn groups(entries: &[CandidateEntry]) -> Vec<Group<'_>> {
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

/// `nvidia.com/gpu on A, B`: each resource once, with its products.
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
