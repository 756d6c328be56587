//! A value as it stands in its text.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use super::{Bounds, Cut};

/// A value that is read later, if anybody asks for it. Of objects and arrays only strings and brackets were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// By this the reader knows what is asked for.
    pub(super) const NAME: &'static str = "slicegate::json::Raw";

    pub(super) const fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    pub const fn get(self) -> &'a str {
        self.0
    }

    /// Reads it, unless it has more entries than anybody has a use for.
    ///
    /// # Errors
    /// As [`super::from_str_within`], and where entries would have to be left out.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        const MOST_ENTRIES: usize = 5_000;
        let bounds = Bounds::new(MOST_ENTRIES, |_| true);
        match super::from_str_within(self.0, bounds)? {
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

            // Where `serde_json` reads.
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                <&RawValue>::deserialize(deserializer).map(|raw| Raw(raw.get()))
            }
        }
        deserializer.deserialize_newtype_struct(Self::NAME, RawVisitor(PhantomData))
    }
}
