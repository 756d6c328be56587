//! `slicegate explain`: the document of a rule, with its limits and lists.

use anyhow::bail;
use serde::Serialize;

use super::args::ExplainArgs;
use super::render::table::{Column, Table, bold, paint, paragraph, severity};
use super::rules::Entry;
use super::{DONE, output};
use crate::engine::rules::document::Document;
use crate::engine::rules::lists::{self, limits};
use crate::engine::rules::{ALL, find};
use crate::engine::vocabulary::Rule;
use crate::engine::vocabulary::suggest::nearest;
use crate::report::API_VERSION;

/// Prints the explanation and returns the exit status. Fails if no rule has that id, and names similar ones.
pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<u8> {
    let Some(rule) = find(&args.rule) else {
        bail!("{}", unknown(&args.rule));
    };
    let document = Document::of(rule);
    let explanation = Explanation {
        api_version: API_VERSION,
        kind: "Rule",
        entry: Entry::of(rule),
        cause: document.cause,
        limits: limits(rule),
        risk: document.risk,
        fix: document.fix,
        lists: lists::of(rule).into_iter().map(ListEntry::of).collect(),
        examples: Examples {
            bad: document.bad,
            good: document.good,
        },
    };
    output::value(&explanation, args.list.output, || text(rule))?;
    Ok(DONE)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    entry: Entry,
    cause: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<String>,
    risk: String,
    fix: String,
    /// The closed lists that the rule uses.
    lists: Vec<ListEntry>,
    examples: Examples,
}

#[derive(Debug, Serialize)]
struct ListEntry {
    title: &'static str,
    entries: Vec<NameEntry>,
}

#[derive(Debug, Serialize)]
struct NameEntry {
    name: String,
    about: String,
}

impl ListEntry {
    fn of(list: lists::List) -> Self {
        let entries = list.entries.into_iter();
        Self {
            title: list.title,
            entries: entries
                .map(|(name, about)| NameEntry { name, about })
                .collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Examples {
    bad: &'static str,
    good: &'static str,
}

fn unknown(id: &str) -> String {
    let meant = match near(id).as_slice() {
        [] => String::new(),
        [one] => format!(" did you mean {one}?"),
        several => format!(" did you mean one of {}?", several.join(", ")),
    };
    format!("no rule is called {id:?};{meant} `slicegate rules` lists them all")
}

/// Similar ids: a typing mistake first, then those that share a word.
fn near(id: &str) -> Vec<&'static str> {
    let ids = || ALL.into_iter().map(|rule| rule.id);
    let mut near: Vec<&str> = nearest(id, ids()).into_iter().collect();
    let words = || id.split(['-', '_', ' ']).filter(|word| word.len() > 2);
    for known in ids() {
        let mut parts = known.split('-');
        let shares = parts.any(|part| words().any(|word| part.eq_ignore_ascii_case(word)));
        if shares && !near.contains(&known) {
            near.push(known);
        }
    }
    near
}

fn text(rule: &Rule) -> String {
    let document = Document::of(rule);
    let entry = Entry::of(rule);
    let default = paint(severity(entry.default_severity), entry.default_severity);
    let may = if rule.always_denies {
        "a policy cannot weaken it".to_owned()
    } else {
        format!("a policy may set {}", entry.allowed_severities.join(", "))
    };
    let mut text = format!(
        "{}: {}\n{default} by default; {may}\n",
        bold(rule.id),
        document.refuses
    );
    let head = |text: &mut String, head: &str| text.push_str(&format!("\n{}\n", bold(head)));
    for (name, body) in [
        ("Cause", &document.cause),
        ("Risk", &document.risk),
        ("Fix", &document.fix),
    ] {
        head(&mut text, name);
        paragraph(&mut text, 2, body);
    }
    for (index, limit) in limits(rule).iter().enumerate() {
        if index == 0 {
            head(&mut text, "Limits");
        }
        paragraph(&mut text, 2, &format!("at most {limit}"));
    }
    for list in lists::of(rule) {
        head(&mut text, list.title);
        let mut table = Table::new(2, &[Column::Left(60)]);
        for (entry, about) in list.entries {
            table.row([entry.into(), about.into()]);
        }
        text.push_str(&table.render());
    }
    for (name, manifest) in [
        ("Fires on", document.bad),
        ("Does not fire on", document.good),
    ] {
        head(&mut text, name);
        for line in manifest.lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}
