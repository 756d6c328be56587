//! Another value for a flag or a variable changes exactly the place where the old one stood, and only where it stands for
//! itself.

use std::slice::from_ref;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use slicegate::admission::patch;
use slicegate::engine::line::Edit;
use slicegate::engine::profile::{Position, Profile, Setting};
use slicegate::facts::Pod;
use slicegate::facts::pod::{ArgumentList, ContainerKind, Place};

use super::scene::cases;

const NEW: &str = "0.125";
const MAIN: Place = Place {
    kind: ContainerKind::Main,
    index: 0,
};

/// How a generated setting is written, and whether it can be edited there.
#[derive(Clone, Debug)]
struct Words {
    words: Vec<String>,
    is_own: bool,
}

fn words() -> impl Strategy<Value = Words> {
    let flag = select(vec![
        "--gpu-memory-utilization",
        "--mem_fraction_static",
        "-tp",
        "--nnodes",
    ]);
    let value = select(vec!["0.9", "2", "$(N)", "a=b", "ü"]);
    let noise = select(vec![
        "serve",
        "--port=8000",
        "a \"b\"",
        "x\\y",
        "",
        "line\nbreak",
    ]);
    (0..5, flag, value, noise).prop_map(|(form, flag, value, noise)| {
        let (words, is_own) = match form {
            0 => (vec![format!("{flag}={value}")], true),
            1 => (vec![flag.to_owned(), value.to_owned()], true),
            2 => (vec![format!("exec run {flag} {value}")], false),
            3 => (vec![format!("run {flag}={value} \\\n --last")], false),
            _ => (vec![noise.to_owned()], false),
        };
        Words { words, is_own }
    })
}

fn list() -> impl Strategy<Value = Vec<Words>> {
    vec(words(), 0..5)
}

fn strings(list: &[Words]) -> Vec<&str> {
    list.iter()
        .flat_map(|w| w.words.iter().map(String::as_str))
        .collect()
}

fn pod_of(container: &Value) -> Value {
    json!({"spec": {"containers": [container]}})
}

fn read(text: &str) -> Pod<'_> {
    serde_json::from_str(text).expect("a pod")
}

/// The pod after the edits, or what is wrong with the patch.
fn patched(pod: &Value, edits: &[Edit<'_>]) -> Result<Value, json_patch::PatchError> {
    let text = pod.to_string();
    let patch = patch::write(&read(&text), edits).expect("a patch");
    let patch: json_patch::Patch = serde_json::from_str(&patch).expect("operations");
    let mut after = pod.clone();
    json_patch::patch(&mut after, &patch)?;
    Ok(after)
}

/// Every string below a value, with where it stands.
fn leaves(value: &Value, path: String, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path, text.clone())),
        Value::Array(list) => {
            let entries = list.iter().enumerate();
            entries.for_each(|(i, v)| leaves(v, format!("{path}/{i}"), found));
        }
        Value::Object(map) => map
            .iter()
            .for_each(|(k, v)| leaves(v, format!("{path}/{k}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn told(profile: &Profile<'_>) -> Vec<(String, Option<String>)> {
    let settings = profile.settings(MAIN);
    let told = |s: &Setting<'_>| (s.shown(), s.value.word().map(str::to_owned));
    settings.map(told).collect()
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn another_value_changes_the_old_one_and_nothing_else(
        command in list(), args in list(), first in select(vec!["0.9", "$(N)", ""]), sourced: bool,
    ) {
        let mut env = vec![
            json!({"name": "N", "value": "1"}),
            json!({"name": "XLA_PYTHON_CLIENT_MEM_FRACTION", "value": first, "xUnknown": true}),
        ];
        if sourced {
            env.push(json!({"name": "NNODES", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}));
        }
        let before = pod_of(&json!({
            "name": "main", "command": strings(&command), "args": strings(&args), "env": env,
        }));
        let text = before.to_string();
        let pod = read(&text);
        let profile = Profile::of(&pod);
        let (mut own, all) = (0, told(&profile));
        for (at, setting) in profile.settings(MAIN).enumerate() {
            if let Some(Position::Within { list, index }) = profile.position(setting) {
                let element = &before["spec"]["containers"][0][list.name()][index];
                let holds = element.as_str().is_some_and(|text| text.contains(setting.name));
                prop_assert!(holds, "{} is not in {element}", setting.name);
            }
            let Some(edit) = Edit::setting(&profile, setting, NEW) else { continue };
            own += usize::from(!setting.is_in_environment());
            let after = patched(&before, &[edit]).expect("the patch fits");
            let (mut was, mut is) = (Vec::new(), Vec::new());
            leaves(&before, String::new(), &mut was);
            leaves(&after, String::new(), &mut is);
            let changed: Vec<_> = was.iter().zip(&is).filter(|(was, is)| was != is).collect();
            prop_assert_eq!((was.len(), changed.len()), (is.len(), 1));
            let ((path, old), (_, new)) = changed[0];
            let value = setting.value.word().expect("a literal");
            let kept = old.strip_suffix(value).expect("the old value");
            prop_assert_eq!(new, &format!("{kept}{NEW}"));
            let flag = format!("{}=", setting.shown());
            prop_assert!(kept.is_empty() || kept == flag, "{path}: {old}");
            // A second pass reads the new value, and changes nothing.
            let text = after.to_string();
            let pod = read(&text);
            let profile = Profile::of(&pod);
            let mut expected = all.clone();
            expected[at].1 = Some(NEW.to_owned());
            prop_assert_eq!(told(&profile), expected);
            let again = profile.settings(MAIN).nth(at).expect("the same setting");
            prop_assert_eq!(Edit::setting(&profile, again, NEW), None);
        }
        let lists = command.iter().chain(&args);
        prop_assert_eq!(own, lists.filter(|w| w.is_own).count());
    }
}

#[test]
fn an_argument_is_appended_to_the_list_that_is_there_or_to_a_new_one() {
    let appended = |list, value: &str| Edit::Argument {
        place: MAIN,
        list,
        replaces: None,
        value: value.to_owned(),
    };
    let edits = [
        appended(ArgumentList::Args, "--a=\"1\""),
        appended(ArgumentList::Args, "~/"),
        appended(ArgumentList::Command, "c"),
    ];
    for (before, args) in [
        (
            json!({"command": ["run"], "args": ["x"]}),
            json!(["x", "--a=\"1\"", "~/"]),
        ),
        (
            json!({"command": ["run"], "args": []}),
            json!(["--a=\"1\"", "~/"]),
        ),
        (
            json!({"command": ["run"], "args": null}),
            json!(["--a=\"1\"", "~/"]),
        ),
        (json!({"command": ["run"]}), json!(["--a=\"1\"", "~/"])),
    ] {
        let after = patched(&pod_of(&before), &edits).expect("the patch fits");
        let expected = pod_of(&json!({"command": ["run", "c"], "args": args}));
        assert_eq!(after, expected, "{before}");
    }
}

#[test]
fn a_patch_fails_where_something_else_stands_than_was_read() {
    let pod = pod_of(&json!({"args": ["serve", "--tp=2"], "env": [{"name": "A", "value": "b"}]}));
    let argument = |index, now| Edit::Argument {
        place: MAIN,
        list: ArgumentList::Args,
        replaces: Some((index, now)),
        value: "--tp=1".to_owned(),
    };
    let variable = |index, name| Edit::Env {
        place: MAIN,
        name,
        replaces: Some(index),
        value: "c".into(),
    };
    for edit in [
        argument(0, "--tp=2"),
        argument(1, "--tp=3"),
        argument(2, "--tp=2"),
    ] {
        assert!(patched(&pod, from_ref(&edit)).is_err(), "{edit:?}");
    }
    for edit in [variable(0, "B"), variable(1, "A")] {
        assert!(patched(&pod, from_ref(&edit)).is_err(), "{edit:?}");
    }
    let after = patched(&pod, &[argument(1, "--tp=2"), variable(0, "A")]).expect("the patch fits");
    let expected = json!({"args": ["serve", "--tp=1"], "env": [{"name": "A", "value": "c"}]});
    assert_eq!(after, pod_of(&expected));
}
