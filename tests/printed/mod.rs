//! The commands that slicegate prints, as they stand in the source, and how each is run by a test.

mod literals;
mod table;

pub use literals::printed;
pub use table::{Command, TABLE};

/// Whether a line is a command filled in: its fixed parts stand in the line one after another.
pub fn is_filled_in(command: &str, line: &str) -> bool {
    let mut rest = line;
    fixed_parts(command)
        .into_iter()
        .all(|part| match rest.find(part) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
}

/// What does not depend on what is filled in: all but `{...}` and words in capitals, which stand for what the reader has.
fn fixed_parts(command: &str) -> Vec<&str> {
    const FOR_THE_READER: [&str; 6] = [
        "NAMESPACE,NAMESPACE",
        "NAMESPACE",
        "CONFIG",
        "NODE",
        "RULE",
        "TIER",
    ];
    let mut parts = Vec::new();
    for (index, piece) in command.split(['{', '}']).enumerate() {
        // Between braces stands a name, or nothing.
        if index % 2 == 1 && !piece.starts_with('.') {
            continue;
        }
        let mut pieces = vec![piece];
        for word in FOR_THE_READER {
            pieces = pieces.into_iter().flat_map(|p| p.split(word)).collect();
        }
        parts.extend(pieces.into_iter().filter(|p| !p.is_empty()));
    }
    parts
}

/// The entry for something that is printed: the longest command that it begins with, where what follows are words of
/// the sentence and no more of the command.
pub fn entry(text: &str) -> Option<&'static Command> {
    let goes_on = |rest: &str| {
        let mut next = rest.chars();
        match (next.next(), next.next()) {
            (Some(' '), Some(c)) => "-|><&/{=\\'".contains(c),
            (Some(c), _) => c.is_alphanumeric() || "-/={_'".contains(c),
            (None, _) => false,
        }
    };
    let matching = TABLE.iter().filter(|(command, ..)| {
        text.strip_prefix(command)
            .is_some_and(|rest| !goes_on(rest))
    });
    matching.max_by_key(|(command, ..)| command.len())
}
