//! Makes text safe to print: no terminal controls, no invisible or misleading characters. Any author can write them
//! into names and values of manifests.

use std::borrow::Cow;

/// The most of an author's text that a message repeats, in characters.
const LONGEST: usize = 60;

/// Characters that show nothing, or change what stands beside them: Unicode's format characters (category `Cf`) and
/// line and paragraph separators, and what else `Default_Ignorable_Code_Point` lists (Unicode 17,
/// `DerivedCoreProperties.txt`).
const INVISIBLE: [(char, char); 25] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character is visible and has no other effect.
pub fn is_visible(c: char) -> bool {
    !c.is_control()
        && (c.is_ascii()
            || !INVISIBLE
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&c)))
}

/// A text with a replacement character for everything that does not show as itself, line breaks included.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let shown = text.replace(|c| !is_visible(c), "\u{fffd}");
    Cow::Owned(shown)
}

/// The same of several lines, which stay apart.
pub fn shown_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.split('\n').map(shown).collect();
    lines.join("\n")
}

/// The first names, and how many more there are.
pub fn listed(names: &[&str], most: usize) -> String {
    let first = names.get(..most).unwrap_or(names).join(", ");
    match names.len().saturating_sub(most) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// A value as it can stand in a message: in quotes, short, and with escapes for what does not show as itself.
pub fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    let mut rest = value.chars();
    for c in rest.by_ref().take(LONGEST) {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_visible(c) => quoted.push(c),
            c => quoted.extend(c.escape_unicode()),
        }
    }
    if rest.next().is_some() {
        quoted.push_str("...");
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::{quoted, shown};

    #[test]
    fn what_a_terminal_obeys_or_nobody_sees_is_replaced() {
        for hostile in [
            "\u{1b}[2J",
            "\u{202e}",
            "\u{200b}",
            "\u{2028}",
            "\u{9b}31m",
            "\r",
            "\n",
            "\u{e0041}",
            "\u{7f}",
        ] {
            let text = format!("a{hostile}b");
            assert!(shown(&text).contains('\u{fffd}'), "{hostile:?}");
            assert!(quoted(&text).contains("\\u{"), "{hostile:?}");
        }
        for plain in ["", "team-a", "größe", "模型", "e\u{301}", "🙂", "a b"] {
            assert_eq!(shown(plain), plain);
            assert_eq!(quoted(plain), format!("\"{plain}\""));
        }
    }

    #[test]
    fn a_quoted_value_is_short_and_its_quotes_are_not_ours() {
        assert_eq!(quoted("a\"b\\"), r#""a\"b\\""#);
        let long = quoted(&"x".repeat(1000));
        assert!(long.len() < 70 && long.ends_with("...\""), "{long}");
    }
}
