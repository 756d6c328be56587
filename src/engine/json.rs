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
    let mut rest = text;
    loop {
        let (plain, after) = rest.split_at(plain(rest.as_bytes()));
        out.push_str(plain);
        let Some(first) = after.bytes().next() else {
            return;
        };
        match first {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                let _ = write!(out, "\\u{other:04x}");
            }
        }
        rest = &after[1..];
    }
}

/// How many bytes at the beginning need no escape; looked at sixteen at a time, which the compiler does at once.
fn plain(bytes: &[u8]) -> usize {
    let escaped = |byte: u8| byte == b'"' || byte == b'\\' || byte < 0x20;
    let mut done = 0;
    for chunk in bytes.chunks(16) {
        if chunk.iter().fold(false, |any, byte| any | escaped(*byte)) {
            let first = chunk.iter().position(|byte| escaped(*byte));
            return done + first.unwrap_or(chunk.len());
        }
        done += chunk.len();
    }
    done
}
