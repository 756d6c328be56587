//! The flags and filters that `cargo test` passes on.

use std::thread::available_parallelism;

/// What `cargo test` and people pass to a test target.
#[derive(Default)]
pub struct Arguments {
    /// Parts of names, any of which will do.
    pub filters: Vec<String>,
    skip: Vec<String>,
    exact: bool,
    /// Names alone are asked for.
    pub list: bool,
    ignored: bool,
    threads: Option<usize>,
}

impl Arguments {
    /// Reads them; what it does not know it leaves alone, as Cargo passes the same to every target.
    pub fn read(given: impl Iterator<Item = String>) -> Self {
        let mut arguments = Self::default();
        let mut given = given;
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--list" => arguments.list = true,
                "--exact" => arguments.exact = true,
                "--ignored" => arguments.ignored = true,
                "--skip" => arguments.skip.extend(given.next()),
                "--test-threads" => arguments.threads = given.next().and_then(|n| n.parse().ok()),
                // Their values are no filters.
                "--format" | "--color" | "--logfile" | "-Z" => {
                    given.next();
                }
                flag if flag.starts_with('-') => {
                    let value = |name: &str| flag.strip_prefix(name)?.strip_prefix('=');
                    arguments.skip.extend(value("--skip").map(str::to_owned));
                    let threads = value("--test-threads").and_then(|n| n.parse().ok());
                    arguments.threads = threads.or(arguments.threads);
                }
                filter => arguments.filters.push(filter.to_owned()),
            }
        }
        arguments
    }

    /// How many groups to run at a time: one for each processor where nobody says otherwise.
    pub fn threads(&self) -> usize {
        let processors = || available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(processors).max(1)
    }

    /// Whether a test is wanted.
    pub fn choose(&self, name: &str) -> bool {
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
