//! The BoundaryReport as text: nodes first, then breaches, then pods that are not covered or have drifted.

use std::collections::HashMap;

use anstyle::{AnsiColor, Style};

use super::table::{Cell, Column, Table, bold, paragraph};
use crate::engine::vocabulary::shown_lines;
use crate::report::boundaries::{
    BoundaryEntry, BoundaryReport, BreachEntry, DriftedEntry, NodeEntry, PodEntry, Summary,
    UncoveredEntry,
};
use crate::report::counted;

pub(crate) fn render(report: &BoundaryReport) -> String {
    let mut text = nodes(&report.nodes);
    let heads = ["BREACH ON NODE", "BOUNDARY", "SHARED PODS"];
    text.push_str(&breaches(&report.breaches, heads, BREACH));
    let heads = ["POSSIBLE BREACH", "BOUNDARY", "PODS"];
    text.push_str(&breaches(&report.possible_breaches, heads, POSSIBLE));
    text.push_str(&uncovered(&report.uncovered));
    text.push_str(&drifted(&report.drifted));
    text.push('\n');
    paragraph(&mut text, 0, &summary(&report.summary));
    text
}

fn summary(summary: &Summary) -> String {
    let certain = |n| format!("{} with shared pods of two boundaries", counted(n, "node"));
    let possible = |n| {
        let nodes = counted(n, "node");
        format!("{nodes} with pods of two boundaries that may share a device")
    };
    let breaches = match (summary.breaches, summary.possible_breaches) {
        (0, 0) => "no node runs shared pods of two boundaries".to_owned(),
        (n, 0) => certain(n),
        (0, m) => possible(m),
        (n, m) => format!("{}, {}", certain(n), possible(m)),
    };
    format!(
        "{}, {}: {} covered by the guarantee, {} not; {breaches}.",
        counted(summary.nodes, "GPU node"),
        counted(summary.pods, "GPU pod"),
        summary.covered,
        summary.uncovered,
    )
}

fn nodes(nodes: &[NodeEntry]) -> String {
    let mut table = Table::new(0, &[Column::Left(30), Column::Left(44)]);
    let head = ["NODE", "SELLS", "BOUNDARIES OF ITS GPU PODS"];
    table.head(Style::new().bold(), head);
    for node in nodes {
        let style = if node.breach {
            AnsiColor::Red.on_default()
        } else if node.possible_breach {
            AnsiColor::Yellow.on_default()
        } else {
            Style::new()
        };
        table.row([
            node.name.as_str().into(),
            sells(node).into(),
            Cell::styled(boundaries(node), style),
        ]);
    }
    table.render()
}

fn sells(node: &NodeEntry) -> String {
    let sold = node.sells.iter().map(|s| {
        format!(
            "{} {} ({}), {} free",
            s.count, s.resource, s.strategy, s.free
        )
    });
    let unknown = node
        .unknown
        .iter()
        .map(|u| format!("{}: unknown, {}", u.resource, u.reason));
    let doubted = node.doubted.iter().map(|d| d.reason.clone());
    let mut lines: Vec<String> = sold.chain(unknown).chain(doubted).collect();
    if lines.is_empty() {
        return "no GPU that is known".to_owned();
    }
    if !node.takes_new_pods {
        lines.push("no new pods: cordoned, not ready or being changed".to_owned());
    }
    if !node.has_hostname {
        lines.push("no hostname label".to_owned());
    }
    lines.join("\n")
}

fn boundaries(node: &NodeEntry) -> String {
    let entry = |b: &BoundaryEntry| {
        let name = b.trust_boundary.as_deref().unwrap_or("no label");
        match (b.pods, b.sharing) {
            (pods, 0) => format!("{name}: {}", counted(pods, "pod")),
            (pods, sharing) if pods == sharing => format!("{name}: {}", counted(pods, "share")),
            (pods, sharing) => {
                let rest = pods - sharing;
                format!("{name}: {}, {rest} more", counted(sharing, "share"))
            }
        }
    };
    if node.boundaries.is_empty() {
        return "-".to_owned();
    }
    let entries: Vec<String> = node.boundaries.iter().map(entry).collect();
    entries.join("\n")
}

fn breaches(breaches: &[BreachEntry], heads: [&str; 3], advice: &str) -> String {
    if breaches.is_empty() {
        return String::new();
    }
    let mut table = Table::new(0, &[Column::Left(30), Column::Left(30)]);
    table.head(Style::new().bold(), heads);
    for breach in breaches {
        for (index, boundary) in breach.trust_boundaries.iter().enumerate() {
            let node = if index == 0 { &breach.node } else { "" };
            table.row([
                Cell::styled(node, AnsiColor::Red.on_default()),
                boundary.as_str().into(),
                of_boundary(breach, boundary).into(),
            ]);
        }
    }
    format!("\n{}{advice}", table.render())
}

const BREACH: &str =
    "Delete the pods of all boundaries but one there: slicegate keeps the next ones apart.\n";

const POSSIBLE: &str = "Nobody can say whether these pods share a device. See to it that the node says \
    what it advertises,\nor delete the pods of all boundaries but one there.\n";

fn of_boundary(breach: &BreachEntry, boundary: &str) -> String {
    let pods = breach.pods.iter().filter(|p| p.trust_boundary == boundary);
    let names = pods.map(|p| {
        let label = match p.label.as_deref() {
            Some(label) if label == p.trust_boundary => String::new(),
            Some(other) => format!(" (labelled {other})"),
            None => " (no label)".to_owned(),
        };
        format!("{}/{}{label}", p.namespace, p.name)
    });
    names.collect::<Vec<String>>().join(", ")
}

fn uncovered(pods: &[UncoveredEntry]) -> String {
    let mut causes = Causes::default();
    for pod in pods {
        for reason in &pod.reasons {
            let why = format!("{}: {}", reason.reason, reason.message);
            causes.add(why, &reason.fix, &pod.pod);
        }
    }
    causes.render("NOT COVERED", pods.len())
}

fn drifted(pods: &[DriftedEntry]) -> String {
    let mut causes = Causes::default();
    for pod in pods {
        causes.add(pod.message.clone(), &pod.fix, &pod.pod);
    }
    causes.render("DRIFTED", pods.len())
}

/// Problems and their fixes, each with its pods.
#[derive(Default)]
struct Causes<'r> {
    list: Vec<(String, &'r str, Vec<&'r PodEntry>)>,
    positions: HashMap<(String, &'r str), usize>,
}

impl<'r> Causes<'r> {
    fn add(&mut self, why: String, fix: &'r str, pod: &'r PodEntry) {
        let next = self.list.len();
        let at = *self.positions.entry((why.clone(), fix)).or_insert(next);
        match self.list.get_mut(at) {
            Some((.., pods)) => pods.push(pod),
            None => self.list.push((why, fix, vec![pod])),
        }
    }

    fn render(&self, head: &str, pods: usize) -> String {
        if self.list.is_empty() {
            return String::new();
        }
        let head = format!("{head}: {}", counted(pods, "pod"));
        let mut text = format!("\n{}\n", bold(&head));
        for (why, fix, pods) in &self.list {
            paragraph(&mut text, 2, &shown_lines(&format!("{why}\nfix: {fix}")));
            let mut table = Table::new(4, &[Column::Left(50)]);
            for pod in pods.iter().take(NAMED) {
                let name = format!("{}/{}", pod.namespace, pod.name);
                table.row([name.into(), pod.node.as_str().into()]);
            }
            text.push_str(&table.render());
            if let more @ 1.. = pods.len().saturating_sub(NAMED) {
                text.push_str(&format!("    and {more} more, which -o json names\n"));
            }
        }
        text
    }
}

/// More pods of one problem are only counted.
const NAMED: usize = 10;
