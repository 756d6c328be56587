//! Finds command line flags of a container, for the rules that read them.

use crate::facts::pod::Container;

/// The first of the flags whose value `read` accepts. Names are given with underscores; a dash is the same.
///
/// Words inside a shell's `-c` string count too; values still to be expanded are for `read` to refuse.
pub fn find<T>(
    container: &Container<'_>,
    flags: &[&str],
    read: impl Fn(&str) -> Option<T>,
) -> Option<(String, T)> {
    let words = container.words();
    let mut words = words.iter().flat_map(|w| w.split_whitespace()).peekable();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--") else {
            continue;
        };
        let (flag, inline) = match flag.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (flag, None),
        };
        if !flags.contains(&flag.replace('-', "_").as_str()) {
            continue;
        }
        let value = inline.or_else(|| words.peek().copied()).unwrap_or_default();
        if let Some(found) = read(value.trim_matches(['"', '\''])) {
            return Some((flag.to_owned(), found));
        }
    }
    None
}
