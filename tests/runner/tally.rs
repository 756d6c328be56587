//! What became of the tests, test by test and in all.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::{Gap, Missing};

/// Counts, and what is said at the end.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    failed: Vec<&'static str>,
    /// By reason.
    not_run: BTreeMap<String, usize>,
    in_part: BTreeMap<String, usize>,
    /// Something that has to be here is not.
    lacks: bool,
}

impl Tally {
    /// Counts a test and prints what became of it. What could not be run is told once for all of a reason, at the end.
    pub fn count(
        &mut self,
        name: &'static str,
        is_good: bool,
        gap: Option<Gap>,
        took: Duration,
        notes: &[String],
    ) {
        let is_run = !is_good || gap.as_ref().is_none_or(|gap| gap.is_part);
        if !is_good {
            self.failed.push(name);
        } else if is_run {
            self.passed += 1;
        }
        if let Some(Gap { missing, is_part }) = gap {
            self.lacks |= missing.fails();
            let reasons = if is_part {
                &mut self.in_part
            } else {
                &mut self.not_run
            };
            *reasons.entry(missing.to_string()).or_default() += 1;
        }
        if is_run {
            let word = if is_good { "ok" } else { "FAILED" };
            println!("test {name} ... {word} ({:.1} s)", took.as_secs_f32());
            notes.iter().for_each(|note| println!("    {note}"));
        }
    }

    /// Nothing was run.
    pub fn none_of(&mut self, count: usize, missing: &Missing) {
        self.lacks |= missing.fails();
        self.not_run.insert(missing.to_string(), count);
    }

    /// Prints all of it.
    pub fn finish(self, start: Instant) -> ExitCode {
        let not_run: usize = self.not_run.values().sum();
        let is_good = self.failed.is_empty() && !self.lacks;
        let word = match (is_good, self.passed) {
            (false, _) => "FAILED",
            (true, 0) => "NOT RUN",
            (true, _) => "ok",
        };
        let (passed, failed) = (self.passed, self.failed.len());
        let took = start.elapsed().as_secs_f32();
        println!(
            "\ntest result: {word}. {passed} passed; {failed} failed; {not_run} not run; {took:.0} s"
        );
        for name in &self.failed {
            println!("    {name}");
        }
        for (reasons, words) in [
            (&self.not_run, "NOT RUN"),
            (&self.in_part, "NOT RUN IN PART"),
        ] {
            for (why, count) in reasons {
                let tests = if *count == 1 { "test" } else { "tests" };
                println!("{words}: {count} {tests}: {why}");
            }
        }
        if is_good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
