//! Fields that take one of a few words. The first word is the default.

use std::marker::PhantomData;

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::formats::{Format, Text};
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
pub(super) type Enum<T> = Text<Word<T>>;

/// The format of one of these words.
#[derive(Clone, Debug)]
pub(super) struct Word<T>(PhantomData<T>);

impl<T: EnumValues> Format for Word<T> {
    type Value = T;

    fn schema() -> Schema {
        let words: Vec<&str> = T::VALUES.iter().map(|(word, _)| *word).collect();
        json_schema!({"type": "string", "enum": words})
    }

    fn read(text: &str) -> Result<T, String> {
        let found = T::VALUES.iter().find(|(word, _)| *word == text);
        let found = found.ok_or_else(|| format!("no such word: {text}"));
        found.map(|(_, value)| *value)
    }

    fn json(value: &T) -> Value {
        let word = T::VALUES.iter().find(|(_, known)| known == value);
        word.map_or("", |(word, _)| word).into()
    }
}

impl<T: EnumValues> Default for Enum<T> {
    fn default() -> Self {
        Self(T::VALUES[0].1)
    }
}

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
