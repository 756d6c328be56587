//! Documents that are refused as a whole, and where problems are said to stand.

use slicegate::config::policy::{MAX_BYTES, read};

use super::tables::{HEADER, with_spec};
use super::{check, refused};

#[test]
fn no_document_at_all() {
    let empty = "p: empty; write a document with kind: SharingPolicy";
    assert_eq!(refused(""), [empty]);
    assert_eq!(refused("# nothing\n---\n"), [empty]);
    let second = "p:3: a second document; keep one SharingPolicy in the file";
    assert_eq!(refused(&format!("{HEADER}---\n{HEADER}")), [second]);
}

#[test]
fn no_policy() {
    check(NO_POLICY, "p:1: ", str::to_owned);
}

const NO_POLICY: &str = r#"
[]
    a list where an object belongs; write fields with a colon, such as `name: value`
hello
    the single value hello where an object belongs; write fields with a colon, such as `name: value`
{apiVersion: slicegate.dev/v1, kind: SharingPolicy, spec: {gates: 1}}
    apiVersion: slicegate.dev/v1 is not slicegate.dev/v1alpha1; write slicegate.dev/v1alpha1
{kind: ConfigMap, apiVersion: slicegate.dev/v1alpha1, data: {}}
    kind: ConfigMap is not SharingPolicy; write SharingPolicy
{kind: SharingPolicy}
    apiVersion: missing; give slicegate.dev/v1alpha1
{apiVersion: slicegate.dev/v1alpha1, spec: {}}
    kind: missing; give SharingPolicy
{kind: SharingPolicy
    not YAML or JSON: unclosed bracket '{' (column 1)
"#;

#[test]
fn syntax() {
    let unclosed = "p:3: not YAML or JSON: unclosed bracket '{' (column 7)";
    assert_eq!(refused(&with_spec("{mode: off")), [unclosed]);
    let tab =
        "p:4: not YAML or JSON: tabs disallowed within this context (block indentation) (column 2)";
    assert_eq!(refused(&with_spec("\n\tmode: x")), [tab]);
}

#[test]
fn texts_that_would_cost_too_much() {
    let big = format!("{HEADER}{}", "#".repeat(MAX_BYTES));
    let size = format!(
        "p: {} bytes; a policy has at most 1048576 (1 MiB)",
        big.len()
    );
    assert_eq!(refused(&big), [size]);
    let deep = "p:3: not YAML or JSON: recursion limit exceeded (column 262)";
    assert_eq!(refused(&with_spec(&"[".repeat(100_000))), [deep]);
    let circle = "p:3: not YAML or JSON: Recursive reference not allowed here (column 18)";
    assert_eq!(refused(&with_spec("&a {tiers: *a}")), [circle]);
    let bomb = (1..9).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, n| {
            let aliases = format!("*a{}, ", n - 1).repeat(8);
            format!("{text}a{n}: &a{n} [{aliases}]\n")
        },
    );
    let [line] = refused(&bomb).try_into().expect("one problem");
    assert!(
        line.contains("YAML document too large or too complex: limits breached"),
        "{line}"
    );
}

#[test]
fn lines_of_keys_given_twice() {
    for (text, line) in [
        (
            format!("{HEADER}kind: List\n"),
            "p:3: kind: given twice, first on line 2; keep one",
        ),
        (
            with_spec("\n  rules:\n    mps-user: off\n    \"mps-user\": warn"),
            "p:6: spec.rules.mps-user: given twice, first on line 5; keep one",
        ),
    ] {
        assert_eq!(refused(&text), [line], "{text}");
    }
}

#[test]
fn outside_the_spec() {
    check(OUTSIDE, "p:3: ", |rest| format!("{HEADER}{rest}\n"));
}

const OUTSIDE: &str = r#"
mode: off
    mode: no such field; did you mean spec.mode? allowed here: apiVersion, kind, metadata, spec
metadata: {nam: x}
    metadata.nam: no such field; did you mean name? allowed here: name
metadata: {name: My_Policy}
    metadata.name: My_Policy is no object name; use a-z, 0-9, - and ., with a letter or digit first and last, at most 253
metadata: x
    metadata: the single value x where an object belongs; write fields with a colon, such as `name: value`
"#;

#[test]
fn all_problems_at_once_in_the_order_of_the_document() {
    let text = "apiVersion: slicegate.dev/v1alpha1
kind: SharingPolicy
spec:
  rules:
    nonsense: warn
  surprise: 1
  mode: x
  mode: y
  tiers:
  - name: a
    share: {fraction: 2, memory: 0}
    isolation: none
    strategies: [mps]
  defaultTier: b
";
    let lines = refused(text);
    let starts = [
        "p:5: spec.rules.nonsense: ",
        "p:6: spec.surprise: ",
        "p:7: spec.mode: x ",
        "p:8: spec.mode: given twice",
        "p:11: spec.tiers[0].share.fraction: ",
        "p:11: spec.tiers[0].share.memory: ",
        "p:14: spec.defaultTier: b ",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line} / {start}");
    }
    let errors = read("p", text).expect_err("refused above");
    assert_eq!(errors.problems[0].line, Some(5));
    assert_eq!(errors.problems[0].path, "spec.rules.nonsense");
}

#[test]
fn problems_in_json_have_lines_too() {
    let text = "{\n  \"apiVersion\": \"slicegate.dev/v1alpha1\",\n  \"kind\": \"SharingPolicy\",\n  \"spec\": {\n    \"mode\": 1\n  }\n}\n";
    assert_eq!(
        refused(text),
        ["p:5: spec.mode: 1 is none of enforce, dry-run, \"off\"; write one of them"]
    );
}
