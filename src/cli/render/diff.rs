//! The ReviewReport as a unified diff: each object that changes, as YAML before and after.

use std::collections::HashSet;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use similar::{ChangeTag, TextDiff};

use super::table::paint;
use crate::cli::output::yaml;
use crate::engine::vocabulary::shown_lines;
use crate::report::review::{Item, ReviewReport};

/// Diffs of what is rewritten, a comment for what is denied, nothing about the rest.
///
/// # Errors
/// When a patch does not fit the pod it was made for, which would be a mistake of ours.
pub(crate) fn render(report: &ReviewReport) -> anyhow::Result<String> {
    let mut text = String::new();
    for assumption in &report.assumptions {
        text.push_str(&comment(&format!("assumed: {assumption}")));
    }
    for hint in &report.hints {
        text.push_str(&comment(&format!("hint: {hint}")));
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

/// A line that `patch` and its like pass over.
fn comment(text: &str) -> String {
    let line = shown_lines(text).replace('\n', " ");
    format!(
        "{}\n",
        paint(AnsiColor::Yellow.on_default(), &format!("# {line}"))
    )
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
    let bold = Style::new().bold();
    let mut text = String::new();
    for head in [format!("--- {what}"), format!("+++ {what}, rewritten")] {
        text.push_str(&paint(bold, &head));
        text.push('\n');
    }
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
            text.push_str(&paint(style, &format!("{}{line}", change.tag())));
            text.push('\n');
        }
    }
    Ok(text)
}
