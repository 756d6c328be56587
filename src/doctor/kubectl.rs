//! Commands that users copy.

/// Annotates a namespace.
pub(super) fn annotate(namespace: &str, key: &str, value: &str) -> String {
    let value = quoted_for_a_shell(value);
    format!("kubectl annotate --overwrite namespace {namespace} {key}={value}")
}

/// Prints the last lines of slicegate's logs.
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
    use super::quoted_for_a_shell;

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
