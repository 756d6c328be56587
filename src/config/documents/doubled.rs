//! Where keys stand twice in a text: what reads its values keeps no places, and hardly any text needs them.

use std::collections::HashSet;

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle};

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

/// An object whose end has not been seen.
#[derive(Default)]
struct Object {
    keys: HashSet<String>,
    /// The next node is a value.
    has_key: bool,
}

/// The first few of them, in YAML or JSON, in the order in which they stand.
pub(super) fn find(text: &str) -> Vec<Again> {
    let options = granit_parser::options! { emit_comments: false };
    // None is a list.
    let mut open: Vec<Option<Object>> = Vec::new();
    let mut found = Vec::new();
    for next in Parser::new_from_str_with_options(text, options) {
        let Ok((event, span)) = next else { break };
        let (key, opened) = match event {
            Event::Scalar(key, style, ..) if style != ScalarStyle::Plain || key != "<<" => {
                (Some(key.into_owned()), None)
            }
            Event::Scalar(..) | Event::Alias(_) => (None, None),
            Event::SequenceStart(..) => (None, Some(None)),
            Event::MappingStart(..) => (None, Some(Some(Object::default()))),
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                continue;
            }
            _ => continue,
        };
        if let Some(Some(object)) = open.last_mut() {
            object.has_key = !object.has_key;
            if let Some(key) = key.filter(|_| object.has_key)
                && !object.keys.insert(key.clone())
            {
                let (line, column) = (span.start.line(), span.start.col() + 1);
                found.push(Again { key, line, column });
                if found.len() == MOST {
                    break;
                }
            }
        }
        open.extend(opened);
    }
    found
}
