//! What the programs that judge the acceptance cases print.

use std::collections::BTreeSet;
use std::fmt;
use std::process::Output;

/// Longer reports are cut at the beginning.
const LINES: usize = 60;

/// The end of a report, and what it comes to.
pub struct Report {
    text: String,
    /// Cases that came out as the contract says.
    pub passed: usize,
    /// Cases that were judged.
    pub all: usize,
    /// The ids of those where something unsafe got in.
    pub is_unsafe: BTreeSet<String>,
}

impl Report {
    /// Reads it; it has to end with its score: `passed 206/206, unsafe 0`.
    #[track_caller]
    pub fn of(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<&str> = text.lines().collect();
        let end = lines[lines.len().saturating_sub(LINES)..].join("\n");
        let errors = String::from_utf8_lossy(&output.stderr);
        let score = lines.last().and_then(|last| score(last));
        let (passed, all, leaks) = score.unwrap_or_else(|| panic!("no score:\n{end}\n{errors}"));
        let is_unsafe = is_unsafe(&lines);
        assert_eq!(leaks == 0, is_unsafe.is_empty(), "{end}");
        Self {
            text: end,
            passed,
            all,
            is_unsafe,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Passed, all and unsafe.
fn score(line: &str) -> Option<(usize, usize, usize)> {
    let rest = line.strip_prefix("passed ")?;
    let (passed, rest) = rest.split_once('/')?;
    let (all, leaks) = rest.split_once(", unsafe ")?;
    Some((passed.parse().ok()?, all.parse().ok()?, leaks.parse().ok()?))
}

/// The ids below the heading `== unsafe: ...`.
fn is_unsafe(lines: &[&str]) -> BTreeSet<String> {
    let below = lines.iter().skip_while(|l| !l.starts_with("== unsafe"));
    let block = below
        .skip(1)
        .take_while(|l| !l.starts_with("== ") && !l.starts_with("passed "));
    let heads = block.filter(|l| !l.starts_with(' ') && !l.is_empty());
    heads
        .filter_map(|l| Some(l.split_whitespace().next()?.to_owned()))
        .collect()
}
