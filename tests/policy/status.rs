//! What is said of a SharingPolicy in a cluster, and that an object is read for what its author wrote.

use serde_json::{Value, json};
use slicegate::config::policy::{PolicyObject, read, read_object, status};

use super::accepted;
use super::tables::{FROM_A_CLUSTER, with_spec};

const NOW: &str = "2026-01-02T03:04:05Z";
const LATER: &str = "2026-01-02T03:04:06Z";

/// The condition for a policy with this `spec` in an object.
#[track_caller]
fn condition(object: &Value, spec: &str, now: &str) -> Option<Value> {
    let read = read("p", &with_spec(spec));
    let status = status(PolicyObject::of(object), read.as_ref(), now)?;
    let [condition] = status["conditions"].as_array().expect("a list").as_slice() else {
        panic!("{status}");
    };
    Some(condition.clone())
}

fn object(name: &str, generation: u64, condition: Option<&Value>) -> Value {
    let other = json!({"type": "Seen", "status": "True"});
    let conditions: Vec<Value> = [Some(&other), condition]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    json!({"metadata": {"name": name, "generation": generation}, "status": {"conditions": conditions}})
}

#[test]
fn a_good_one_is_in_force_with_its_hash() {
    let said = condition(&object("default", 3, None), "{mode: dry-run}", NOW).expect("news");
    let hash = accepted(&with_spec("{mode: dry-run}")).hash;
    assert_eq!(
        said,
        json!({"type": "Accepted", "status": "True", "reason": "InForce",
            "message": format!("in force, with hash {hash}"),
            "lastTransitionTime": NOW, "observedGeneration": 3})
    );
}

#[test]
fn a_bad_one_says_everything_that_is_wrong() {
    let spec = "{mode: x, outsiders: y}";
    let said = condition(&object("default", 1, None), spec, NOW).expect("news");
    assert_eq!(
        (&said["status"], &said["reason"]),
        (&"False".into(), &"Invalid".into())
    );
    assert_eq!(
        said["message"],
        "not taken; the last good policy stays in force\n\
         spec.mode: x is none of enforce, dry-run, \"off\"; write one of them\n\
         spec.outsiders: y is none of none, label; write one of them"
    );
}

#[test]
fn one_of_another_name_never_counts() {
    for (spec, otherwise) in [
        ("{}", "would be taken"),
        ("{mode: x}", "would not be taken\nspec.mode: x is none of"),
    ] {
        let said = condition(&object("mine", 1, None), spec, NOW).expect("news");
        assert_eq!(
            (&said["status"], &said["reason"]),
            (&"False".into(), &"NotDefault".into())
        );
        let message = said["message"].as_str().expect("text");
        assert!(
            message.starts_with("only the SharingPolicy named default counts; "),
            "{message}"
        );
        assert!(message.contains(otherwise), "{message}");
    }
    assert!(!PolicyObject::of(&json!({})).counts());
}

#[test]
fn what_is_said_already_is_not_said_again() {
    let first = condition(&object("default", 1, None), "{}", NOW).expect("news");
    let same = object("default", 1, Some(&first));
    assert_eq!(condition(&same, "{}", LATER), None);
    let mut shuffled = json!({"observedGeneration": 1});
    for (key, value) in first.as_object().expect("an object").iter().rev() {
        shuffled[key] = value.clone();
    }
    let same = object("default", 1, Some(&shuffled));
    assert_eq!(
        condition(&same, "{}", LATER),
        None,
        "an API server sorts fields"
    );
}

#[test]
fn the_time_is_that_of_the_last_change_between_true_and_false() {
    let first = condition(&object("default", 1, None), "{}", NOW).expect("news");
    let second = object("default", 2, Some(&first));
    let second = condition(&second, "{mode: dry-run}", LATER).expect("another hash");
    assert_eq!(second["lastTransitionTime"], NOW);
    assert_eq!(second["observedGeneration"], 2);
    let third = object("default", 3, Some(&second));
    let third = condition(&third, "{mode: x}", LATER).expect("news");
    assert_eq!(third["lastTransitionTime"], LATER);
}

#[test]
fn a_message_is_as_long_as_a_condition_allows_and_ends_with_a_whole_line() {
    let rules: Vec<String> = (0..250)
        .map(|n| format!("rule-{n}-{}: warn", "\u{e9}".repeat(200)))
        .collect();
    let spec = format!("{{rules: {{{}}}}}", rules.join(", "));
    let said = condition(&object("default", 1, None), &spec, NOW).expect("news");
    let message = said["message"].as_str().expect("text");
    let length = message.chars().count();
    assert!((32_000..=32_768).contains(&length), "{length}");
    let lines: Vec<&str> = message.lines().collect();
    let (last, whole) = lines.split_last().expect("lines");
    assert_eq!(*last, "and more; slicegate policy check says all of it");
    assert!(
        whole[1..].iter().all(|l| l.ends_with("lists them")),
        "{whole:?}"
    );
}

#[test]
fn an_object_is_read_for_what_its_author_wrote() {
    let plain = accepted(FROM_A_CLUSTER).hash;
    let odd = FROM_A_CLUSTER.replace("\"a/b\": \"c\"", "\"a/b\": \"\u{7f}\u{85}\"");
    assert!(read("p", &odd).is_err(), "no YAML");
    assert_eq!(read_object("p", &odd).expect("JSON").hash, plain);
    let long = FROM_A_CLUSTER.replace(
        "\"a/b\": \"c\"",
        &format!("\"a\": \"{}\"", "x".repeat(2 << 20)),
    );
    assert_eq!(read_object("p", &long).expect("JSON").hash, plain);
    let unknown = FROM_A_CLUSTER.replace("\"spec\": {", "\"spec\": {\"a\": 1, ");
    let errors = read_object("p", &unknown).expect_err("refused");
    assert_eq!(errors.problems.len(), 1, "{errors}");
    let broken = read_object("p", "{\"spec\": ").expect_err("refused");
    assert!(
        broken.to_string().starts_with("p:1: not YAML or JSON: "),
        "{broken}"
    );
}
