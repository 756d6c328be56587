//! `slicegate completions`: a script for the user's shell.

use clap::CommandFactory as _;

use super::args::{Args, CompletionsArgs};
use super::{DONE, output};

pub(crate) fn run(args: &CompletionsArgs) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "slicegate", &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(DONE)
}
