//! Lists and counts in messages, and commands that users copy.

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
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// `1 node (a)`, `2 nodes (a, b)`.
pub(super) fn counted_names<S: AsRef<str>>(names: &[S], what: &str) -> String {
    format!("{} ({})", counted(names.len(), what), some(names))
}

pub(super) fn annotate(namespace: &str, key: &str, value: &str) -> String {
    let value = quoted_for_a_shell(value);
    format!("kubectl annotate --overwrite namespace {namespace} {key}={value}")
}

pub(super) fn logs(namespace: &str, lines: u32) -> String {
    format!("kubectl -n {namespace} logs -l app.kubernetes.io/name=slicegate --tail={lines}")
}

/// A text as one word of a command: a shell finds nothing to run in it, whoever wrote it.
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
    fn of_many_names_a_few_are_said() {
        assert_eq!(some(&["a"]), "a");
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

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
}
