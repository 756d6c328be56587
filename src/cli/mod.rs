//! The command line: reads files, asks the engine, prints what it says.

mod adopt;
mod args;
mod audit;
mod catalog;
mod certs;
mod completions;
mod doctor;
mod explain;
mod guard;
mod habits;
mod live;
mod output;
mod policy;
mod progress;
mod render;
mod review;
mod rules;
mod serve;
mod state;

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
            if let Some(hint) = habits::hint(&error) {
                output::complain(&hint);
            }
            return ExitCode::from(if error.use_stderr() { UNUSABLE } else { DONE });
        }
    };
    let outcome = match args.command {
        Command::Serve(args) => serve::run(*args),
        Command::Review(args) => review::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Adopt(args) => adopt::run(&args),
        Command::Policy(command) => policy::run(&command),
        Command::Rules(args) => rules::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Certs(args) => certs::run(&args),
        Command::Guard(args) => guard::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Catalog(args) => catalog::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            output::complain(&format!("{error:#}"));
            ExitCode::from(UNUSABLE)
        }
    }
}
