//! The command line: reads files, asks the engine, prints what it says.

mod args;
mod input;
mod report;
mod review;
mod workloads;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

/// Exit status of a run in which nothing was denied.
const DONE: u8 = 0;
/// Exit status of a run in which something was denied.
const DENIED: u8 = 1;
/// Exit status of unreadable input or bad usage.
const UNUSABLE: u8 = 2;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers, not errors; printing fails only with a closed pipe.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { UNUSABLE } else { DONE });
        }
    };
    let outcome = match args.command {
        Command::Review(args) => review::run(&args),
    };
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            anstream::eprintln!("slicegate: {error:#}");
            ExitCode::from(UNUSABLE)
        }
    }
}
