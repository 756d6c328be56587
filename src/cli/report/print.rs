//! Prints a report in the form that was asked for.

use std::io::{self, Write as _};

use super::ReviewReport;
use crate::cli::args::Output;

/// Prints a report to standard output.
pub fn print(report: &ReviewReport, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Json | Output::Yaml | Output::Diff | Output::Text => {
            serde_json::to_writer_pretty(&mut out, report)?;
            writeln!(out)
        }
    }
}
