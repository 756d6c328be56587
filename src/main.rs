//! The slicegate binary: everything is in the library, so that tests and benchmarks use the same code.

use std::process::ExitCode;

/// An answer is a few dozen small pieces of memory that live for microseconds.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    slicegate::cli::run()
}
