//! Cuts a text at document markers, so that one broken document cannot spoil its neighbours.

/// One document, or several JSON objects, between two document markers.
pub(in crate::config) struct Chunk<'t> {
    pub(in crate::config) text: &'t str,
    /// Lines of the file before it.
    pub(in crate::config) lines: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Nothing,
    Directive,
    Marker,
    Content,
}

impl Seen {
    fn unless_blank(line: &str, otherwise: Self) -> Self {
        if is_blank(line) {
            otherwise
        } else {
            Self::Content
        }
    }
}

/// Splits at `---` and `...`, which at the start of a line end a document even inside a block scalar.
pub(in crate::config) fn split(text: &str) -> Vec<Chunk<'_>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut chunks = Vec::new();
    let (mut start, mut lines, mut seen, mut end) = (0, 0, Seen::Nothing, 0);
    let mut close = |start, end, lines, seen| {
        if seen == Seen::Content {
            let text = text.get(start..end).unwrap_or_default();
            chunks.push(Chunk { text, lines });
        }
    };
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if let Some(rest) = after_marker(line, "---") {
            if seen != Seen::Directive {
                close(start, end, lines, seen);
                (start, lines) = (end, number);
            }
            seen = Seen::unless_blank(rest, Seen::Marker);
        } else if after_marker(line, "...").is_some_and(is_blank) {
            close(start, end, lines, seen);
            (start, lines, seen) = (end + line.len(), number + 1, Seen::Nothing);
        } else if line.starts_with('%') && matches!(seen, Seen::Nothing | Seen::Directive) {
            seen = Seen::Directive;
        } else {
            seen = Seen::unless_blank(line, seen);
        }
        end += line.len();
    }
    close(start, end, lines, seen);
    chunks
}

fn after_marker<'l>(line: &'l str, marker: &str) -> Option<&'l str> {
    line.strip_prefix(marker)
        .filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}
