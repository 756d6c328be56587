//! How fast the machine is just now, beside the fastest it was in this run.
//!
//! A bound in milliseconds means a machine that has nothing else to do. Where tests run there are neighbours that take
//! the caches, the memory and the core itself, which no clock of this machine tells from work. So the same piece of work
//! is done right before and right after whatever seemed slow.

use crate::scene::ran;

/// A piece of work that reads bytes and takes memory, as an answer does.
pub struct Pace {
    text: String,
    fastest: u64,
}

impl Pace {
    /// Looks for the fastest.
    pub fn new() -> Self {
        let entry = r#"{"name":"a","value":"some text of a usual length","list":[1,2,3]}"#;
        let text = format!("[{}]", vec![entry; 10_000].join(","));
        let mut pace = Self {
            text,
            fastest: u64::MAX,
        };
        for _ in 0..50 {
            pace.slowdown();
        }
        pace
    }

    /// How many times slower than at its fastest the machine is, which is 1 or more.
    pub fn slowdown(&mut self) -> f64 {
        let before = ran();
        let read: serde_json::Value = serde_json::from_str(&self.text).expect("JSON");
        std::hint::black_box(&read);
        drop(read);
        let took = (ran() - before).max(1);
        self.fastest = self.fastest.min(took);
        took as f64 / self.fastest as f64
    }
}
