//! JSON: read and written by hand where a request waits for it.

mod raw;
mod reader;
mod skip;
#[cfg(test)]
mod tests;
mod write;

use serde::Deserialize;

pub use raw::Raw;
use reader::Reader;
pub use write::{escape, number, plain, string};

/// Reads a value that borrows from its text, as [`serde_json::from_str`] does, and about twice as quickly where much of
/// it is asked for by nobody: such parts are skipped, and only their strings and brackets have to be in order.
///
/// # Errors
/// Those of `serde_json`, which has the last word about what cannot be read.
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    quickly(text).or_else(|_| serde_json::from_str(text))
}

fn quickly<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    let mut reader = Reader::new(text);
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}
