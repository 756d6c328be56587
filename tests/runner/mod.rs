//! Runs tests one after another, with the flags that `cargo test` passes on, and says which were not run and why.
//!
//! For tests that need something that is not part of this repository: Rust's own harness knows no test that finds
//! out while it runs that it cannot be run.

pub mod report;
pub mod shared;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

/// One test: a sentence and what shows it.
pub struct Test<S> {
    /// Module and function.
    pub name: &'static str,
    /// Panics where the sentence does not hold.
    pub run: fn(&mut S),
}

/// A list of test functions under their own names.
macro_rules! tests {
    ($($path:path),* $(,)?) => {
        &[$($crate::runner::Test { name: stringify!($path), run: $path }),*]
    };
}
pub(crate) use tests;

/// Something that is not here.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What it is, and how to have it.
    pub why: String,
    /// The variable that makes a failure of it where it is set to 1.
    pub require: &'static str,
}

/// What a test could not do, because something is not here.
pub struct Gap {
    /// What is not here.
    pub missing: Missing,
    /// Whether the test did the rest.
    pub is_part: bool,
}

/// What tests play on.
pub trait Stage {
    /// What the last test could not do, once.
    fn take_gap(&mut self) -> Option<Gap>;

    /// Puts away what a failed test left behind: it is nobody else's to find.
    fn clear(&mut self) {}
}

/// The tests of a target.
pub struct Tests<S: 'static> {
    /// What they are run on, for the first line.
    pub title: &'static str,
    /// Run in this order.
    pub all: &'static [Test<S>],
    /// Only run where a filter names them: they measure, and nothing they say is right or wrong.
    pub benchmarks: &'static [Test<S>],
}

/// Runs what the arguments of this process choose, on a stage that is set once.
pub fn run<S: Stage>(tests: &Tests<S>, set: impl FnOnce() -> Result<S, Missing>) -> ExitCode {
    let arguments = Arguments::read(std::env::args().skip(1));
    let mut chosen: Vec<&Test<S>> = tests.all.iter().collect();
    if !arguments.filters.is_empty() || arguments.list {
        chosen.extend(tests.benchmarks);
    }
    chosen.retain(|test| arguments.choose(test.name));
    if arguments.list {
        for test in &chosen {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests {}", chosen.len(), tests.title);
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    match set() {
        Ok(stage) => one_after_another(&chosen, stage),
        Err(missing) => not_run(&chosen, &missing),
    }
}

/// What became of the tests.
#[derive(Default)]
struct Tally {
    passed: usize,
    not_run: usize,
    failed: Vec<&'static str>,
}

fn one_after_another<S: Stage>(tests: &[&Test<S>], mut stage: S) -> ExitCode {
    let start = Instant::now();
    let mut tally = Tally::default();
    for test in tests {
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (test.run)(&mut stage)));
        let gap = stage.take_gap();
        let word = tally.count(test.name, outcome.is_ok(), gap.as_ref());
        let took = begun.elapsed().as_secs_f32();
        println!("test {} ... {word} ({took:.1} s)", test.name);
        if outcome.is_err() {
            stage.clear();
        }
    }
    drop(stage);
    tally.finish(start)
}

impl Tally {
    /// Counts a test, and says in a word what became of it.
    fn count(&mut self, name: &'static str, is_good: bool, gap: Option<&Gap>) -> String {
        if !is_good || gap.is_some_and(|gap| gap.missing.fails()) {
            self.failed.push(name);
        } else if gap.is_some_and(|gap| !gap.is_part) {
            self.not_run += 1;
        } else {
            self.passed += 1;
        }
        match gap {
            _ if !is_good => "FAILED".to_owned(),
            None => "ok".to_owned(),
            Some(gap) => {
                let part = if gap.is_part { " in part" } else { "" };
                format!("NOT RUN{part}: {}", gap.missing)
            }
        }
    }

    fn finish(self, start: Instant) -> ExitCode {
        let word = if self.failed.is_empty() {
            "ok"
        } else {
            "FAILED"
        };
        let (passed, failed, not_run) = (self.passed, self.failed.len(), self.not_run);
        let took = start.elapsed().as_secs_f32();
        println!(
            "\ntest result: {word}. {passed} passed; {failed} failed; {not_run} not run; {took:.0} s"
        );
        for name in &self.failed {
            println!("    {name}");
        }
        exit(failed == 0)
    }
}

fn not_run<S>(tests: &[&Test<S>], missing: &Missing) -> ExitCode {
    for test in tests {
        println!("NOT RUN: {}", test.name);
    }
    println!("\nNOT RUN: none of {} tests: {missing}", tests.len());
    exit(!missing.fails())
}

impl Missing {
    /// Whether it has to be here.
    fn fails(&self) -> bool {
        std::env::var(self.require).is_ok_and(|v| v == "1")
    }
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.fails() {
            true => write!(f, "{}, and {} is 1", self.why, self.require),
            false => f.write_str(&self.why),
        }
    }
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
