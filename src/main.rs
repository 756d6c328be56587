//! The slicegate binary: everything is in the library, so that tests and benchmarks use the same code.

use std::process::ExitCode;

fn main() -> ExitCode {
    slicegate::cli::run()
}
