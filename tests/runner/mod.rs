//! Runs tests with the flags that `cargo test` passes on, a few groups of them at a time, and says what was not run and
//! why.
//!
//! For tests that need something that is not part of this repository: Rust's own harness knows no test that finds
//! out while it runs that it cannot be run.

mod arguments;
pub mod report;
pub mod shared;
mod tally;

use std::cell::RefCell;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use arguments::Arguments;
use tally::Tally;

/// One test: a sentence and what shows it.
pub struct Test<S> {
    /// Module and function.
    pub name: &'static str,
    /// Panics where the sentence does not hold.
    pub run: fn(&mut S),
}

/// A group of test functions under their own names.
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

/// What the tests of a group play on.
pub trait Stage: Send {
    /// What the last test could not do, once.
    fn take_gap(&mut self) -> Option<Gap>;

    /// Puts away what a failed test left behind: it is nobody else's to find.
    fn clear(&mut self) {}
}

/// Tests that are run one after another on one stage.
pub type Group<S> = &'static [Test<S>];

/// The tests of a target.
pub struct Tests<S: 'static> {
    /// What they are run on, for the first line.
    pub title: &'static str,
    /// Each on a stage of its own. They begin in this order, as many at a time as there are processors.
    pub groups: &'static [Group<S>],
    /// Only run where a filter names them, and alone: they measure, and nothing they say is right or wrong.
    pub benchmarks: Group<S>,
}

/// Runs what the arguments of this process choose. `set` is called once, and what it returns makes stages.
pub fn run<S: Stage, M: Fn() -> S + Sync>(
    tests: &Tests<S>,
    set: impl FnOnce() -> Result<M, Missing>,
) -> ExitCode {
    let arguments = Arguments::read(std::env::args().skip(1));
    let choose = |group: Group<S>| -> Vec<&'static Test<S>> {
        let chosen = group.iter().filter(|test| arguments.choose(test.name));
        chosen.collect()
    };
    let mut groups: Vec<_> = tests.groups.iter().map(|group| choose(group)).collect();
    groups.retain(|group| !group.is_empty());
    let is_asked = !arguments.filters.is_empty() || arguments.list;
    let benchmarks = choose(if is_asked { tests.benchmarks } else { &[] });
    let count = groups.iter().map(Vec::len).sum::<usize>() + benchmarks.len();
    if arguments.list {
        for test in groups.iter().flatten().chain(&benchmarks) {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {count} tests {}", tests.title);
    if count == 0 {
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    let mut tally = Tally::default();
    match set() {
        Ok(make) => {
            let shared = Mutex::new(tally);
            beside_one_another(&groups, arguments.threads(), &make, &shared);
            beside_one_another(&[benchmarks], 1, &make, &shared);
            tally = shared.into_inner().expect("a tally");
        }
        Err(missing) => tally.none_of(count, &missing),
    }
    tally.finish(start)
}

/// Every worker takes the next group as soon as it is done with one.
fn beside_one_another<S: Stage>(
    groups: &[Vec<&Test<S>>],
    workers: usize,
    make: &(impl Fn() -> S + Sync),
    tally: &Mutex<Tally>,
) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one_after_another(group, make(), tally);
                }
            });
        }
    });
}

fn one_after_another<S: Stage>(group: &[&Test<S>], mut stage: S, tally: &Mutex<Tally>) {
    for test in group {
        let begun = Instant::now();
        // On a thread of its name, which a panic tells.
        let (is_good, notes) = thread::scope(|scope| {
            let named = thread::Builder::new().name(test.name.to_owned());
            let stage = &mut stage;
            let running = named.spawn_scoped(scope, || {
                let run = std::panic::AssertUnwindSafe(|| (test.run)(stage));
                let is_good = std::panic::catch_unwind(run).is_ok();
                (is_good, NOTES.take())
            });
            running.expect("a thread").join().expect("caught")
        });
        let gap = stage.take_gap();
        let mut tally = tally.lock().expect("a tally");
        tally.count(test.name, is_good, gap, begun.elapsed(), &notes);
        drop(tally);
        if !is_good {
            stage.clear();
        }
    }
}

thread_local! {
    static NOTES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Says something that belongs to the running test: it is printed below its name.
pub fn note(text: impl Into<String>) {
    NOTES.with_borrow_mut(|notes| notes.push(text.into()));
}

impl Missing {
    /// Whether it has to be here.
    pub fn fails(&self) -> bool {
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
