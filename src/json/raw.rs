//! A value as it stands in its text.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use super::bounds::{Bounds, Cut};
use super::read::from_str_within;
use super::reader::RAW;

/// A value that is read later, if at all. Of objects and arrays, only strings and brackets have been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    pub const fn get(self) -> &'a str {
        self.0
    }

    /// Reads it.
    ///
    /// # Errors
    /// Like [`from_str_within`]; also for more entries than anybody needs.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        const MOST_ENTRIES: usize = 5_000;
        let bounds = Bounds::new(MOST_ENTRIES, |_| true);
        match from_str_within(self.0, bounds)? {
            (value, Cut::Nothing) => Ok(value),
            _ => Err(Error::custom("more entries than are read")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for RawVisitor<'a> {
            type Value = Raw<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E: Error>(self, raw: &'de str) -> Result<Self::Value, E> {
                Ok(Raw(raw))
            }

            // `serde_json` calls this.
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                <&RawValue>::deserialize(deserializer).map(|raw| Raw(raw.get()))
            }
        }
        deserializer.deserialize_newtype_struct(RAW, RawVisitor(PhantomData))
    }
}
