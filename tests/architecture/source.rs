//! The source as lines of code: without comments, without what stands in string literals, without tests.

use std::fs;
use std::path::Path;

/// One file below `src`.
pub struct File {
    /// From the repository's root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// Every `.rs` file below `src`, sorted.
pub fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(root, &root.join("src"), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "only {} files were found", files.len());
    files
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(root, &path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let relative = path.strip_prefix(root).expect("below the root");
            files.push(File {
                path: relative.to_string_lossy().replace('\\', "/"),
                text: fs::read_to_string(&path).expect("the file can be read"),
            });
        }
    }
}

impl File {
    /// Whether it is the folder's own file or below it.
    pub fn is_in(&self, folder: &str) -> bool {
        let rest = self.path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    }

    /// Numbered lines of code outside of tests.
    pub fn code(&self) -> Vec<(usize, &str)> {
        if self.path.ends_with("/tests.rs") || self.path.contains("/tests/") {
            return Vec::new();
        }
        let mut lines = Vec::new();
        let (mut raw, mut test_indent) = (None, None);
        for (index, line) in self.text.lines().enumerate() {
            let trimmed = line.trim_start();
            let indent = line.len() - trimmed.len();
            if let Some(end) = raw {
                if trimmed.contains(end) {
                    raw = None;
                }
                continue;
            }
            if let Some(depth) = test_indent {
                // The item below the attribute ends with its closing brace, or at once without a body.
                let ends = indent == depth && (trimmed.starts_with('}') || trimmed.ends_with(';'));
                if ends {
                    test_indent = None;
                }
                continue;
            }
            if trimmed.starts_with("#[cfg(test)]") {
                test_indent = Some(indent);
                continue;
            }
            let code = without_comment(line);
            raw = opens_raw(code);
            lines.push((index + 1, code));
        }
        lines
    }
}

/// How the raw string that a line opens and does not close will end.
fn opens_raw(code: &str) -> Option<&'static str> {
    let (open, close) = match code {
        _ if code.contains("r#\"") => ("r#\"", "\"#"),
        _ if code.contains(" r\"") => (" r\"", "\""),
        _ => return None,
    };
    let rest = code.split_once(open).map_or("", |(_, rest)| rest);
    (!rest.contains(close)).then_some(close)
}

fn without_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") {
        return "";
    }
    line.split_once(" // ").map_or(line, |(code, _)| code)
}

/// Whether a line uses a word: as a whole one, and not inside a string.
pub fn mentions(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let starts = word.starts_with(is_part);
    let ends = word.ends_with(is_part);
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_part);
        let after = line[at + word.len()..].chars().next().is_some_and(is_part);
        let quoted = !line[..at].matches('"').count().is_multiple_of(2);
        !(quoted || starts && before || ends && after)
    })
}

#[test]
fn a_word_counts_as_a_whole_and_outside_of_strings() {
    assert!(mentions("use serde::Deserialize;", "serde"));
    assert!(!mentions("use serde_json::Value;", "serde"));
    assert!(!mentions("let a = \"serde\";", "serde"));
    assert!(mentions("let a = b.unwrap();", ".unwrap()"));
    assert!(!mentions("let a = b.unwrap_or(c);", ".unwrap()"));
}

#[test]
fn tests_comments_and_texts_are_no_code() {
    let file = File {
        path: "src/a.rs".to_owned(),
        text: "//! unsafe\nfn a() {} // unsafe\nstatic B: &str = r#\"\nunsafe\n\"#;\n#[cfg(test)]\nmod tests {\n    unsafe\n}\nfn c() {}\n"
            .to_owned(),
    };
    let code = file.code();
    assert!(
        code.iter().all(|(_, line)| !mentions(line, "unsafe")),
        "{code:?}"
    );
    assert_eq!(code.last(), Some(&(10, "fn c() {}")));
}
