//! `slicegate explain`: what a rule is about, and how a pod meets it.

use anstyle::Style;
use anyhow::bail;
use serde::Serialize;

use super::args::ExplainArgs;
use super::render::table::{Column, Table, paint, severity, width, wrap};
use super::rules::Entry;
use super::{DONE, output};
use crate::engine::rules::document::Document;
use crate::engine::rules::lists::{self, limits};
use crate::engine::rules::{ALL, find};
use crate::engine::vocabulary::Rule;
use crate::engine::vocabulary::suggest::nearest;
use crate::report::API_VERSION;

/// Prints the explanation and returns the exit status.
///
/// # Errors
/// When no rule has that id; the message names the nearest ones.
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
        lists: looked(rule),
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
    /// The closed lists that it looks things up in.
    lists: Vec<Looked>,
    examples: Examples,
}

#[derive(Debug, Serialize)]
struct Looked {
    title: &'static str,
    entries: Vec<Known>,
}

#[derive(Debug, Serialize)]
struct Known {
    name: String,
    about: String,
}

fn looked(rule: &Rule) -> Vec<Looked> {
    let known = |(name, about): (String, String)| Known { name, about };
    let list = |list: lists::List| Looked {
        title: list.title,
        entries: list.entries.into_iter().map(known).collect(),
    };
    lists::of(rule).into_iter().map(list).collect()
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

/// Ids that may have been meant: a slip of the pen first, then those that share a word.
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
    let bold = Style::new().bold();
    let document = Document::of(rule);
    let entry = Entry::of(rule);
    let shown = paint(severity(entry.default_severity), entry.default_severity);
    let may = if rule.always_denies {
        "a policy cannot weaken it".to_owned()
    } else {
        format!("a policy may set {}", entry.allowed_severities.join(", "))
    };
    let mut text = format!(
        "{}: {}\n{shown} by default; {may}\n",
        paint(bold, rule.id),
        document.refuses
    );
    for (head, body) in [
        ("Cause", &document.cause),
        ("Risk", &document.risk),
        ("Fix", &document.fix),
    ] {
        text.push_str(&format!("\n{}\n", paint(bold, head)));
        for line in wrap(body, width() - 2) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    for (index, limit) in limits(rule).iter().enumerate() {
        if index == 0 {
            text.push_str(&format!("\n{}\n", paint(bold, "Limits")));
        }
        for line in wrap(&format!("at most {limit}"), width() - 2) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    for list in lists::of(rule) {
        text.push_str(&format!("\n{}\n", paint(bold, list.title)));
        let mut table = Table::new(2, &[Column::Left(60)]);
        for (entry, about) in list.entries {
            table.row([entry.into(), about.into()]);
        }
        text.push_str(&table.render());
    }
    for (head, manifest) in [
        ("Fires on", document.bad),
        ("Does not fire on", document.good),
    ] {
        text.push_str(&format!("\n{}\n", paint(bold, head)));
        for line in manifest.lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}
