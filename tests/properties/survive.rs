//! What the user wrote is still there afterwards, what came in is ours, and the API server takes the result.

use proptest::prelude::*;
use serde_json::Value;
use slicegate::engine::line::Outcome;

use super::api::{self, members_of};
use super::scene::{cases, judge, scene};

/// What a rewrite may do at one place of a pod.
#[derive(Clone, Copy, PartialEq)]
enum May {
    /// Nothing.
    Stay,
    /// Set members that match a pattern.
    Gain(&'static [&'static str]),
    /// Put more behind what is there.
    Append,
    /// Replace GPU resources.
    Grant,
    /// Replace terms by narrower ones.
    Narrow,
}

fn may(path: &[&str]) -> May {
    const LIST: &str = "#";
    match path {
        ["metadata"] => May::Gain(&["labels", "annotations"]),
        ["metadata", "labels"] => May::Gain(&[
            "slicegate.dev/trust-boundary",
            "slicegate.dev/strategy",
            "slicegate.dev/mps-user",
        ]),
        ["metadata", "annotations"] => May::Gain(&[
            "slicegate.dev/decision",
            "slicegate.dev/gpu-fraction",
            "gpu-fraction.slicegate.dev/",
        ]),
        ["spec"] => May::Gain(&["affinity", "tolerations"]),
        ["spec", "containers" | "initContainers", LIST] => {
            May::Gain(&["resources", "env", "securityContext"])
        }
        [
            "spec",
            "containers" | "initContainers",
            LIST,
            "securityContext",
        ] => May::Gain(&["runAsUser"]),
        ["spec", "containers" | "initContainers", LIST, "resources"] => {
            May::Gain(&["limits", "requests"])
        }
        [
            "spec",
            "containers" | "initContainers",
            LIST,
            "resources",
            _,
        ] => May::Grant,
        ["spec", "containers" | "initContainers", LIST, "env"] | ["spec", "tolerations"] => {
            May::Append
        }
        ["spec", "affinity"] => May::Gain(&["nodeAffinity", "podAffinity", "podAntiAffinity"]),
        ["spec", "affinity", _] => {
            May::Gain(&["requiredDuringScheduling", "preferredDuringScheduling"])
        }
        [
            "spec",
            "affinity",
            "podAntiAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ]
        | [
            "spec",
            "affinity",
            "podAffinity",
            "preferredDuringSchedulingIgnoredDuringExecution",
        ] => May::Append,
        [
            "spec",
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ] => May::Gain(&["nodeSelectorTerms"]),
        ["spec", "affinity", "nodeAffinity", _, "nodeSelectorTerms"] => May::Narrow,
        _ => May::Stay,
    }
}

/// What was lost or came in where nothing may.
fn differences(path: &mut Vec<String>, before: &Value, after: &Value, found: &mut Vec<String>) {
    let plain: Vec<&str> = path
        .iter()
        .map(|p| {
            if p.parse::<usize>().is_ok() {
                "#"
            } else {
                p.as_str()
            }
        })
        .collect();
    let may = may(&plain);
    let mut report = |what: String| found.push(format!("/{}: {what}", path.join("/")));
    match (before, after) {
        // An empty value may become a full one where members may come in.
        (Value::Null, _) if may != May::Stay => {}
        (Value::Array(old), Value::Array(new)) if may == May::Append && new.starts_with(old) => {}
        (Value::Array(_), Value::Array(_)) if may == May::Append => {
            report(format!("{before} became {after}"));
        }
        (Value::Array(old), Value::Array(new)) if may == May::Narrow => {
            let holds_one = |term: &&Value| old.iter().any(|user| is_inside(term, user));
            new.iter()
                .filter(|t| !holds_one(t))
                .for_each(|term| report(format!("{term} is none of {before}, narrowed")));
        }
        (Value::Array(old), Value::Array(new)) => {
            if old.len() != new.len() {
                report(format!("{before} became {after}"));
            }
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                path.push(index.to_string());
                differences(path, old, new, found);
                path.pop();
            }
        }
        (Value::Object(old), Value::Object(new)) => {
            let is_free = |key: &str| match may {
                May::Gain(keys) => keys.iter().any(|k| key.starts_with(k)),
                May::Grant => api::is_gpu(key),
                _ => false,
            };
            for key in new.keys().filter(|k| !old.contains_key(*k) && !is_free(k)) {
                report(format!("{key} came in"));
            }
            for (key, value) in old {
                match new.get(key) {
                    _ if may == May::Grant && api::is_gpu(key) => {}
                    // The receipt is ours.
                    _ if key == "slicegate.dev/decision" => {}
                    None => found.push(format!("/{}: {key} is gone", path.join("/"))),
                    Some(new) => {
                        path.push(key.clone());
                        differences(path, value, new, found);
                        path.pop();
                    }
                }
            }
        }
        _ if before != after => report(format!("{before} became {after}")),
        _ => {}
    }
}

/// Whether a term holds all that another says, unknown members too. An empty one matches nothing and may be kept as it is.
fn is_inside(term: &Value, user: &Value) -> bool {
    let lists = ["matchExpressions", "matchFields"];
    let is_empty = |v: &Value| lists.iter().all(|l| api::list_of(&v[*l]).next().is_none());
    let others = |v: &Value| {
        members_of(v)
            .filter(|(k, _)| !lists.contains(&k.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect::<Vec<_>>()
    };
    let prefix = |list: &str| {
        let (mut new, mut old) = (api::list_of(&term[list]), api::list_of(&user[list]));
        old.all(|wanted| new.next() == Some(wanted))
    };
    is_empty(term) == is_empty(user)
        && others(term) == others(user)
        && lists.into_iter().all(prefix)
}

proptest! {
    #![proptest_config(cases(256))]

    /// Nothing of the user's is lost, and nothing comes in but what the contract names.
    #[test]
    fn the_users_own_survives(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        let mut found = Vec::new();
        let before = api::defaulted(&scene.pod.0);
        differences(&mut Vec::new(), &before, &verdict.after, &mut found);
        prop_assert!(found.is_empty(), "{found:#?}\nafter {}", verdict.after);
    }

    /// The API server takes what a rewrite made.
    #[test]
    fn the_api_server_takes_it(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        if verdict.strategy.is_some() {
            let own = api::faults(&api::defaulted(&scene.pod.0));
            let faults: Vec<String> = api::faults(&verdict.after).into_iter().filter(|f| !own.contains(f)).collect();
            prop_assert!(faults.is_empty(), "{faults:#?}\nafter {}", verdict.after);
        }
    }

    /// A patch comes with a rewrite and with nothing else.
    #[test]
    fn a_patch_means_a_rewrite(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        prop_assert_eq!(verdict.patch.is_empty(), verdict.outcome != Outcome::Rewritten);
    }
}
