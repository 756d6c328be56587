//! The schema for API servers and the reader know the same fields, words and limits.

use serde_json::{Value, json};
use slicegate::config::policy::{read, schema};

/// Checks what the reader says of a value at a place in an otherwise empty policy.
fn said(place: &[Step], value: &Value) -> Vec<String> {
    let mut inner = value.clone();
    for step in place.iter().rev() {
        inner = match step {
            Step::Field(name) => json!({name.as_str(): inner}),
            Step::Item => json!([inner]),
            Step::Key => json!({"mps-user": inner}),
        };
    }
    inner["apiVersion"] = "slicegate.dev/v1alpha1".into();
    inner["kind"] = "SharingPolicy".into();
    let path = path(place);
    match read("p", &inner.to_string()) {
        Ok(_) => Vec::new(),
        Err(errors) => {
            let own = errors.problems.iter().filter(|p| p.path.starts_with(&path));
            own.map(|p| format!("{}: {}", &p.path[path.len()..], p.message))
                .collect()
        }
    }
}

fn path(place: &[Step]) -> String {
    let mut path = String::new();
    for step in place {
        match step {
            Step::Field(name) if path.is_empty() => path = name.clone(),
            Step::Field(name) => path = format!("{path}.{name}"),
            Step::Item => path.push_str("[0]"),
            Step::Key => path.push_str(".mps-user"),
        }
    }
    path
}

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item,
    Key,
}

impl Step {
    fn field(&self) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name),
            Self::Item | Self::Key => None,
        }
    }
}

/// Every place of the spec with its schema.
fn places() -> Vec<(Vec<Step>, Value)> {
    let schema = schema();
    let mut places = Vec::new();
    let start = vec![Step::Field("spec".to_owned())];
    walk(start, &schema["properties"]["spec"], &mut places);
    assert!(places.len() > 50, "{}", places.len());
    places
}

fn walk(place: Vec<Step>, schema: &Value, places: &mut Vec<(Vec<Step>, Value)>) {
    let deeper = |step: Step| [place.as_slice(), &[step]].concat();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        walk(deeper(Step::Field(name.clone())), schema, places);
    }
    if schema["items"].is_object() {
        walk(deeper(Step::Item), &schema["items"], places);
    }
    if schema["additionalProperties"].is_object() {
        walk(deeper(Step::Key), &schema["additionalProperties"], places);
    }
    places.push((place, schema.clone()));
}

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

#[test]
fn both_know_the_same_fields() {
    for (place, schema) in places() {
        let Some(properties) = schema["properties"].as_object() else {
            continue;
        };
        let said = said(&place, &json!({"no-such": 1}));
        let unknown = said.iter().find_map(|s| s.split_once("allowed here: "));
        let (_, allowed) = unknown.unwrap_or_else(|| panic!("{place:?}: {said:?}"));
        let mut allowed: Vec<&str> = allowed.split(", ").collect();
        let mut known: Vec<&str> = properties.keys().map(String::as_str).collect();
        allowed.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, allowed, "{}", path(&place));
    }
}

#[test]
fn both_want_the_same_fields_and_take_null_for_the_others() {
    for (place, schema) in places() {
        let Some(properties) = schema["properties"].as_object() else {
            continue;
        };
        let nothing: serde_json::Map<String, Value> = properties
            .keys()
            .map(|k| (k.clone(), Value::Null))
            .collect();
        let said = said(&place, &nothing.into());
        let is_missing = |name: &str| {
            said.contains(&format!(".{name}: missing"))
                || said
                    .iter()
                    .any(|s| s.starts_with(&format!(".{name}: missing; ")))
        };
        for (name, property) in properties {
            let required = texts(&schema["required"]).contains(&name.as_str());
            // A toleration's key is wanted by a rule, since Exists does without.
            let by_rule = path(&place).ends_with("tolerations[0]") && name == "key";
            assert_eq!(
                required || by_rule,
                is_missing(name),
                "{} {name}",
                path(&place)
            );
            assert_eq!(
                property["nullable"] == true,
                !required && property["enum"].is_null(),
                "{} {name}",
                path(&place)
            );
        }
    }
}

#[test]
fn both_know_the_same_words() {
    let mut lists = 0;
    for (place, schema) in places() {
        let words = texts(&schema["enum"]);
        if words.is_empty() {
            continue;
        }
        lists += 1;
        let said = said(&place, &"no-such".into());
        let list = said[0]
            .split_once("none of ")
            .and_then(|(_, l)| l.split_once("; "));
        let (list, _) = list.unwrap_or_else(|| panic!("{said:?}"));
        let list = list.replace("\"off\"", "off, Off, OFF, false, False, FALSE");
        let mut of_reader: Vec<&str> = list.split(", ").collect();
        if path(&place).contains(".tolerations[0]") {
            of_reader.push("");
        }
        assert_eq!(words, of_reader, "{}", path(&place));
        for word in words.iter().filter(|w| !w.is_empty()) {
            let said = self::said(&place, &(*word).into());
            assert!(said.iter().all(|s| !s.contains("none of")), "{said:?}");
        }
    }
    assert!(lists > 10, "{lists}");
}

#[test]
fn what_is_beyond_a_limit_of_the_schema_the_reader_refuses_too() {
    let mut limits = 0;
    for (place, schema) in places() {
        let number = |name: &str| schema[name].as_i64();
        let size = |name: &str| number(name).map(|n| usize::try_from(n).expect("a size"));
        let beyond = [
            size("maxItems").map(|n| vec!["mps"; n + 1].into()),
            size("minItems").map(|n| vec!["mps"; n - 1].into()),
            size("maxLength").map(|n| "1".repeat(n + 1).into()),
            size("maxProperties").map(|n| {
                let keys = (0..=n).map(|i| (format!("k{i}"), Value::from("1")));
                keys.collect::<serde_json::Map<_, _>>().into()
            }),
            size("minProperties").map(|_| json!({})),
            number("minimum").map(|n| (n - 1).into()),
            number("maximum").map(|n| (n + 1).into()),
        ];
        for value in beyond.into_iter().flatten() {
            limits += 1;
            let said = said(&place, &value);
            assert!(!said.is_empty(), "{} {value}", path(&place));
            // A refusal of what stands in a long list says nothing of its length.
            let of_length =
                |s: &&String| s.contains("256 are possible") || s.contains("at most 320");
            let is_long = size("maxItems") == Some(256) || size("maxLength") == Some(320);
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            if is_long && !is_empty && !value.is_number() {
                assert!(
                    said.iter().any(|s| of_length(&s)),
                    "{} {said:?}",
                    path(&place)
                );
            }
        }
    }
    assert!(limits > 30, "{limits}");
}

#[test]
fn everything_is_explained_to_who_asks_kubectl() {
    for (place, schema) in places() {
        let is_explained = schema["description"]
            .as_str()
            .is_some_and(|d| d.ends_with('.'));
        // kubectl shows what stands in a list or under a key of the user's own only where it has fields.
        let is_shown = matches!(place.last(), Some(Step::Field(_)));
        assert!(
            is_explained || !is_shown && schema["properties"].is_null(),
            "{}",
            path(&place)
        );
    }
}

#[test]
fn every_field_stands_in_the_reference() {
    let page = include_str!("../../docs/reference.md");
    for (place, _) in places() {
        let fields: Vec<&str> = place[1..].iter().filter_map(Step::field).collect();
        // The fields of a toleration and of a taint are those of a pod and of a node.
        let of_kubernetes = |name: &&str| ["tolerations", "taints"].contains(name);
        let known = fields.iter().position(of_kubernetes);
        let mut fields = &fields[..known.map_or(fields.len(), |at| at + 1)];
        let mut row = "| `".to_owned();
        if let [group @ ("placement" | "supply"), rest @ ..] = fields {
            row += &format!("{group}.");
            fields = rest;
        }
        let Some((first, inner)) = fields.split_first() else {
            continue;
        };
        row += &format!("{first}` |");
        let row = page.lines().find(|line| line.starts_with(&row));
        let row = row.unwrap_or_else(|| panic!("{}", path(&place)));
        for name in inner {
            let mut words = row.split(|c: char| !c.is_ascii_alphanumeric());
            assert!(words.any(|word| word == *name), "{}", path(&place));
        }
    }
}
