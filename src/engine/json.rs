//! Writes JSON strings: the one part of JSON that is easy to get wrong by hand.

use std::fmt::Write as _;

/// Appends a JSON string, quotes and escapes included.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    escape(out, text);
    out.push('"');
}

/// Appends the inside of a JSON string.
pub fn escape(out: &mut String, text: &str) {
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..index]);
        match escape {
            "" => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push_str(escape),
        }
        plain = index + 1;
    }
    out.push_str(&text[plain..]);
}
