//! A setting of a program, and where it is written.

use super::scan::SettingForm;
use super::spellings::Meaning;
use super::value::Value;
use crate::facts::pod::{ArgumentList, Container, Place};

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

/// The position of a setting in its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position<'a> {
    /// An entry of `env`.
    Variable {
        /// Its index.
        index: usize,
    },
    /// An element of its own, `--flag=value`, or the one after it, `--flag`, `value`.
    Argument {
        /// The list.
        list: ArgumentList,
        /// The element that holds the value.
        index: usize,
        /// The whole element.
        text: &'a str,
        /// The part before the value: `--flag=`, or nothing.
        before: &'a str,
    },
    /// Within an element that is a text for another program, such as a shell.
    Within {
        /// The list.
        list: ArgumentList,
        /// The element.
        index: usize,
    },
}

impl<'a> Setting<'a> {
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

    /// Computed from the text only for messages and edits.
    pub(super) fn position(&self, container: &'a Container<'a>) -> Option<Position<'a>> {
        let (list, at) = match self.origin {
            Origin::Environment(index) => return Some(Position::Variable { index }),
            Origin::Arguments(list, at) => (list, at),
        };
        let json = container.json(list);
        let elements = container.elements(list);
        let mut end = 0;
        let index = elements.iter().position(|element| {
            let gap = json[end..].find(element).unwrap_or_default();
            end += gap + element.len();
            at < end
        })?;
        let own = unquoted(elements[index]);
        let next = elements.get(index + 1).map(|next| unquoted(next));
        let word = self.value.word();
        let after_name = own.trim_start_matches('-').strip_prefix(self.name);
        Some(match (after_name, word, next) {
            (Some(""), Some(word), Some(next)) if next == word => Position::Argument {
                list,
                index: index + 1,
                text: next,
                before: "",
            },
            (Some(joined), Some(word), _) if joined.strip_prefix('=') == Some(word) => {
                Position::Argument {
                    list,
                    index,
                    text: own,
                    before: &own[..own.len() - word.len()],
                }
            }
            _ => Position::Within { list, index },
        })
    }
}

/// The text between the quotes. A word that equals it has no escapes.
fn unquoted(element: &str) -> &str {
    let inner = element.strip_prefix('"').and_then(|e| e.strip_suffix('"'));
    inner.unwrap_or_default()
}
