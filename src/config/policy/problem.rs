//! What is wrong with a policy, said so that it can be put right without a manual.

use std::fmt;

use thiserror::Error;

/// All that is wrong with a policy document, in the order of the document.
///
/// Displayed as one line per problem, without a line break at the end:
/// `policy.yaml:34: spec.tiers[3].share.fraction: 1.5 is outside (0, 1]; write a decimal such as 0.25`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct PolicyErrors {
    /// Where the document came from, as the caller named it. (Raw, so that it is not taken for a cause.)
    pub r#source: String,
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{}: {problem}", problem.place(&self.source))?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
///
/// Displayed as path and message, without the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line it stands on, from 1; none when the text as a whole is meant.
    pub line: Option<usize>,
    /// The field, such as `spec.tiers[3].share.fraction`; empty when the document as a whole is meant.
    pub path: String,
    /// What was found, what is allowed and how to put it right; one line.
    pub message: String,
}

impl Problem {
    /// A problem of the text as a whole, or of one of its lines.
    pub(super) fn of_text(line: Option<usize>, message: impl Into<String>) -> Self {
        Self {
            line,
            path: String::new(),
            message: message.into(),
        }
    }

    /// The file, and the line where it is known: `policy.yaml:34`.
    pub fn place(&self, source: &str) -> String {
        match self.line {
            Some(line) => format!("{source}:{line}"),
            None => source.to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.path, self.message)
    }
}

/// `path` with a key behind it.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if key.is_empty() || !key.chars().all(plain) {
        return format!("{path}[{:?}]", shortened(key));
    }
    let dot = if path.is_empty() { "" } else { "." };
    format!("{path}{dot}{}", shortened(key))
}

/// A value for a message: as it is if that is easy to read, else quoted, and never long.
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        return format!("{:?}", shortened(text));
    }
    shortened(text)
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
