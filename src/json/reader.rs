//! Reads JSON into types that borrow from it, and skips what no type asks for many bytes at a time.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};
use serde_json::Error;
use serde_json::de::StrRead;
use serde_json::value::RawValue;

use super::bounds::{Bounds, Cut};
use super::skip;

/// As deep as `serde_json` goes.
const DEEPEST: u8 = 127;
/// By this name of a newtype, the reader hands out the text of a value.
pub(super) const RAW: &str = "slicegate::json::Raw";
/// By this name of a newtype, the reader hands out a value, and after it its text.
pub(super) const KEPT: &str = "slicegate::json::Kept";

/// A text, and how far it was read.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How much deeper objects and arrays may go.
    depth: u8,
    bounds: Bounds,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, bounds: Bounds) -> Self {
        Self {
            text,
            at: 0,
            depth: DEEPEST,
            bounds,
        }
    }

    /// How far the text was read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was left out.
    pub(super) fn cut(&self) -> Cut {
        self.bounds.cut
    }

    /// Nothing more follows.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Error::custom("more than one value")),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn pass(&mut self, byte: u8) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(Error::custom("something else was expected"));
        }
        self.at += 1;
        Ok(())
    }

    /// The next value as it stands.
    fn raw(&mut self) -> Result<&'a str, Error> {
        self.peek();
        let end = skip::value(self.text.as_bytes(), self.at);
        let raw = end.and_then(|end| self.text.get(self.at..end));
        let raw = raw.ok_or_else(|| Error::custom("a value does not end"))?;
        self.at += raw.len();
        Ok(raw)
    }

    /// The next value as it stands, for later. Short values are checked nevertheless.
    fn skipped(&mut self) -> Result<&'a str, Error> {
        match self.peek() {
            Some(b'"' | b'{' | b'[') => self.raw(),
            _ => self.handed(|reader| <&RawValue>::deserialize(reader).map(RawValue::get)),
        }
    }

    /// Lets `serde_json` read the next value: what is rare need not be quick.
    fn handed<T>(
        &mut self,
        read: impl FnOnce(&mut serde_json::Deserializer<StrRead<'a>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut reader = serde_json::Deserializer::from_str(self.raw()?);
        let value = read(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// The next value, which begins with a quote, if it can be taken as it stands.
    // Most of a text is strings: called out of line, this costs a tenth of the reading.
    #[inline(always)]
    fn plain(&mut self) -> Option<&'a str> {
        let from = self.at + 1;
        let (end, is_plain) = skip::string(self.text.as_bytes(), from)?;
        let text = self.text.get(from..end).filter(|_| is_plain)?;
        self.at = end + 1;
        Some(text)
    }

    /// Reads what is between two brackets.
    fn within<T>(
        &mut self,
        (close, is_struct): (u8, bool),
        read: impl FnOnce(&mut Members<'_, 'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let deeper = self.depth.checked_sub(1);
        self.depth = deeper.ok_or_else(|| Error::custom("too deep"))?;
        self.at += 1;
        let mut members = Members {
            reader: self,
            close,
            is_struct,
            is_first: true,
        };
        let value = read(&mut members)?;
        if members.next()? {
            return Err(Error::custom("more than was asked for"));
        }
        self.at += 1;
        self.depth += 1;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'"') => match self.plain() {
                Some(text) => visitor.visit_borrowed_str(text),
                None => self.handed(|reader| reader.deserialize_str(visitor)),
            },
            Some(b'{') => self.within((b'}', false), |members| visitor.visit_map(members)),
            Some(b'[') => self.within((b']', false), |members| visitor.visit_seq(members)),
            _ => self.handed(|reader| reader.deserialize_any(visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.peek() {
            // Fields of a type are never left out.
            Some(b'{') => self.within((b'}', true), |members| visitor.visit_map(members)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek() {
            Some(b'n') => self.handed(|reader| reader.deserialize_option(visitor)),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skipped()?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            RAW => visitor.visit_borrowed_str(self.skipped()?),
            KEPT => {
                self.peek();
                let from = self.at;
                visitor.visit_seq(Twice { reader: self, from })
            }
            // Only `serde_json` knows `RawValue`.
            _ => self.handed(|reader| reader.deserialize_newtype_struct(name, visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.handed(|reader| reader.deserialize_enum(name, variants, visitor))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

/// The members of an object or array.
struct Members<'r, 'a> {
    reader: &'r mut Reader<'a>,
    close: u8,
    /// The members are the fields of a type, and none is left out.
    is_struct: bool,
    is_first: bool,
}

impl<'a> Members<'_, 'a> {
    /// Whether one more follows. Otherwise the next byte is the closing bracket.
    fn next(&mut self) -> Result<bool, Error> {
        match self.reader.peek() {
            Some(byte) if byte == self.close => return Ok(false),
            _ if self.is_first => self.is_first = false,
            Some(b',') => self.reader.at += 1,
            _ => return Err(Error::custom("something else was expected")),
        }
        Ok(true)
    }

    /// Leaves out the rest.
    #[cold]
    fn leave(&mut self) -> Result<(), Error> {
        let end = skip::rest(self.reader.text.as_bytes(), self.reader.at);
        self.reader.at = end.ok_or_else(|| Error::custom("a value does not end"))?;
        Ok(())
    }

    #[inline]
    fn key<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<K::Value, Error> {
        let key = match self.reader.peek() {
            Some(b'"') => match self.reader.plain() {
                Some(key) => seed.deserialize(BorrowedStrDeserializer::new(key))?,
                None => self.reader.handed(|reader| seed.deserialize(reader))?,
            },
            _ => return Err(Error::custom("a key is a string")),
        };
        self.reader.pass(b':')?;
        Ok(key)
    }

    /// The next key that matters; entries before it are left out. No ordinary pod comes here.
    #[cold]
    fn key_that_matters(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        loop {
            let Key(key) = self.key(PhantomData)?;
            if (self.reader.bounds.matters)(&key) {
                if self.reader.bounds.take(Cut::KeysThatMatter) {
                    return Ok(Some(key));
                }
                // The key and its colon are read: the rest of the map begins with the value.
                self.leave()?;
                return Ok(None);
            }
            self.reader.skipped()?;
            if !self.next()? {
                return Ok(None);
            }
        }
    }
}

/// A key, with an allocation only where it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> MapAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if !self.next()? {
            return Ok(None);
        }
        if self.is_struct || self.reader.bounds.take(Cut::Keys) {
            return self.key(seed).map(Some);
        }
        let key = self.key_that_matters()?.map(|key| match key {
            Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)),
            Cow::Owned(key) => seed.deserialize(key.into_deserializer()),
        });
        key.transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'a> SeqAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if !self.next()? {
            return Ok(None);
        }
        if self.reader.bounds.take(Cut::Entries) {
            return seed.deserialize(&mut *self.reader).map(Some);
        }
        self.leave()?;
        Ok(None)
    }
}

/// A value, and after it the text of the value.
struct Twice<'r, 'a> {
    reader: &'r mut Reader<'a>,
    from: usize,
}

impl<'a> SeqAccess<'a> for Twice<'_, 'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let text = self.reader.text.get(self.from..self.reader.at);
        match text.filter(|text| !text.is_empty()) {
            None => seed.deserialize(&mut *self.reader).map(Some),
            Some(text) => seed
                .deserialize(BorrowedStrDeserializer::new(text))
                .map(Some),
        }
    }
}
