//! The slicegate binary. The code is in the library, so that tests and benchmarks use the same code.

use std::process::ExitCode;

/// mimalloc is fast for an answer's few dozen small and short-lived allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    slicegate::cli::run()
}
