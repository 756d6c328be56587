//! A value beside the text that it was read from.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::raw::Raw;
use super::reader::KEPT;

/// A value, and how it stands in its text.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a, T> {
    /// The text.
    pub raw: Raw<'a>,
    /// What it says.
    pub read: T,
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Kept<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeptVisitor<'a, T>(PhantomData<(&'a (), T)>);

        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for KeptVisitor<'a, T> {
            type Value = Kept<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut twice: S) -> Result<Self::Value, S::Error> {
                let lacking = || S::Error::custom("a value was expected");
                let read = twice.next_element()?.ok_or_else(lacking)?;
                let raw = twice.next_element()?.ok_or_else(lacking)?;
                let raw = Raw::of(raw);
                Ok(Kept { raw, read })
            }

            // `serde_json` calls this.
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                let raw = <&RawValue>::deserialize(deserializer)?.get();
                let read = serde_json::from_str(raw).map_err(D::Error::custom)?;
                let raw = Raw::of(raw);
                Ok(Kept { raw, read })
            }
        }
        deserializer.deserialize_newtype_struct(KEPT, KeptVisitor(PhantomData))
    }
}
