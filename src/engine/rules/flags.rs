//! Finds command line flags of a container, for the rules that read them.
//!
//! The command line is scanned as the JSON text it came as: most pods have none of the flags, and reading every
//! word of every pod would cost more than the rest of the decision.

use crate::facts::pod::Container;

/// The first flag that `read` makes something of: it is given the flag's name without dashes, and its value.
///
/// Words inside a shell's `-c` string count too; values still to be expanded are for `read` to refuse.
pub fn find<T>(
    container: &Container<'_>,
    read: impl Fn(&str, Value<'_>) -> Option<T>,
) -> Option<(String, T)> {
    let texts = [container.command, container.args];
    let mut set = texts.into_iter().flatten().flat_map(|raw| scan(raw.get()));
    set.find_map(|(flag, after)| {
        let found = read(flag, Value(after))?;
        Some((flag.to_owned(), found))
    })
}

/// What follows a flag; looked at only for a flag that somebody wants.
#[derive(Clone, Copy)]
pub struct Value<'t>(&'t str);

impl<'t> Value<'t> {
    /// The word after the flag.
    pub fn word(self) -> &'t str {
        word(self.0)
    }
}

/// Whether a flag is one of these. Names are given with underscores; a dash is the same.
pub fn is_one_of(flag: &str, names: &[&str]) -> bool {
    names.iter().any(|name| is_same(flag, name))
}

/// Every `--flag` of a JSON text, with the text that follows it.
fn scan(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut pairs = rest.as_bytes().windows(2);
        let start = pairs.position(|pair| pair == b"--")?;
        let flag = rest[start..].trim_start_matches('-');
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let end = flag.bytes().position(|b| !inner(b));
        let (flag, after) = flag.split_at(end.unwrap_or(flag.len()));
        rest = after;
        Some((flag, after))
    })
}

/// In bytes; what is longer is no value that anybody reads.
const LONGEST_WORD: usize = 512;

/// The next word of a JSON text: what stands between quotes, commas, spaces and escapes, as far as it is looked for.
fn word(text: &str) -> &str {
    let mut rest = text.get(..LONGEST_WORD).unwrap_or(text);
    loop {
        rest = rest.trim_start_matches(['=', ' ', '"', ',', '\'', '[', ']', '\n', '\t', '\r']);
        // An escaped quote, line break or tab separates words as well.
        match rest
            .strip_prefix('\\')
            .and_then(|r| r.strip_prefix(['"', 'n', 't', 'r']))
        {
            Some(after) => rest = after,
            None => break,
        }
    }
    let end = rest.find([' ', '"', ',', '\'', '\\', ']', '\n', '\t', '\r']);
    &rest[..end.unwrap_or(rest.len())]
}

fn is_same(flag: &str, name: &str) -> bool {
    let same = |(a, b): (u8, u8)| a == b || a == b'-' && b == b'_';
    flag.len() == name.len() && flag.bytes().zip(name.bytes()).all(same)
}

#[cfg(test)]
mod tests {
    use super::{scan, word};

    #[test]
    fn flags_are_found_in_every_form_a_command_line_has_in_json() {
        let table = [
            (r#"["run","--nnodes","2"]"#, vec![("nnodes", "2")]),
            (
                r#"["run","--nnodes=2","--x"]"#,
                vec![("nnodes", "2"), ("x", "")],
            ),
            (
                r#"["sh","-c","run --a 1 \\\n  --b='2' --c=\"3\""]"#,
                vec![("a", "1"), ("b", "2"), ("c", "3")],
            ),
            (r#"["-c","a\n--flag\t7\n"]"#, vec![("flag", "7")]),
            (r#"["--dash-ed",  "v" ]"#, vec![("dash-ed", "v")]),
            (r#"["a -- b","---"]"#, vec![("", "b"), ("", "")]),
            (
                r#"["set -e\nexec run x \\\n  --gpu-memory-utilization 0.92 \\\n  --port 8000\n"]"#,
                vec![("gpu-memory-utilization", "0.92"), ("port", "8000")],
            ),
            ("[]", vec![]),
            ("null", vec![]),
        ];
        for (text, expected) in table {
            let found = scan(text).map(|(flag, after)| (flag, word(after)));
            let found: Vec<(&str, &str)> = found.collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
