//! `slicegate policy`: the built-in policy, and whether a policy of one's own would be taken.

use std::io::{self, Read as _};

use super::args::PolicyCommand;
use super::{DONE, UNUSABLE, output};
use crate::config::policy;

pub(crate) fn run(command: &PolicyCommand) -> anyhow::Result<u8> {
    match command {
        PolicyCommand::Default => {
            output::print(policy::DEFAULT_TEXT)?;
            Ok(DONE)
        }
        PolicyCommand::Check(args) => check(&args.files),
    }
}

/// Checks every file, whatever the others are like.
fn check(files: &[String]) -> anyhow::Result<u8> {
    let mut status = DONE;
    for file in files {
        match judge(file) {
            Ok(line) => output::print(&line)?,
            Err(problems) => {
                output::complain(&problems);
                status = UNUSABLE;
            }
        }
    }
    Ok(status)
}

/// A line about a good policy and what to know about it, or all that is wrong with a bad one.
fn judge(file: &str) -> Result<String, String> {
    let text = read(file).map_err(|problem| {
        format!("{file}: cannot be read ({problem}); name a readable file, or - for standard input")
    })?;
    let (policy, notes) = policy::check(file, &text).map_err(|errors| errors.to_string())?;
    let mut said = format!(
        "{file}: ok, policy {} with hash {}\n",
        policy.name, policy.hash
    );
    for note in notes {
        said.push_str(&format!("{}: warning: {note}\n", note.place(file)));
    }
    Ok(said)
}

fn read(file: &str) -> io::Result<String> {
    if file != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}
