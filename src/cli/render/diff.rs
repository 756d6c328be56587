//! The ReviewReport as a unified diff: each object that changes, as YAML before and after.

use std::collections::HashSet;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use similar::{ChangeTag, TextDiff};

use super::table::{bold, paint};
use crate::cli::output::yaml;
use crate::engine::vocabulary::shown_lines;
use crate::report::review::{Item, ReviewReport};

/// A diff for each rewritten object, and a comment for each denied one. Fails if a patch does not fit its pod, which is
/// a bug.
pub(crate) fn render(report: &ReviewReport) -> anyhow::Result<String> {
    let mut text = String::new();
    for (word, notes) in [("assumed", &report.assumptions), ("hint", &report.hints)] {
        let comments = notes.iter().map(|note| comment(&format!("{word}: {note}")));
        text.extend(comments);
    }
    let origins = report.items.iter().map(|item| &item.origin);
    let later = origins.filter(|origin| origin.document > 0);
    let several: HashSet<&str> = later.map(|origin| origin.source.as_str()).collect();
    for item in &report.items {
        let has_several = several.contains(item.origin.source.as_str());
        let place = item.origin.place(has_several);
        let dry = match item.mode {
            Some("dry-run") => " (dry-run: reported, not applied)",
            _ => "",
        };
        let what = format!("{}{dry} ({place})", item.title());
        match item.outcome {
            "rewritten" => text.push_str(&diff(item, &what)?),
            "denied" => text.push_str(&comment(&format!("denied: {what}: {}", item.reason))),
            _ => {}
        }
    }
    Ok(text)
}

/// A line that `patch` ignores.
fn comment(text: &str) -> String {
    let line = format!("# {}", shown_lines(text).replace('\n', " "));
    paint(AnsiColor::Yellow.on_default(), &line) + "\n"
}

fn diff(item: &Item, what: &str) -> anyhow::Result<String> {
    let before = &item.preview.object;
    let mut after = before.clone();
    let failed = || format!("{what}: failed to apply the patch, please report this");
    let patch: json_patch::Patch =
        serde_json::from_value(item.patch.clone()).with_context(failed)?;
    let pod = after.pointer_mut(item.pod_path.unwrap_or_default());
    json_patch::patch(pod.with_context(failed)?, &patch).with_context(failed)?;
    let (before, after) = (yaml(before)?, yaml(&after)?);
    let lines = TextDiff::from_lines(&before, &after);
    let what = shown_lines(what);
    let heads = [format!("--- {what}"), format!("+++ {what}, rewritten")];
    let mut text: String = heads.map(|head| bold(&head) + "\n").concat();
    for hunk in lines.unified_diff().context_radius(3).iter_hunks() {
        let header = paint(AnsiColor::Cyan.on_default(), &hunk.header().to_string());
        text.push_str(&format!("{header}\n"));
        for change in hunk.iter_changes() {
            let style = match change.tag() {
                ChangeTag::Equal => Style::new(),
                ChangeTag::Delete => AnsiColor::Red.on_default(),
                ChangeTag::Insert => AnsiColor::Green.on_default(),
            };
            let line = change.value().trim_end_matches('\n');
            text.push_str(&(paint(style, &format!("{}{line}", change.tag())) + "\n"));
        }
    }
    Ok(text)
}
