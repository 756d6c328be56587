//! A setting of a program, and where it is written.

use super::scan::SettingForm;
use super::spellings::Meaning;
use super::value::Value;
use crate::facts::pod::{ArgumentList, Place};

/// One setting of a program, by a flag or a variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The container.
    pub place: Place,
    /// The meaning of its value.
    pub meaning: Meaning,
    /// Flag or variable.
    pub form: SettingForm,
    /// The name of the flag without its dashes, or of the variable.
    pub name: &'a str,
    /// Its value.
    pub value: Value<'a>,
    pub(super) origin: Origin,
}

/// Where a setting is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// An entry of `env`.
    Environment(usize),
    /// A list, and the byte offset in its JSON text.
    Arguments(ArgumentList, usize),
}

impl Setting<'_> {
    /// The setting as it is written.
    pub fn shown(&self) -> String {
        let dashes = match self.form {
            SettingForm::Flag => "--",
            SettingForm::ShortFlag => "-",
            SettingForm::Variable => "",
        };
        format!("{dashes}{}", self.name)
    }

    /// Whether it is an entry of the container's `env`.
    pub const fn is_in_environment(&self) -> bool {
        matches!(self.origin, Origin::Environment(_))
    }
}
