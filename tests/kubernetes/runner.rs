//! Runs the tests one after another, with the flags that `cargo test` passes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use super::assets;
use super::stage::Stage;

/// Set to 1 where a Kubernetes has to be there, such as in continuous integration.
const REQUIRE: &str = "SLICEGATE_REQUIRE_KUBERNETES";

/// One test: a sentence and what shows it.
pub struct Test {
    /// Module and function.
    pub name: &'static str,
    /// Panics where the sentence does not hold.
    pub run: fn(&mut Stage),
}

/// A list of test functions under their own names.
macro_rules! tests {
    ($($path:path),* $(,)?) => {
        &[$(Test { name: stringify!($path), run: $path }),*]
    };
}
pub(crate) use tests;

/// Runs what the arguments of this process choose.
pub fn run(tests: &[Test]) -> ExitCode {
    let arguments = Arguments::read(std::env::args().skip(1));
    let chosen: Vec<&Test> = tests.iter().filter(|t| arguments.choose(t.name)).collect();
    if arguments.list {
        for test in &chosen {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests on a real Kubernetes", chosen.len());
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    match assets::find() {
        Ok(assets) => one_after_another(&chosen, Stage::new(assets)),
        Err(reason) => not_run(&chosen, &reason),
    }
}

fn one_after_another(tests: &[&Test], mut stage: Stage) -> ExitCode {
    let start = Instant::now();
    let (mut failed, mut passed, mut skipped_ones) = (Vec::new(), 0, 0);
    for test in tests {
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (test.run)(&mut stage)));
        let skipped = stage.take_skipped();
        let word = match (&outcome, &skipped) {
            (Err(_), _) => "FAILED".to_owned(),
            (Ok(()), Some(why)) => format!("NOT RUN: {why}"),
            (Ok(()), None) => "ok".to_owned(),
        };
        println!(
            "test {} ... {word} ({:.1} s)",
            test.name,
            begun.elapsed().as_secs_f32()
        );
        passed += usize::from(outcome.is_ok() && skipped.is_none());
        skipped_ones += usize::from(outcome.is_ok() && skipped.is_some());
        if outcome.is_err() || skipped.is_some() && is_required() {
            failed.push(test.name);
        }
        if outcome.is_err() {
            // What a failed test left behind is nobody else's to find.
            stage.clear();
        }
    }
    drop(stage);
    println!(
        "\ntest result: {}. {passed} passed; {} failed; {skipped_ones} not run; {:.0} s",
        if failed.is_empty() { "ok" } else { "FAILED" },
        failed.len(),
        start.elapsed().as_secs_f32()
    );
    for name in &failed {
        println!("    {name}");
    }
    exit(failed.is_empty())
}

fn not_run(tests: &[&Test], reason: &str) -> ExitCode {
    for test in tests {
        println!("NOT RUN: {} ({reason})", test.name);
    }
    println!("\nNOT RUN: none of {} tests: {reason}", tests.len());
    exit(!is_required())
}

fn is_required() -> bool {
    std::env::var(REQUIRE).is_ok_and(|v| v == "1")
}

fn exit(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What `cargo test` and people pass to a test target.
#[derive(Default)]
struct Arguments {
    filters: Vec<String>,
    skip: Vec<String>,
    exact: bool,
    list: bool,
    ignored: bool,
}

impl Arguments {
    fn read(given: impl Iterator<Item = String>) -> Self {
        let mut arguments = Self::default();
        let mut given = given;
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--list" => arguments.list = true,
                "--exact" => arguments.exact = true,
                "--ignored" => arguments.ignored = true,
                "--skip" => arguments.skip.extend(given.next()),
                // Their values are no filters.
                "--test-threads" | "--format" | "--color" | "--logfile" | "-Z" => {
                    given.next();
                }
                flag if flag.starts_with('-') => {
                    arguments
                        .skip
                        .extend(flag.strip_prefix("--skip=").map(str::to_owned));
                }
                filter => arguments.filters.push(filter.to_owned()),
            }
        }
        arguments
    }

    fn choose(&self, name: &str) -> bool {
        let matches = |filter: &String| {
            if self.exact {
                name == filter
            } else {
                name.contains(filter.as_str())
            }
        };
        let wanted = self.filters.is_empty() || self.filters.iter().any(matches);
        wanted && !self.ignored && !self.skip.iter().any(matches)
    }
}
