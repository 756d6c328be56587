//! The command line as its users meet it: through the binary, its output, its errors and its exit status.

mod access;
mod adopt;
mod audit;
mod certs;
mod cluster;
mod commands;
mod doctor;
mod input;
mod misplaced;
mod never_match;
mod refusals;
mod report;
mod tier;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// What a run left behind.
#[derive(Debug)]
struct Run {
    status: i32,
    out: String,
    err: String,
}

/// Runs the binary in the folder of these tests.
#[track_caller]
fn slicegate(arguments: &[&str]) -> Run {
    with_input(arguments, "")
}

/// The same with something on standard input.
#[track_caller]
fn with_input(arguments: &[&str], input: &str) -> Run {
    finish(command(arguments).write_stdin(input))
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slicegate"));
    command.args(arguments).current_dir(here());
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

#[track_caller]
fn finish(command: &mut Command) -> Run {
    let output = command.output().expect("the binary runs");
    Run {
        status: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A review against the nodes, namespaces and policy of these tests.
#[track_caller]
fn review(arguments: &[&str]) -> Run {
    review_of(arguments, "")
}

/// The same with something on standard input.
#[track_caller]
fn review_of(arguments: &[&str], input: &str) -> Run {
    let world = [
        "review",
        "--policy=world/policy.yaml",
        "--nodes=world/nodes.yaml",
        "--namespaces=world/namespaces.yaml",
    ];
    with_input(&[&world, arguments].concat(), input)
}

/// The folder of these tests.
fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli")
}

/// Compares with a file of these tests; with `SLICEGATE_BLESS` set it becomes what the file says.
#[track_caller]
fn check_golden(name: &str, text: &str) {
    let file = here().join("golden").join(name);
    if std::env::var_os("SLICEGATE_BLESS").is_some() {
        fs::write(&file, text).expect("a writable folder");
    }
    let expected = fs::read_to_string(&file).expect("a readable file");
    assert_eq!(text, expected, "{name}; SLICEGATE_BLESS=1 takes it over");
}
