//! The acceptance suite: honest asks, attacks and look-alikes, judged by another program.

use std::process::Command;

use super::Outside;

/// Passed, all and unsafe of the last line: `passed 206/206, unsafe 0`; no other is taken for it.
fn score(line: &str) -> Option<(u32, u32, u32)> {
    let rest = line.strip_prefix("passed ")?;
    let (passed, rest) = rest.split_once('/')?;
    let (all, leaks) = rest.split_once(", unsafe ")?;
    Some((passed.parse().ok()?, all.parse().ok()?, leaks.parse().ok()?))
}

pub fn nothing_unsafe_gets_in_and_hardly_anything_else_comes_out_otherwise_than_the_contract_says(
    outside: &mut Outside,
) {
    let Some(folder) = outside.acceptance() else {
        return;
    };
    let output = Command::new("python3")
        .arg(folder.join("run_review.py"))
        .arg(env!("CARGO_BIN_EXE_slicegate"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3 runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(60)..].join("\n");
    let said = String::from_utf8_lossy(&output.stderr);
    let last = lines.last().copied().unwrap_or_default();
    let (passed, all, leaks) = score(last).unwrap_or_else(|| panic!("{tail}\n{said}"));
    assert_eq!(leaks, 0, "something unsafe got in:\n{tail}");
    assert!(all >= 200, "only {all} cases were run:\n{tail}");
    assert!(passed * 100 >= all * 98, "{tail}");
}
