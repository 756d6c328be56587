//! Fields that take one of a few words. The first word is the default.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::engine::vocabulary::{
    BoundaryNames, BoundaryPlacement, CoTenancy, ForeignSystem, Isolation, Mode, Outsiders,
    Severity, Strategy, Unlabelled, Vgpu,
};

/// A type with one word for each of its values.
pub(super) trait EnumValues: Copy + PartialEq + 'static {
    /// The words and their values, in the order of messages.
    const VALUES: &'static [(&'static str, Self)];
}

/// A field with one of these words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Enum<T>(pub T);

/// Whether nodes that run shares of the same boundary are preferred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Packing(pub bool);

/// Whether containers without a GPU are told to see none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HideGpus(pub bool);

macro_rules! words {
    ($($type:ident: $($word:expr => $value:expr),+;)+) => {
        $(impl EnumValues for $type {
            const VALUES: &'static [(&'static str, Self)] = &[$(($word, $value)),+];
        })+
    };
}

/// For types that have a `word` function.
macro_rules! own_words {
    ($($type:ident: $($variant:ident),+;)+) => {
        $(impl EnumValues for $type {
            const VALUES: &'static [(&'static str, Self)] = &[$((Self::$variant.word(), Self::$variant)),+];
        })+
    };
}

own_words! {
    Mode: Enforce, DryRun, Off;
    Severity: Deny, Warn, Off;
    ForeignSystem: Hami, Kai, RunAi, Volcano, TensorFusion;
    Isolation: None, Limited, Hardware, Dedicated;
    Strategy: Exclusive, Mig, Mps, TimeSlicing;
    CoTenancy: Boundary, Any;
}

words! {
    Outsiders: "none" => Self::None, "label" => Self::Label;
    BoundaryNames: "listed" => Self::Listed, "open" => Self::Open;
    BoundaryPlacement: "pod-anti-affinity" => Self::PodAntiAffinity, "node-label" => Self::NodeLabel;
    Unlabelled: "unknown" => Self::Unknown, "exclusive" => Self::Exclusive;
    Vgpu: "unknown" => Self::Unknown, "time-slicing" => Self::TimeSlicing, "mig" => Self::Mig, "exclusive" => Self::Exclusive;
    Packing: "boundary" => Self(true), "none" => Self(false);
    HideGpus: "managed" => Self(true), "off" => Self(false);
}

impl<T: EnumValues> Default for Enum<T> {
    fn default() -> Self {
        Self(T::VALUES[0].1)
    }
}

impl<T: EnumValues> Serialize for Enum<T> {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let word = T::VALUES.iter().find(|(_, value)| *value == self.0);
        writer.serialize_str(word.map_or("", |(word, _)| word))
    }
}

impl<'de, T: EnumValues> Deserialize<'de> for Enum<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(reader)?;
        let found = T::VALUES.iter().find(|(word, _)| *word == text);
        let found = found.ok_or_else(|| D::Error::custom(format!("no such word: {text}")));
        found.map(|(_, value)| Self(*value))
    }
}

impl<T: EnumValues> JsonSchema for Enum<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Enum".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::VALUES.iter().map(|(word, _)| *word).collect();
        json_schema!({"type": "string", "enum": words})
    }
}
