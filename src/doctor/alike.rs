//! Whether what is there is what was applied, although the API server adds defaults to it.

use serde_json::Value;

/// An object's name.
pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Its namespace.
pub(super) fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

/// `a, b, c and 4 more`.
pub(super) fn some<S: AsRef<str>>(names: &[S]) -> String {
    const MOST: usize = 3;
    let shown: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// `1 node`, `2 nodes`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// A text as one word of a command that people copy: whatever somebody wrote means nothing to their shell.
pub(super) fn quoted_for_a_shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=@+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted_for_a_shell, some};

    #[test]
    fn what_somebody_wrote_is_one_word_to_a_shell() {
        for (text, word) in [
            ("trusted-inference", "trusted-inference"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted_for_a_shell(text), word);
        }
    }

    #[test]
    fn of_many_names_a_few_are_said() {
        assert_eq!(some(&["a"]), "a");
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
