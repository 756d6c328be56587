//! `slicegate rules`: every rule in a line.

use anstyle::Style;
use serde::Serialize;

use super::args::ListArgs;
use super::render::table::{Cell, Column, Table, severity};
use super::{DONE, output};
use crate::engine::rules::ALL;
use crate::engine::rules::document::Document;
use crate::engine::vocabulary::Rule;
use crate::report::API_VERSION;

pub(crate) fn run(args: &ListArgs) -> anyhow::Result<u8> {
    let list = RuleList {
        api_version: API_VERSION,
        kind: "RuleList",
        items: ALL.into_iter().map(Entry::of).collect(),
    };
    output::value(&list, args.output, || text(&list))?;
    Ok(DONE)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleList {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Entry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Stable: policies, reports and metrics name it.
    pub id: &'static str,
    pub default_severity: &'static str,
    /// The severities that a policy may set.
    pub allowed_severities: &'static [&'static str],
    /// What it refuses or warns of.
    pub refuses: &'static str,
}

impl Entry {
    pub(crate) fn of(rule: &Rule) -> Self {
        Self {
            id: rule.id,
            default_severity: rule.default.word(),
            allowed_severities: if rule.always_denies {
                &["deny"]
            } else {
                &["deny", "warn", "off"]
            },
            refuses: Document::of(rule).refuses,
        }
    }
}

fn text(list: &RuleList) -> String {
    let mut table = Table::new(0, &[Column::Left(30), Column::Left(8), Column::Left(16)]);
    let head = ["RULE", "DEFAULT", "POLICY MAY SET", "REFUSES OR WARNS OF"];
    table.head(Style::new().bold(), head);
    for entry in &list.items {
        table.row([
            entry.id.into(),
            Cell::styled(entry.default_severity, severity(entry.default_severity)),
            entry.allowed_severities.join(", ").into(),
            entry.refuses.into(),
        ]);
    }
    let note = "\nA policy sets them under spec.rules; some cases never do more than warn, whatever it says.\n\
        slicegate explain RULE says more about one of them.\n";
    table.render() + note
}
