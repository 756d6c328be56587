//! JSON: read and written by hand where a request waits for it.

mod raw;
mod reader;
mod skip;
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

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::value::RawValue;

    use super::{Raw, quickly};

    #[test]
    fn nobody_else_is_needed_for_what_is_in_order_and_what_is_not_is_refused() {
        for text in [
            "{}",
            "[]",
            "null",
            " true ",
            "-1.5e3",
            r#""a""#,
            r#""\ud83d\ude00\n""#,
            r#" { "a" : [ 1 , { "b\n" : null } , "" ] , "c" : false } "#,
        ] {
            let value = quickly::<Value>(text).expect(text);
            assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
            assert_eq!(quickly::<&RawValue>(text).unwrap().get(), text.trim());
            assert_eq!(quickly::<Raw<'_>>(text).unwrap().get(), text.trim());
        }
        for text in ["", "{", "[1", "[1,]", "{\"a\":}", "1 2", "\"\u{1}\"", "nul"] {
            assert!(quickly::<Value>(text).is_err(), "{text}");
        }
    }
}
