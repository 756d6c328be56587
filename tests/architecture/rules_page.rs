//! `docs/rules.md` says of every rule what `slicegate explain` says: it is written from the same source.
//!
//! `SLICEGATE_BLESS=1 cargo test --test architecture` writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use slicegate::engine::rules::ALL;
use slicegate::engine::rules::document::Document;
use slicegate::engine::rules::lists::{self, limits};
use slicegate::engine::vocabulary::Rule;

const INTRODUCTION: &str = "<!-- Written from src/engine/rules by SLICEGATE_BLESS=1 cargo test --test architecture. -->

# Rules

What slicegate refuses or warns of, with cause, risk and fix, as `slicegate explain <id>` prints them. A policy sets what
a finding does under `spec.rules`, but for those marked *always*; cases that a text calls a warning never do more.

In the examples a first comment says what the pod's namespace is annotated with, where that matters. They are judged under
the built-in policy, on a fleet that has every mechanism, by the tests of this repository.
";

/// The page of these rules.
pub fn page(rules: &[&Rule]) -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n| rule | refuses or warns of | default |\n|---|---|---|\n");
    for rule in rules {
        let row = format!(
            "| [`{0}`](#{0}) | {1} | {2} |",
            rule.id,
            escaped(Document::of(rule).refuses),
            default(rule)
        );
        let _ = writeln!(page, "{row}");
    }
    for rule in rules {
        section(rule, &mut page);
    }
    page
}

fn default(rule: &Rule) -> String {
    let always = if rule.always_denies { ", *always*" } else { "" };
    format!("{}{always}", rule.default.word())
}

fn section(rule: &Rule, page: &mut String) {
    let document = Document::of(rule);
    let _ = write!(
        page,
        "\n## {}\n\nBy default {}: {}.\n",
        rule.id,
        default(rule),
        escaped(document.refuses)
    );
    for (head, text) in [
        ("Cause", &document.cause),
        ("Risk", &document.risk),
        ("Fix", &document.fix),
    ] {
        let _ = write!(page, "\n**{head}.** {}\n", escaped(text));
    }
    let limits = limits(rule);
    if !limits.is_empty() {
        page.push_str("\n**Limits.** At most\n\n");
    }
    for limit in limits {
        let _ = writeln!(page, "- {limit}");
    }
    for list in lists::of(rule) {
        let _ = write!(page, "\n{}:\n\n", list.title);
        for (entry, about) in list.entries {
            let about = if about.is_empty() {
                about
            } else {
                format!(": {}", escaped(&about))
            };
            let _ = writeln!(page, "* `{entry}`{about}");
        }
    }
    for (head, manifest) in [
        ("Fires on", document.bad),
        ("Does not fire on", document.good),
    ] {
        let _ = write!(page, "\n{head}:\n\n```yaml\n{}\n```\n", manifest.trim_end());
    }
}

/// Angle brackets, asterisks and underscores are markup, outside of code.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;")
        .replace('*', "\\*")
        .replace('_', "\\_")
}

#[test]
fn the_page_of_rules_says_what_explain_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("SLICEGATE_BLESS").is_some() {
        fs::create_dir_all(path.with_file_name("")).expect("docs can be made");
        fs::write(&path, page(&ALL)).expect("the page is written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page(&ALL),
        "docs/rules.md is not what src/engine/rules says; SLICEGATE_BLESS=1 writes it"
    );
}

#[test]
fn the_readme_leads_to_the_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).expect("the README can be read");
    assert!(
        readme.contains("(docs/rules.md)"),
        "nothing leads to the page"
    );
}
