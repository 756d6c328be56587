//! Reads JSON into types that borrow from it: what no type asks for is skipped many bytes at a time.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize as _;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
};
use serde_json::Error;
use serde_json::de::StrRead;
use serde_json::value::RawValue;

use super::bounds::{Bounds, Cut};
use super::{Kept, Raw, skip};

/// As deep as `serde_json` goes.
const DEEPEST: u8 = 127;

/// A text, and how far it was read.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How much deeper objects and arrays may go.
    depth: u8,
    bounds: Bounds,
}

impl<'a> Reader<'a> {
    /// Nothing is read yet.
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

    /// There is nothing more.
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

    /// The next value as it stands, which nobody asks for now; what is short is looked at all the same.
    fn skipped(&mut self) -> Result<&'a str, Error> {
        match self.peek() {
            Some(b'"' | b'{' | b'[') => self.raw(),
            _ => self.handed(|reader| <&RawValue>::deserialize(reader).map(RawValue::get)),
        }
    }

    /// Reads the next value as `serde_json` does: what is rare need not be quick.
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
    // Most of a text is strings: called out of line, this is a tenth of all that reading costs.
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
            // A field that is there is never left out.
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
            Raw::NAME => visitor.visit_borrowed_str(self.skipped()?),
            Kept::<()>::NAME => {
                self.peek();
                let from = self.at;
                visitor.visit_seq(Twice { reader: self, from })
            }
            // A `RawValue` is one for `serde_json` alone.
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

/// What is between two brackets.
struct Members<'r, 'a> {
    reader: &'r mut Reader<'a>,
    close: u8,
    /// Its members are the fields of a type, so that none is left out.
    is_struct: bool,
    is_first: bool,
}

impl<'a> Members<'_, 'a> {
    /// Whether there is one more; what is next is its first byte, or else the closing bracket.
    fn next(&mut self) -> Result<bool, Error> {
        match self.reader.peek() {
            Some(byte) if byte == self.close => return Ok(false),
            _ if self.is_first => self.is_first = false,
            Some(b',') => self.reader.at += 1,
            _ => return Err(Error::custom("something else was expected")),
        }
        Ok(true)
    }

    /// Leaves out all that is left.
    #[cold]
    fn leave(&mut self) -> Result<(), Error> {
        let end = skip::rest(self.reader.text.as_bytes(), self.reader.at);
        self.reader.at = end.ok_or_else(|| Error::custom("a value does not end"))?;
        Ok(())
    }

    /// The next key, if there is one more.
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

    /// The next key that matters; what comes before is left out. No pod that is meant comes here.
    #[cold]
    fn key_that_matters(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        loop {
            let key = self.key(Key)?;
            if self.reader.bounds.matters(&key) {
                if self.reader.bounds.take_key_that_matters() {
                    return Ok(Some(key));
                }
                // The key and its colon are read, and what is left of the map begins with the value.
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
struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

impl<'a> MapAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if !self.next()? {
            return Ok(None);
        }
        if self.is_struct || self.reader.bounds.take_key() {
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
        if self.reader.bounds.take_entry() {
            return seed.deserialize(&mut *self.reader).map(Some);
        }
        self.leave()?;
        Ok(None)
    }
}

/// A value, and after it the text that it was read from.
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
