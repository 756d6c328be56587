//! Scans the JSON text of a command line for flags and assignments. Most pods have no known words, and parsing every
//! element of every pod would cost more than the rest of the decision.

/// The form of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingForm {
    /// `--flag`.
    Flag,
    /// `-flag`.
    ShortFlag,
    /// A variable of the container, or an assignment in its command line.
    Variable,
}

/// A flag or an assignment as it is written.
#[derive(Clone, Copy)]
pub(super) struct Written<'t> {
    pub(super) form: SettingForm,
    /// The name; of a flag, without its dashes.
    pub(super) name: &'t str,
    /// The rest of the text, starting with the value.
    pub(super) after: &'t str,
    /// The offset of its first dash, or of the equals sign of an assignment.
    pub(super) at: usize,
}

/// Every flag and assignment of a JSON text.
pub(super) fn scan(text: &str) -> impl Iterator<Item = Written<'_>> {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = bytes.get(from..)?;
            let at = from + rest.iter().position(|b| matches!(b, b'-' | b'='))?;
            from = at + 1;
            if bytes[at] == b'=' {
                if let Some(assignment) = assignment(text, at) {
                    return Some(assignment);
                }
            } else if let Some(flag) = flag(text, at) {
                from = text.len() - flag.after.len();
                return Some(flag);
            }
        }
    })
}

fn flag(text: &str, at: usize) -> Option<Written<'_>> {
    if !is_boundary(text.as_bytes(), at) {
        return None;
    }
    let (form, rest) = match text[at..].strip_prefix("--") {
        Some(rest) => (SettingForm::Flag, rest.trim_start_matches('-')),
        None => (SettingForm::ShortFlag, &text[at + 1..]),
    };
    let end = rest.bytes().position(|b| !is_inner(b) && b != b'-');
    let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
    let flag = Written {
        form,
        name,
        after,
        at,
    };
    (!name.is_empty()).then_some(flag)
}

fn assignment(text: &str, at: usize) -> Option<Written<'_>> {
    let bytes = text.as_bytes();
    let start = bytes[..at].iter().rposition(|b| !is_inner(*b));
    let mut start = start.map_or(0, |before| before + 1);
    // An escaped line break or tab ends with a letter.
    if is_escaped(bytes, start) {
        start += 1;
    }
    let is_name = start < at && !bytes[start].is_ascii_digit() && is_boundary(bytes, start);
    is_name.then(|| Written {
        form: SettingForm::Variable,
        name: &text[start..at],
        after: &text[at + 1..],
        at,
    })
}

/// Whether a word can start here.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else {
        return true;
    };
    match bytes[before] {
        b'-' | b'$' | b'.' | b'/' | b'{' => false,
        b if is_inner(b) => is_escaped(bytes, before),
        _ => true,
    }
}

/// Whether this is the letter of an escaped line break, return or tab.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let after_backslash = at > 0 && bytes[at - 1] == b'\\';
    after_backslash && matches!(bytes.get(at), Some(b'n' | b'r' | b't'))
}

pub(super) fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a JSON text has the name of one of the programs as a word of its own.
pub(super) fn has_program(text: &str, names: &[&str]) -> bool {
    let bytes = text.as_bytes();
    let is_part = |b: u8| is_inner(b) || b == b'-' || b == b'.';
    let is_named = |at: usize| {
        names.iter().any(|name| {
            let after = bytes[at..].strip_prefix(name.as_bytes());
            after.is_some_and(|after| !after.first().copied().is_some_and(is_part))
        })
    };
    let mut starts = (0..bytes.len()).filter(|at| is_boundary(bytes, *at) || bytes[at - 1] == b'/');
    starts.any(is_named)
}

/// The next word of a JSON text, between quotes, commas, spaces and escapes, up to a limit.
pub(super) fn word(text: &str) -> &str {
    /// In bytes. Longer values have no meaning here.
    const LONGEST: usize = 512;
    let mut rest = text.get(..LONGEST).unwrap_or(text);
    loop {
        rest = rest.trim_start_matches(['=', ' ', '"', ',', '\'', '[', ']', '\n', '\t', '\r']);
        // An escaped quote, line break or tab separates words as well.
        let escape = rest.strip_prefix('\\');
        let Some(after) = escape.and_then(|r| r.strip_prefix(['"', 'n', 't', 'r'])) else {
            break;
        };
        rest = after;
    }
    let ends = [
        ' ', '"', ',', '\'', '\\', ']', ';', '&', '|', '\n', '\t', '\r',
    ];
    &rest[..rest.find(ends).unwrap_or(rest.len())]
}

#[cfg(test)]
mod tests {
    use super::{SettingForm, has_program, scan, word};

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
                vec![("c", "run"), ("a", "1"), ("b", "2"), ("c", "3")],
            ),
            (
                r#"["-c","a\n--flag\t7\n"]"#,
                vec![("c", "a"), ("flag", "7")],
            ),
            (r#"["--dash-ed",  "v" ]"#, vec![("dash-ed", "v")]),
            (r#"["a -- b","---","-"]"#, vec![]),
            (
                r#"["serve","-tp","2","-dp=4"]"#,
                vec![("tp", "2"), ("dp", "4")],
            ),
            (r#"["serve\n-tp 2; x"]"#, vec![("tp", "2")]),
            (r#"["a-b","c_-d","/x-y"]"#, vec![]),
            (
                r#"["set -e\nexec run x \\\n  --gpu-memory-utilization 0.92 \\\n  --port 8000\n"]"#,
                vec![
                    ("e", "exec"),
                    ("gpu-memory-utilization", "0.92"),
                    ("port", "8000"),
                ],
            ),
            ("[]", vec![]),
            ("null", vec![]),
        ];
        for (text, expected) in table {
            let flags = scan(text).filter(|found| found.form != SettingForm::Variable);
            let found: Vec<(&str, &str)> =
                flags.map(|found| (found.name, word(found.after))).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn assignments_are_found_wherever_a_shell_reads_them() {
        let table = [
            (
                r#"["sh","-c","export MASTER_ADDR=train-0.train; exec python t.py"]"#,
                vec![("MASTER_ADDR", "train-0.train")],
            ),
            (r#"["env","A=1","python"]"#, vec![("A", "1")]),
            (
                r#"["-c","set -e\nA=1 B=\"2\" run\n"]"#,
                vec![("A", "1"), ("B", "2")],
            ),
            (r#"["--flag=1","-f=2","a.b=3","$A=4","1A=5","="]"#, vec![]),
        ];
        for (text, expected) in table {
            let variables = scan(text).filter(|found| found.form == SettingForm::Variable);
            let found: Vec<(&str, &str)> = variables
                .map(|found| (found.name, word(found.after)))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_program_is_a_word_of_its_own() {
        for (text, expected) in [
            (r#"["mpirun","-n"]"#, true),
            (r#"["/usr/bin/mpirun"]"#, true),
            (r#"["x\nmpirun -n"]"#, true),
            (r#"["mpirun.sh","my-mpirun","mpirun2"]"#, false),
        ] {
            assert_eq!(has_program(text, &["mpirun"]), expected, "{text}");
        }
    }

    #[test]
    fn a_word_ends_where_a_shells_does() {
        for (text, expected) in [("=a;b", "a"), (" a&&b", "a"), ("\":1\"", ":1"), ("", "")] {
            assert_eq!(word(text), expected, "{text}");
        }
    }
}
