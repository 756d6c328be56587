//! What reading promises, as tables of inputs.

#![allow(clippy::unwrap_used)]

use std::fs::{self, File};

use serde_json::{Value, json};

use super::reading::LARGEST;
use super::{Input, parse, read};

fn values(text: &str) -> Vec<Value> {
    let input = parse("a.yaml", text);
    assert!(input.errors.is_empty(), "{text:?}: {:?}", input.errors);
    input
        .documents
        .into_iter()
        .map(|document| document.value)
        .collect()
}

fn said(input: &Input) -> Vec<String> {
    input.errors.iter().map(ToString::to_string).collect()
}

#[test]
fn documents_are_split_at_markers_and_only_those_with_content_count() {
    for (text, expected) in [
        ("", json!([])),
        ("# only\n---\n# comments\n...\n---\nnull\n---\n", json!([])),
        ("a: 1\n---\nb: 2", json!([{"a": 1}, {"b": 2}])),
        (
            "---\na: 1\n--- # why\nb: 2\n---\t\n",
            json!([{"a": 1}, {"b": 2}]),
        ),
        (
            "\u{feff}a: 1\r\n---\r\nb: |\r\n  x\r\n  y\r\n",
            json!([{"a": 1}, {"b": "x\ny\n"}]),
        ),
        (
            "a: |\n  x\n  ---\n  y\n---\nb: 2\n",
            json!([{"a": "x\n---\ny\n"}, {"b": 2}]),
        ),
        (
            "--- {a: 1}\n--- text\n--- |\n block\n",
            json!([{"a": 1}, "text", "block\n"]),
        ),
        (
            "---no: marker\n...no: 2\n",
            json!([{"---no": "marker", "...no": 2}]),
        ),
        (
            "# c\n%YAML 1.2\n# c\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n",
            json!([{"a": 1}, {"b": 2}]),
        ),
        (
            "{a: 1}\n---\n{\"b\": 2} {\"c\": 3}\n[]\n---\nd: 4",
            json!([{"a": 1}, {"b": 2}, {"c": 3}, [], {"d": 4}]),
        ),
    ] {
        assert_eq!(Value::Array(values(text)), expected, "{text:?}");
    }
}

#[test]
fn scalars_are_numbers_where_json_can_hold_them_and_booleans_only_where_yaml_1_2_says_so() {
    for (scalar, expected) in [
        ("true", json!(true)),
        ("off", json!("off")),
        ("Yes", json!("Yes")),
        ("y", json!("y")),
        ("~", json!(null)),
        ("-12", json!(-12)),
        (
            "18446744073709551615",
            json!(18_446_744_073_709_551_615_u64),
        ),
        ("99999999999999999999", json!(1e20)),
        ("-99999999999999999999", json!(-1e20)),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("0x1F", json!(31)),
        ("0o17", json!(15)),
        ("010", json!(8)),
        ("0755", json!(493)),
        ("08", json!(8.0)),
        ("1_000", json!(1000)),
        (".NaN", json!(".nan")),
        ("-.inf", json!("-.inf")),
        ("1e999", json!(".inf")),
        ("NaN", json!("NaN")),
        ("22:30", json!("22:30")),
        ("2026-11-22T10:00:00Z", json!("2026-11-22T10:00:00Z")),
        ("'1'", json!("1")),
    ] {
        assert_eq!(
            values(&format!("a: {scalar}")),
            [json!({"a": expected})],
            "{scalar}"
        );
    }
}

#[test]
fn keys_become_strings_and_anchors_and_merges_work_in_the_order_written() {
    for (text, expected) in [
        (
            "1: a\noff: b\ntrue: c\nnull: d\n",
            r#"{"1":"a","off":"b","true":"c","null":"d"}"#,
        ),
        (
            "z: &z {b: 1, a: 2}\ny:\n  <<: *z\n  a: 3\n",
            r#"{"z":{"b":1,"a":2},"y":{"a":3,"b":1}}"#,
        ),
        (
            r#"{"z":1,"a":{"y":1,"b":2}}"#,
            r#"{"z":1,"a":{"y":1,"b":2}}"#,
        ),
    ] {
        assert_eq!(
            serde_json::to_string(&values(text)).unwrap(),
            format!("[{expected}]")
        );
    }
}

#[test]
fn what_is_broken_names_its_place_and_the_rest_of_the_file_is_read() {
    for (text, message) in [
        (
            "a: 1\n---\n# c\na: b: c\n---\nb: 2",
            "a.yaml: document 2, line 4, column 5: mapping values are not",
        ),
        (
            "a: 1\n---\n{\"x\": nope}\n---\nb: 2",
            "line 3, column 8: expected ident; correct the JSON",
        ),
        (
            "a: 1\n--- {\"x\": 1 2}\n---\nb: 2",
            "document 2, line 2, column 13: expected `,` or `}`",
        ),
        (
            "a: 1\n---\nx: {{ .Values.x }}\n---\nb: 2",
            "line 3, column 5: expected string scalar; correct the YAML; it looks like a template",
        ),
        (
            "a: 1\n---\n{{- if .x }}\nx: 1\n{{- end }}\n---\nb: 2",
            "it looks like a template",
        ),
        (
            "a: 1\n---\n{\"x\": {{ .x }}}\n---\nb: 2",
            "it looks like a template",
        ),
        (
            "a: 1\n---\nx: *y\n---\nb: 2",
            "line 3, column 4: reference to unknown value",
        ),
    ] {
        let input = parse("a.yaml", text);
        let read: Vec<_> = input
            .documents
            .iter()
            .map(|d| (d.index, &d.value))
            .collect();
        assert_eq!(
            read,
            [(0, &json!({"a": 1})), (2, &json!({"b": 2}))],
            "{text:?}"
        );
        assert_eq!(input.errors.len(), 1, "{text:?}");
        assert!(said(&input)[0].contains(message), "{:?}", said(&input));
    }
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts_and_its_line_is_told() {
    for (text, expected, told) in [
        (
            "a: 1\n---\nx: {y: 1, z: 0,\n  y: 2}\n",
            json!([{"a": 1}, {"x": {"y": 2, "z": 0}}]),
            vec!["a.yaml: document 2, line 4, column 3: the key `y` stands twice"],
        ),
        (
            "- r: {c: 1}\n  r: {g: 8}\n- s: 1\n  t: 2\n  s: 3\n",
            json!([[{"r": {"g": 8}}, {"s": 3, "t": 2}]]),
            vec![
                "line 2, column 3: the key `r`",
                "line 5, column 3: the key `s`",
            ],
        ),
        (
            "\n {\"x\": [{\"y\": 1, \"y\": 2}]}\n",
            json!([{"x": [{"y": 2}]}]),
            vec!["document 1, line 2, column 18: the key `y` stands twice"],
        ),
        (
            "{\"a\": 1} {\"y\": 1,\n\"y\": {\"z\": 1, \"z\": 2}}",
            json!([{"a": 1}, {"y": {"z": 2}}]),
            vec![
                "document 2, line 2, column 1: the key `y`",
                "line 2, column 15: the key `z`",
            ],
        ),
        (
            "a: &a {k: 1}\nb:\n  <<: *a\n  k: 2\n",
            json!([{"a": {"k": 1}, "b": {"k": 2}}]),
            vec![],
        ),
    ] {
        let input = parse("a.yaml", text);
        assert_eq!(Value::Array(values(text)), expected, "{text:?}");
        let said: Vec<String> = input.doubled.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), told.len(), "{said:?}");
        for (said, told) in said.iter().zip(told) {
            assert!(said.contains(told), "{said}");
        }
    }
    let many = parse("a.yaml", &"k: 1\n".repeat(1000));
    assert_eq!(
        (many.documents.len(), many.errors.len(), many.doubled.len()),
        (1, 0, 8)
    );
}

#[test]
fn bombs_and_bottomless_nesting_are_errors() {
    let shout = (1..12).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(10))
    });
    let long = format!(
        "b: &b {}\nc:\n{}",
        "x".repeat(1 << 20),
        "- *b\n".repeat(200)
    );
    let deep = "[".repeat(10_000);
    for text in [
        shout,
        long,
        deep.clone(),
        format!("a: {deep}"),
        format!("{deep}{}", "]".repeat(10_000)),
    ] {
        let input = parse("a.yaml", &text);
        assert_eq!(
            (input.documents.len(), input.errors.len()),
            (0, 1),
            "{text:.20}"
        );
    }
    let honest = format!("b: &b {{x: y}}\nc:\n{}", "- *b\n".repeat(1000));
    assert_eq!(values(&honest)[0]["c"][999], json!({"x": "y"}));
}

#[test]
fn lists_are_taken_apart_and_items_of_typed_lists_get_their_kind() {
    let text = "a: 1\n---\nkind: List\nitems:\n- kind: Pod\n- apiVersion: apps/v1\n  kind: DeploymentList\n  items:\n  - x: 1\n  - kind: Own\n- null\n---\nkind: PodList\nitems: none\n";
    let input = parse("a.yaml", text);
    assert_eq!(input.lists, 2);
    let read: Vec<_> = input
        .documents
        .into_iter()
        .map(|document| (document.index, document.item, document.value.to_string()))
        .collect();
    let expected = [
        (0, None, r#"{"a":1}"#),
        (1, Some(0), r#"{"kind":"Pod"}"#),
        (
            1,
            Some(1),
            r#"{"apiVersion":"apps/v1","kind":"Deployment","x":1}"#,
        ),
        (1, Some(1), r#"{"apiVersion":"apps/v1","kind":"Own"}"#),
        (1, Some(2), "null"),
        (2, None, r#"{"kind":"PodList","items":"none"}"#),
    ];
    assert_eq!(
        read,
        expected.map(|(index, item, json)| (index, item, json.to_owned()))
    );
}

#[test]
fn folders_are_walked_in_order_and_each_file_that_cannot_be_read_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for sub in ["b", ".hidden", "empty"] {
        fs::create_dir(at(sub)).unwrap();
    }
    for (name, text) in [
        ("c.yml", "n: c"),
        ("b/x.json", "{\"n\": \"bx\"}"),
        ("a.yaml", "n: a"),
        ("d.txt", "n: d"),
        (".e.yaml", "n: e"),
        (".hidden/f.yaml", "n: f"),
    ] {
        fs::write(at(name), text).unwrap();
    }
    fs::write(at("b/z.yaml"), b"a: 1\nb: \xff\n").unwrap();
    File::create(at("large"))
        .unwrap()
        .set_len(LARGEST as u64 + 1)
        .unwrap();
    let input = read(&[
        at(""),
        at("d.txt"),
        at("none.yaml"),
        at("empty"),
        at("large"),
        at("a.yaml"),
    ]);
    let names: Vec<_> = input
        .documents
        .iter()
        .map(|document| document.value["n"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "bx", "c", "d", "a"]);
    assert_eq!(input.documents[1].source, at("b/x.json"));
    let expected = [
        "z.yaml: line 2 is not UTF-8",
        "none.yaml: cannot be read (No such file",
        "empty: holds no *.yaml",
        "large: larger than 64 MiB",
    ];
    assert_eq!(input.errors.len(), expected.len());
    for (said, expected) in said(&input).iter().zip(expected) {
        assert!(said.contains(expected), "{said}");
    }
}
