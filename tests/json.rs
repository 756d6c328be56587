//! JSON strings that are written by hand, against a reader that was not.

use slicegate::json;

#[test]
fn what_is_written_is_read_back_wherever_an_escape_stands() {
    let specials = [
        "",
        "\"",
        "\\",
        "\n",
        "\r",
        "\t",
        "\u{0}",
        "\u{1}",
        "\u{1f}",
        "\u{7f}",
        "é",
        "\u{1f600}",
        "\"\"",
        "\\\"\n",
    ];
    for special in specials {
        for before in 0..40 {
            let text = format!("{}{special}{}", "a".repeat(before), "b".repeat(40 - before));
            let mut written = String::from("x");
            json::string(&mut written, &text);
            let read: String = serde_json::from_str(&written[1..]).expect("a JSON string");
            assert_eq!(read, text);
        }
    }
}
