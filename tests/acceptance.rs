//! The acceptance suite, where it is at hand: honest asks, attacks and look-alikes, judged by another program.
//!
//! It is not part of this repository: the folder is `$SLICEGATE_SHARED/acceptance`, or `../shared/acceptance`
//! beside the checkout, and it needs python3 with pyyaml and jsonpatch. Where one is missing, the test says so
//! and passes.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The script that runs the cases through `slicegate review`.
fn script() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("SLICEGATE_SHARED").map_or(beside, PathBuf::from);
    let script = shared.join("acceptance/run_review.py");
    if !script.is_file() {
        eprintln!("NOT RUN: no {}; set SLICEGATE_SHARED", script.display());
        return None;
    }
    let python = Command::new("python3")
        .args(["-c", "import yaml, jsonpatch"])
        .output();
    if !python.is_ok_and(|output| output.status.success()) {
        eprintln!("NOT RUN: no python3 with pyyaml and jsonpatch");
        return None;
    }
    Some(script)
}

/// Passed, all and unsafe of the last line: `passed 206/206, unsafe 0`.
fn score(line: &str) -> Option<(u32, u32, u32)> {
    let rest = line.strip_prefix("passed ")?;
    let (passed, rest) = rest.split_once('/')?;
    let (all, leaks) = rest.split_once(", unsafe ")?;
    Some((passed.parse().ok()?, all.parse().ok()?, leaks.parse().ok()?))
}

#[test]
fn nothing_unsafe_gets_in_and_hardly_anything_else_comes_out_otherwise_than_the_contract_says() {
    let Some(script) = script() else { return };
    let output = Command::new("python3")
        .arg(script)
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

#[test]
fn the_last_line_is_read_as_it_is_written() {
    assert_eq!(score("passed 206/207, unsafe 1"), Some((206, 207, 1)));
    assert_eq!(score("0 probes were not admitted"), None);
}
