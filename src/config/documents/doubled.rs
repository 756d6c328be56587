//! Where keys stand twice in a text: what reads its values keeps no places, and hardly any text needs them.

use std::collections::HashSet;

use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle};

/// So many are told of in one document.
const MOST: usize = 8;

/// One key where it stands again.
pub(super) struct Again {
    pub(super) key: String,
    /// From 1, in the text.
    pub(super) line: usize,
    /// From 1.
    pub(super) column: usize,
}

/// An object or a list whose end has not been seen.
enum Open {
    List,
    Object {
        keys: HashSet<String>,
        /// What comes next is a value.
        has_key: bool,
    },
}

/// The first few of them, in YAML or JSON, in the order in which they stand.
pub(super) fn find(text: &str) -> Vec<Again> {
    let options = granit_parser::options! { emit_comments: false };
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for next in Parser::new_from_str_with_options(text, options) {
        let Ok((event, span)) = next else { break };
        match event {
            Event::Scalar(key, style, ..) => {
                let is_merge = style == ScalarStyle::Plain && key == "<<";
                let key = (!is_merge).then(|| key.into_owned());
                found.extend(begin(&mut open, key, span.start));
            }
            Event::Alias(_) => {
                begin(&mut open, None, span.start);
            }
            Event::SequenceStart(..) => {
                begin(&mut open, None, span.start);
                open.push(Open::List);
            }
            Event::MappingStart(..) => {
                begin(&mut open, None, span.start);
                open.push(Open::Object {
                    keys: HashSet::new(),
                    has_key: false,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
            }
            _ => {}
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// A value begins, or a key, which may be a text.
fn begin(open: &mut [Open], text: Option<String>, at: Marker) -> Option<Again> {
    let Some(Open::Object { keys, has_key }) = open.last_mut() else {
        return None;
    };
    *has_key = !*has_key;
    let key = text.filter(|_| *has_key)?;
    if !keys.contains(&key) {
        keys.insert(key);
        return None;
    }
    Some(Again {
        key,
        line: at.line(),
        column: at.col() + 1,
    })
}
