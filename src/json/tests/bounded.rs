//! What is left out of a text that is too long, and what never is.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::{Bounds, Cut, Kept, from_str_within};

#[derive(Debug, Default, Deserialize)]
struct Asked<'a> {
    #[serde(default)]
    list: Vec<Inner>,
    #[serde(borrow, default)]
    map: BTreeMap<&'a str, u8>,
    #[serde(borrow, default)]
    kept: Option<Kept<'a, Inner>>,
    #[serde(default)]
    after: u8,
}

#[derive(Debug, Default, Deserialize)]
struct Inner {
    #[serde(default)]
    numbers: Vec<u8>,
}

fn read(text: &str, entries: usize) -> (Asked<'_>, Cut) {
    let bounds = Bounds::new(entries, |key| key.starts_with("own"));
    from_str_within(text, bounds).expect(text)
}

#[test]
fn lists_are_cut_all_together_and_what_follows_is_read() {
    let text = r#"{"list":[{"numbers":[1,2]},{"numbers":[3,4,5,"]}"]},{"a":["}"]}],"after":7}"#;
    for (entries, lengths, cut) in [
        (9, vec![2, 4, 0], Cut::Nothing),
        (6, vec![2, 2], Cut::Entries),
        (3, vec![2], Cut::Entries),
        (2, vec![1], Cut::Entries),
        (0, vec![], Cut::Entries),
    ] {
        // The string stands for what cannot be read; it is never reached where it is left out.
        let text = if entries == 9 {
            text.replace("\"]}\"", "6")
        } else {
            text.to_owned()
        };
        let (asked, found) = read(&text, entries);
        let found_lengths: Vec<usize> = asked.list.iter().map(|i| i.numbers.len()).collect();
        assert_eq!((found_lengths, found), (lengths, cut), "{entries}");
        assert_eq!(asked.after, 7, "{entries}");
    }
}

#[test]
fn of_maps_what_matters_is_kept_wherever_it_stands() {
    let text =
        r#"{"map":{"a":1,"b":2,"c":3,"own-1":4,"d":5,"\u006fwn-2":6,"own-3":7,"e":8},"after":7}"#;
    let escaped = text.replace("\\u006fwn-2", "own-2");
    let kept = |entries| {
        let (asked, cut) = read(&escaped, entries);
        assert_eq!(asked.after, 7);
        (asked.map.into_keys().collect::<Vec<_>>().join(" "), cut)
    };
    assert_eq!(
        kept(8),
        ("a b c d e own-1 own-2 own-3".to_owned(), Cut::Nothing)
    );
    assert_eq!(kept(3), ("a b c own-1 own-2 own-3".to_owned(), Cut::Keys));
    assert_eq!(kept(2), ("a b own-1 own-2".to_owned(), Cut::KeysThatMatter));
}

#[test]
fn a_key_that_matters_is_known_by_what_it_says_and_not_by_how_it_is_spelt() {
    #[derive(Deserialize)]
    struct Owned {
        map: BTreeMap<String, u8>,
    }
    let text = r#"{"map":{"a":1,"b":2,"\u006fwn":3}}"#;
    let bounds = Bounds::new(1, |key| key == "own");
    let (owned, cut): (Owned, Cut) = from_str_within(text, bounds).expect("a map");
    assert_eq!(owned.map.keys().collect::<Vec<_>>(), ["a", "own"]);
    assert_eq!(cut, Cut::Keys);
}

#[test]
fn fields_are_never_left_out() {
    let (asked, cut) = read(r#"{"after":1,"kept":{"numbers":[]}}"#, 0);
    assert!(asked.kept.is_some() && asked.after == 1);
    assert_eq!(cut, Cut::Nothing);
}

#[test]
fn a_value_is_kept_beside_its_text() {
    let text = r#"{"kept":  {"numbers" : [1, 2], "more": "}"}  , "after":7}"#;
    let (asked, _) = read(text, 100);
    let kept = asked.kept.expect("a value");
    assert_eq!(kept.raw.get(), r#"{"numbers" : [1, 2], "more": "}"}"#);
    assert_eq!(kept.read.numbers, [1, 2]);
    let theirs: Asked<'_> = serde_json::from_str(text).expect("a value");
    assert_eq!(theirs.kept.expect("a value").raw.get(), kept.raw.get());
    let wrong = r#"{"kept":{"numbers":"x"}}"#;
    assert!(from_str_within::<Asked<'_>>(wrong, Bounds::new(9, |_| true)).is_err());
    assert!(serde_json::from_str::<Asked<'_>>(wrong).is_err());
}

#[test]
fn of_a_long_text_it_is_said_where_it_is_not_in_order() {
    let long = format!("{{\"a\":\"{}\",\"after\":x}}", "a".repeat(100_000));
    let problem = from_str_within::<Asked<'_>>(&long, Bounds::new(9, |_| true));
    let problem = problem.expect_err("no value").to_string();
    assert!(problem.contains("before byte 1000"), "{problem}");
    // A short one is refused in the words of `serde_json`.
    let short = from_str_within::<Asked<'_>>("{\"after\":x}", Bounds::new(9, |_| true));
    let theirs = serde_json::from_str::<Asked<'_>>("{\"after\":x}").expect_err("no value");
    assert_eq!(short.expect_err("no value").to_string(), theirs.to_string());
}
