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
    if !mentions(container, flags) {
        return None;
    }
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

/// Whether one of the flags stands anywhere in the unread command line: most pods are done with that, unallocated.
fn mentions(container: &Container<'_>, flags: &[&str]) -> bool {
    let texts = [container.command, container.args];
    texts.into_iter().flatten().any(|raw| {
        let mut rest = raw.get();
        while let Some(at) = rest.find("--") {
            rest = rest[at..].trim_start_matches('-');
            if flags.iter().any(|flag| begins(rest, flag)) {
                return true;
            }
        }
        false
    })
}

/// Whether the text begins with the name, dashes for underscores, and the name ends there.
fn begins(text: &str, name: &str) -> bool {
    let mut bytes = text.bytes();
    let same = |a: u8, b: u8| a == b || a == b'-' && b == b'_';
    name.bytes()
        .all(|b| bytes.next().is_some_and(|a| same(a, b)))
        && !bytes
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
