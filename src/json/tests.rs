//! What is read, and by whom: the same as `serde_json` reads, whatever the text is, and without its help where the text
//! is in order.

mod bounded;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::bounds::Bounds;
use super::reader::Reader;
use super::{Raw, from_str_within};

fn quickly<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    let mut reader = Reader::new(text, EVERYTHING);
    let value = T::deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    from_str_within(text, EVERYTHING).map(|(value, _)| value)
}

const EVERYTHING: Bounds = Bounds::new(usize::MAX, |_| true);

/// A type that asks for some of what is there, in several ways.
#[derive(Debug, Deserialize)]
struct Asked<'a> {
    #[serde(borrow, default)]
    raw: Option<&'a RawValue>,
    #[serde(borrow, default)]
    later: Option<Raw<'a>>,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    nothing: Option<IgnoredAny>,
    #[serde(borrow, default)]
    borrowed: Option<&'a str>,
    #[serde(default)]
    number: Option<i64>,
    #[serde(default)]
    truth: Option<bool>,
    #[serde(default)]
    list: Vec<Value>,
}

impl PartialEq for Asked<'_> {
    fn eq(&self, other: &Self) -> bool {
        let raw = |some: &Self| some.raw.map(RawValue::get).map(str::to_owned);
        raw(self) == raw(other)
            && self.value == other.value
            && self.later.map(Raw::get) == other.later.map(Raw::get)
            && self.nothing.is_some() == other.nothing.is_some()
            && (self.borrowed, self.number, self.truth)
                == (other.borrowed, other.number, other.truth)
            && self.list == other.list
    }
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(vec![
            "\"",
            "\\",
            "\\\\",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\n",
            "\u{0}",
            "\u{1f}",
            " ",
            "é",
            "\u{1f600}",
            "a",
            "value",
            "raw",
        ])
        .prop_map(str::to_owned),
        "[a-z{}\\[\\]]{1,70}",
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let key = prop_oneof![
        select(vec![
            "raw", "later", "value", "nothing", "borrowed", "number", "truth", "list", "other"
        ])
        .prop_map(str::to_owned),
        text(),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            vec((key.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same value with white space where it may be.
fn spread(text: &str, space: &str) -> String {
    let (mut spread, mut is_string, mut is_escaped) = (String::new(), false, false);
    for char in text.chars() {
        let is_structure = !is_string && "{}[],:".contains(char);
        if is_structure {
            spread.push_str(space);
        }
        spread.push(char);
        if is_structure {
            spread.push_str(space);
        }
        is_string ^= char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
    }
    spread
}

/// Whatever `serde_json` takes is read without its help, and to the same; whatever it refuses is refused in its words.
fn alike(text: &str) {
    let (theirs, ours) = (serde_json::from_str::<Value>(text), quickly::<Value>(text));
    match (&theirs, &ours) {
        (Ok(theirs), Ok(ours)) => assert_eq!(theirs, ours, "{text}"),
        (Err(theirs), Err(_)) => {
            let said = from_str::<Value>(text).expect_err(text).to_string();
            assert_eq!(said, theirs.to_string(), "{text}");
        }
        _ => panic!("{text}: {theirs:?}, {ours:?}"),
    }
    // What nobody asks for is not looked into, so that more is taken here, and nothing is read otherwise.
    if let Ok(theirs) = serde_json::from_str::<Asked<'_>>(text) {
        assert_eq!(quickly::<Asked<'_>>(text).expect(text), theirs, "{text}");
    }
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        quickly::<IgnoredAny>(text).expect(text);
    }
}

/// The same in every run, so that a change that fails is at fault itself; `PROPTEST_CASES` looks at so many new ones.
fn cases() -> ProptestConfig {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig {
            cases: 2_000,
            rng_seed: RngSeed::Fixed(2_026),
            ..config
        },
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whole_texts_are_read_alike(value in value(), space in select(vec!["", " ", "\n\t\r ", "     "])) {
        let text = serde_json::to_string(&value).expect("a value is text");
        alike(&text);
        alike(&spread(&text, space));
        alike(&serde_json::to_string_pretty(&value).expect("a value is text"));
    }

    #[test]
    fn broken_texts_are_read_alike(
        value in value(),
        at in any::<prop::sample::Index>(),
        left_out in 0_usize..3,
        put_in in select(vec!["", "\"", "\\", "{", "}", "[", "]", ",", ":", "1", "-", "n", "tru", " ", "\u{1}", "é", "null"]),
    ) {
        let text = serde_json::to_string(&value).expect("a value is text");
        let chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let rest = &chars[(at + left_out).min(chars.len())..];
        let broken: String = chars[..at].iter().copied().chain(put_in.chars()).chain(rest.iter().copied()).collect();
        alike(&broken);
    }
}

#[test]
fn a_value_is_skipped_to_its_end_wherever_brackets_quotes_and_escapes_stand() {
    #[derive(Deserialize)]
    struct After {
        after: u8,
    }
    let pieces = [
        "", "\\\\", "\\\"", "\\\\\\\"", "}", "]", "{[", "\\u0041", "é", "\\n}",
    ];
    for piece in pieces {
        for before in 0..140 {
            let (a, b) = ("a".repeat(before), "b".repeat(140 - before));
            for skipped in [
                format!("\"{a}{piece}{b}\""),
                format!("{{\"k\":\"{a}{piece}{b}\",\"{piece}\":[\"{piece}\",{{}}]}}"),
                format!("[[[\"{a}\",\"{piece}\"]],{{\"{b}\":[{{}}]}}]"),
                format!("[{}\"{piece}\"{}]", "[".repeat(before), "]".repeat(before)),
            ] {
                let text = format!("{{\"skipped\":{skipped},\"after\":7}}");
                let after: After = quickly(&text).expect(&text);
                assert_eq!(after.after, 7, "{text}");
                alike(&text);
            }
        }
    }
}

#[test]
fn what_does_not_end_is_refused_with_the_words_of_serde_json() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "\"",
        "{\"",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":[}",
        "[\"\\",
        "[\"\\\"",
        "{\"a\":}",
        "{\"a\":,}",
        "[,]",
        "[1,]",
        "{,}",
        "{\"a\":1,}",
        "{a:1}",
        "1 2",
        "{} {}",
        "[]]",
        "nul",
        "01",
        "-",
        "1.",
        "\"\\x\"",
        "\"\u{1}\"",
        "{\"a\":\"\u{1f}\"}",
    ] {
        alike(text);
        let problem = from_str::<Value>(text).expect_err(text);
        assert!(problem.line() > 0, "{text}: {problem}");
    }
    let open = "[".repeat(63) + &"{\"a\":".repeat(40);
    alike(&open);
}

#[test]
fn what_is_deeper_than_a_stack_should_be_is_refused_and_skipped_if_nobody_asks_for_it() {
    for depth in [100, 126, 127, 128, 129, 1_000, 10_000] {
        alike(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        alike(&format!(
            "{}1{}",
            "{\"a\":".repeat(depth),
            "}".repeat(depth)
        ));
    }
    let deep = format!(
        "{{\"skipped\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(quickly::<Asked<'_>>(&deep).is_ok());
}

#[test]
fn what_stands_twice_is_refused_where_a_field_is_asked_for() {
    let twice = r#"{"number":1,"number":2}"#;
    let problem = from_str::<Asked<'_>>(twice).expect_err("twice");
    assert!(problem.to_string().contains("duplicate field"), "{problem}");
    assert_eq!(
        from_str::<Value>(r#"{"a":1,"a":2}"#).expect("a value"),
        json!({"a": 2})
    );
}

#[test]
fn a_list_is_read_to_its_end_or_not_at_all() {
    assert_eq!(quickly::<(u8, u8)>("[1,2]").expect("two"), (1, 2));
    for longer in ["[1,2,3]", "[1,2,]", "[1,2"] {
        assert!(quickly::<(u8, u8)>(longer).is_err(), "{longer}");
    }
}
