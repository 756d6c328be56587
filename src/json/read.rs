//! Reads a whole text, and says what is wrong with one.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Error;

use super::bounds::{Bounds, Cut};
use super::reader::Reader;

/// Longer texts are not read a second time for the sake of a better message.
const LONGEST_READ_TWICE: usize = 64 << 10;

/// Reads a value from a text that anybody may have sent: no more of it is kept than the bounds say. Also says what was
/// left out.
///
/// # Errors
/// Those of `serde_json` if the text is short. For a long one, about where it is not in order.
pub fn from_str_within<'a, T: Deserialize<'a>>(
    text: &'a str,
    bounds: Bounds,
) -> Result<(T, Cut), Error> {
    let mut reader = Reader::new(text, bounds);
    let value = T::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(value) => Ok((value, reader.cut())),
        Err(_) if text.len() <= LONGEST_READ_TWICE => {
            serde_json::from_str(text).map(|value| (value, Cut::Nothing))
        }
        Err(problem) => Err(Error::custom(format_args!(
            "{}, before byte {}",
            said(&problem),
            reader.at()
        ))),
    }
}

/// The beginning of what is said about a text, which may repeat all of it.
pub fn said(problem: &Error) -> String {
    const LONGEST: usize = 300;
    let mut said = problem.to_string();
    if said.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| said.is_char_boundary(*end));
        said.truncate(end.unwrap_or(0));
        said.push_str("...");
    }
    said
}
