//! Writes YAML that every reader reads as the same value.

use serde::Serialize;

/// A value as YAML. Strings that some YAML reader reads as another type, such as `on` or `0o17`, are quoted.
///
/// # Errors
/// When the value has no YAML form. Every value of slicegate has one.
pub fn write<T: Serialize>(value: &T) -> Result<String, serde_saphyr::ser::Error> {
    // Folding would break long lines of a string.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(value, options)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::write;
    use crate::config::documents;

    #[test]
    fn strings_that_look_like_another_type_are_quoted() {
        let tricky = [
            "true",
            "True",
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "N",
            "null",
            "~",
            "",
            "1",
            "01",
            "-1",
            "1.5",
            ".5",
            "1e3",
            "0x1F",
            "0o17",
            "0b1",
            "1_000",
            "12:30",
            "12:30:45",
            ".inf",
            ".NaN",
            "2024-01-02",
            "=",
            "<<",
            "- a",
            "a: b",
            "a #b",
            " a",
            "a ",
            "*a",
            "&a",
            "!a",
            "{a",
            "[a",
            "%a",
            "@a",
            "`a",
            "'a",
            "\"a",
            "---",
            "|",
            "500m",
        ];
        for text in tricky {
            let written = write(&json!({"key": text, "list": [text]})).unwrap();
            let plain = format!("key: {text}\n");
            let may_stand_bare = text == "500m";
            assert_eq!(written.starts_with(&plain), may_stand_bare, "{written}");
        }
    }

    #[test]
    fn a_written_value_is_read_back_as_the_same_value() {
        let long = "word ".repeat(60);
        let value = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"annotations": {"a/b": "{\"x\":\"1\"}", "on": "off", "1": "2", "": "x"}},
            "spec": {
                "args": ["set -e\necho 'a: b'\n", "\ttab\n\n", "a\r\nb", "  lead\nline", long, "", "\u{1b}[0m"],
                "numbers": [0, -1, u64::MAX, i64::MIN, 1.5, 1e30, -0.25],
                "empty": {"list": [], "map": {}, "null": null, "true": true, "nested": [[], [1, [2]], [{}]]},
            },
        });
        let written = write(&value).unwrap();
        let input = documents::parse("written", &written);
        assert!(input.errors.is_empty(), "{:?}\n{written}", input.errors);
        let read: Vec<&Value> = input.documents.iter().map(|d| &d.value).collect();
        assert_eq!(read, [&value], "{written}");
    }

    #[test]
    fn long_lines_stay_whole_and_scripts_stay_readable() {
        let receipt = "a: b, ".repeat(40) + "c";
        let written = write(&json!({"receipt": receipt, "script": "a\nb\n"})).unwrap();
        assert_eq!(
            written,
            format!("receipt: \"{receipt}\"\nscript: |\n  a\n  b\n")
        );
    }
}
