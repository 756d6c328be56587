//! What is wrong with a policy, said so that it can be put right without a manual.

use std::cell::RefCell;
use std::fmt;

use thiserror::Error;

use super::tree::Place;

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
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.source)?;
            match problem.line {
                Some(line) => write!(f, ":{line}: {problem}")?,
                None => write!(f, ": {problem}")?,
            }
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
    fn new(mark: Option<Mark>, path: &str, message: impl Into<String>) -> Self {
        Self {
            line: mark.map(|m| m.line),
            path: path.to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// From 1.
    pub line: usize,
    /// In characters from the start, so that problems of one line keep their order.
    pub index: u64,
}

/// Collects problems while the rest of the document is still being read.
#[derive(Default)]
pub(super) struct Report {
    problems: RefCell<Vec<(Option<Mark>, Problem)>>,
    /// Right in a file; a cluster ignores or refuses it.
    notes: RefCell<Vec<(Option<Mark>, Problem)>>,
}

impl Report {
    /// Adds a problem.
    pub fn add(&self, mark: Option<Mark>, path: &str, message: impl Into<String>) {
        let problem = Problem::new(mark, path, message);
        self.problems.borrow_mut().push((mark, problem));
    }

    /// Adds a problem of this value.
    pub fn problem(&self, place: &Place<'_>, message: impl Into<String>) {
        self.add(place.mark(), &place.path, message);
    }

    /// Adds a note on this value.
    pub fn note(&self, place: &Place<'_>, message: impl Into<String>) {
        let mark = place.mark();
        let note = Problem::new(mark, &place.path, message);
        self.notes.borrow_mut().push((mark, note));
    }

    /// Whether anything is wrong so far.
    pub fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// `value` if nothing is wrong, with the notes.
    pub fn finish<T>(
        self,
        source: &str,
        value: Option<T>,
    ) -> Result<(T, Vec<Problem>), PolicyErrors> {
        let in_order = |mut found: Vec<(Option<Mark>, Problem)>| {
            found.sort_by_key(|(mark, _)| *mark);
            found.dedup();
            found.into_iter().map(|(_, problem)| problem).collect()
        };
        let problems: Vec<Problem> = in_order(self.problems.into_inner());
        match value {
            Some(value) if problems.is_empty() => Ok((value, in_order(self.notes.into_inner()))),
            _ => Err(PolicyErrors {
                source: source.to_owned(),
                problems,
            }),
        }
    }
}

/// `path` with a key behind it.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if key.is_empty() || !key.chars().all(plain) {
        return format!("{path}[{}]", quoted(key));
    }
    let dot = if path.is_empty() { "" } else { "." };
    format!("{path}{dot}{}", shortened(key))
}

/// A value for a message: as it is if that is easy to read, else quoted, and never long.
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        return quoted(text);
    }
    shortened(text)
}

fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
