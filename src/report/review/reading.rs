//! Where in a pod the reader stopped, as a JSON pointer that its author can follow.

/// The pointer to the value that an error is about, and what is wrong with it.
///
/// `text` is JSON that parses; only its meaning is wrong.
pub(super) fn problem(text: &str, error: &serde_json::Error) -> (String, String) {
    let said = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let what = said.strip_suffix(&position).unwrap_or(&said).to_owned();
    let before = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let before: usize = before.map(str::len).sum();
    let read = text.get(..before + error.column()).unwrap_or(text);
    (pointer(read), what)
}

/// What encloses the end of a text.
enum Level {
    List(usize),
    Object(String),
}

/// The pointer to where a text of valid JSON breaks off.
fn pointer(text: &str) -> String {
    let mut levels: Vec<Level> = Vec::new();
    let mut bytes = text.char_indices();
    let mut last_string = String::new();
    while let Some((start, c)) = bytes.next() {
        match (c, levels.last_mut()) {
            ('"', _) => {
                let mut escaped = false;
                let end = bytes.find(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                let end = end.map_or(text.len(), |(end, _)| end + 1);
                let literal = text.get(start..end).unwrap_or_default();
                last_string = serde_json::from_str(literal).unwrap_or_default();
            }
            (':', Some(Level::Object(key))) => *key = std::mem::take(&mut last_string),
            (',', Some(Level::List(index))) => *index += 1,
            ('{', _) => levels.push(Level::Object(String::new())),
            ('[', _) => levels.push(Level::List(0)),
            ('}' | ']', _) => {
                levels.pop();
            }
            _ => {}
        }
    }
    let step = |level: &Level| match level {
        Level::List(index) => format!("/{index}"),
        Level::Object(key) if key.is_empty() => String::new(),
        Level::Object(key) => format!("/{}", crate::engine::vocabulary::names::pointer(key)),
    };
    levels.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::pointer;

    #[test]
    fn the_pointer_leads_to_where_the_text_breaks_off() {
        for (text, expected) in [
            (
                r#"{"spec":{"containers":[{"name":"a"},{"env":"x""#,
                "/spec/containers/1/env",
            ),
            (r#"{"a/b":{"c":[1,[2,3"#, "/a~1b/c/1/1"),
            (r#"{"a":"\"}{,","b":tru"#, "/b"),
            (r#"{"a":[],"b":{},"c":4"#, "/c"),
            ("{", ""),
        ] {
            assert_eq!(pointer(text), expected, "{text}");
        }
    }
}
