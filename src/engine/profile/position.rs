//! The position of a setting in its container. It is computed from the text only for messages and edits.

use super::setting::{Origin, Setting};
use crate::facts::pod::{ArgumentList, Container};

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

/// The position of a setting of this container.
pub(super) fn of<'a>(container: &'a Container<'a>, setting: &Setting<'a>) -> Option<Position<'a>> {
    let (list, at) = match setting.origin {
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
    let word = setting.value.word();
    let after_name = own.trim_start_matches('-').strip_prefix(setting.name);
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

/// The text between the quotes. A word that equals it has no escapes.
fn unquoted(element: &str) -> &str {
    let inner = element.strip_prefix('"').and_then(|e| e.strip_suffix('"'));
    inner.unwrap_or_default()
}
