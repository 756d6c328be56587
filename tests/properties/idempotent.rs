//! A second pass over the product's own output changes nothing, whatever happened in between.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use slicegate::engine::line::Outcome;

use super::api::{self, list_of};
use super::boundaries;
use super::fleet::{self, Fleet};
use super::pods::Pod;
use super::scene::{Scene, Verdict, cases, judge, scene, world};
use super::scheduler::landing;
use super::sound;
use super::wants;

const DECISION: &str = "slicegate.dev/decision";

type Check = Result<(), TestCaseError>;

/// The same policy and pools, other nodes.
fn with_nodes(scene: &Scene, other: &Fleet) -> Fleet {
    let pools = scene.fleet.nodes.iter().filter(|n| n.is_pool);
    let nodes = other.nodes.iter().filter(|n| !n.is_pool);
    let fleet = Fleet {
        nodes: pools.chain(nodes).cloned().collect(),
    };
    match scene.policy["spec"]["supply"]["unlabelled"] == "exclusive" {
        true => fleet.vouched(),
        false => fleet,
    }
}

fn changes_nothing(verdict: &Verdict, when: &str) -> Check {
    prop_assert!(
        !verdict.is_denied(),
        "{when} it is denied: {:?}",
        verdict.messages
    );
    prop_assert!(
        verdict.patch.is_empty(),
        "{when} it is changed: {}",
        Value::from(verdict.patch.clone())
    );
    prop_assert_eq!(verdict.outcome, Outcome::Untouched);
    Ok(())
}

/// The same with all taints tolerated.
fn tolerant(verdict: &Verdict) -> Verdict {
    let mut verdict = verdict.clone();
    verdict.after["spec"]["tolerations"] = json!([{"operator": "Exists"}]);
    verdict
}

/// A container another webhook puts in.
fn sidecar() -> Value {
    json!({"name": "proxy", "image": "registry.example/proxy:1", "env": [{"name": "B", "value": "c"}]})
}

/// Members that hold nothing are as good as none.
fn without_empty(mut pod: Value) -> Value {
    for list in ["initContainers", "containers"] {
        for container in pod["spec"]
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let Some(map) = container.as_object_mut() else {
                continue;
            };
            if let Some(resources) = map.get_mut("resources").and_then(Value::as_object_mut) {
                resources
                    .retain(|_, v| !v.is_null() && v.as_object().is_none_or(|m| !m.is_empty()));
            }
            map.retain(|key, v| {
                key != "resources" || !v.is_null() && v.as_object().is_none_or(|m| !m.is_empty())
            });
        }
    }
    pod
}

proptest! {
    #![proptest_config(cases(256))]

    /// With the fleet as it is, with another one, and with some of its nodes gone.
    #[test]
    fn a_second_pass(scene in scene(10), other in fleet::fleet(8), keep in any::<u64>()) {
        let first = judge(&scene.world(), &scene.pod.0)?;
        if first.is_denied() {
            return Ok(());
        }
        let again = judge(&scene.world(), &first.after)?;
        changes_nothing(&again, "at once")?;
        // Who names a node is judged by it as it is now, however it was before.
        if first.strategy.is_none() || scene.pod.0["spec"]["nodeName"].is_string() {
            return Ok(());
        }
        let wants = wants::read(&scene);
        for (when, fleet) in [("with other nodes", &other), ("with fewer nodes", &scene.fleet.thinned(keep)), ("without nodes", &Fleet::default())] {
            let fleet = with_nodes(&scene, fleet);
            // Where a node turned up that lies about itself, the choice no longer holds. Its GPU taint is no
            // hindrance: the API server may tolerate that for the pod (ExtendedResourceToleration).
            let now = Scene { fleet, ..scene.clone() };
            if sound::is_sound(&now, &wants, &tolerant(&first)).is_ok() {
                let world = world(&scene.policy, &now.fleet);
                let mut again = judge(&world, &first.after)?;
                if !again.patch.is_empty() && landing(&first.after, &now.fleet).is_empty() {
                    // Where every node keeps the pod off by its GPU taint, that is tolerated after all.
                    let pointers = again.patch.iter().filter_map(|op| op["path"].as_str());
                    prop_assert!({ pointers }.all(|path| path.starts_with("/spec/tolerations")), "{when}");
                    again = judge(&world, &again.after)?;
                }
                changes_nothing(&again, when)?;
            }
        }
    }

    /// The guard takes receipts away that users send; who sends a finished pod again gets another one, and that is all.
    #[test]
    fn without_its_receipt(scene in scene(10)) {
        let world = scene.world();
        let first = judge(&world, &scene.pod.0)?;
        if first.is_denied() || first.strategy.is_none() {
            return Ok(());
        }
        let mut sent = first.after.clone();
        let receipt = sent["metadata"]["annotations"].as_object_mut().and_then(|a| a.shift_remove(DECISION));
        prop_assert!(receipt.is_some());
        let second = judge(&world, &sent)?;
        prop_assert!(!second.is_denied(), "{:?}\n{sent}", second.messages);
        let mut after = second.after.clone();
        let annotations = after["metadata"]["annotations"].as_object_mut();
        prop_assert!(annotations.and_then(|a| a.shift_remove(DECISION)).is_some());
        prop_assert_eq!(&after, &sent, "patch {}", Value::from(second.patch.clone()));
    }

    /// Another webhook adds a container: it is told to see no GPU, and that is all.
    #[test]
    fn beside_a_sidecar(scene in scene(10), list in select(vec!["containers", "initContainers"]), in_front in any::<bool>()) {
        let world = scene.world();
        let first = judge(&world, &scene.pod.0)?;
        if first.is_denied() || first.strategy.is_none() {
            return Ok(());
        }
        let mut pod = first.after.clone();
        let mut added = sidecar();
        if list == "initContainers" {
            added["restartPolicy"] = "Always".into();
        }
        let containers = pod["spec"].as_object_mut().unwrap().entry(list).or_insert_with(|| json!([]));
        let containers = containers.as_array_mut().unwrap();
        containers.insert(if in_front { 0 } else { containers.len() }, added);
        let second = judge(&world, &pod)?;
        if scene.policy["spec"]["placement"]["hideGpus"] == "managed" {
            let list = pod["spec"].get_mut(list).and_then(Value::as_array_mut).unwrap();
            let own = list.iter_mut().find(|c| c["name"] == "proxy").unwrap();
            own["env"].as_array_mut().unwrap().push(json!({"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}));
        }
        prop_assert!(!second.is_denied(), "{:?}", second.messages);
        prop_assert_eq!(&second.after, &pod, "patch {}", Value::from(second.patch.clone()));
        changes_nothing(&judge(&world, &second.after)?, "a third time")?;
    }

    /// A LimitRange puts the old name back: it is taken out again.
    #[test]
    fn beside_a_limit_range(scene in scene(10)) {
        let world = scene.world();
        let first = judge(&world, &scene.pod.0)?;
        let names: Vec<&str> = api::containers(&first.after).flat_map(api::gpus).map(|(name, _)| name).collect();
        if first.is_denied() || first.strategy.is_none() || names.contains(&"nvidia.com/gpu") {
            return Ok(());
        }
        let mut pod = first.after.clone();
        for list in ["initContainers", "containers"] {
            for container in pod["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                let resources = container.as_object_mut().unwrap().entry("resources").or_insert(Value::Null);
                // Its defaults are for those who say nothing of the kind.
                if api::names_gpu(resources) {
                    continue;
                }
                for part in ["limits", "requests"] {
                    resources[part]["nvidia.com/gpu"] = "1".into();
                }
            }
        }
        let second = judge(&world, &pod)?;
        prop_assert!(!second.is_denied(), "{:?}", second.messages);
        prop_assert_eq!(without_empty(second.after.clone()), without_empty(first.after.clone()));
        changes_nothing(&judge(&world, &second.after)?, "a third time")?;
    }

    /// Whatever is changed in a finished pod, nobody gains by it: what is admitted is sound, and closed to strangers.
    #[test]
    fn nothing_is_gained_by_forging(scene in scene(10), turns in proptest::collection::vec((0..14_usize, any::<u32>()), 1..4)) {
        let world = scene.world();
        let first = judge(&world, &scene.pod.0)?;
        if first.is_denied() || first.strategy.is_none() {
            return Ok(());
        }
        let mut forged = first.after.clone();
        turns.iter().for_each(|(turn, seed)| forge(&mut forged, *turn, *seed as usize));
        let second = judge(&world, &forged)?;
        if second.is_denied() {
            return Ok(());
        }
        let scene = Scene { pod: Pod(forged), ..scene };
        boundaries::is_closed(&scene, &second)?;
        sound::is_sound(&scene, &wants::read(&scene), &second)
            .map_err(|e| TestCaseError::fail(format!("{e}\nforged {}\nafter {}", scene.pod.0, second.after)))?;
    }
}

/// Changes one thing of a finished pod.
fn forge(pod: &mut Value, turn: usize, seed: usize) {
    let mut set = |kind: &str, key: &str, value: &str| pod["metadata"][kind][key] = value.into();
    match turn {
        0 => set(
            "annotations",
            "slicegate.dev/tier",
            ["batch", "production", "anyhow", "regulated"][seed % 4],
        ),
        1 => set(
            "annotations",
            "slicegate.dev/gpu-memory",
            ["1Gi", "30Gi"][seed % 2],
        ),
        2 => set(
            "annotations",
            "slicegate.dev/gpu-fraction",
            ["0.1", "0.6"][seed % 2],
        ),
        3 => set(
            "labels",
            "slicegate.dev/strategy",
            ["mps", "mig", "time-slicing", "exclusive"][seed % 4],
        ),
        4 => set("labels", "slicegate.dev/mps-user", "0"),
        5 => set("annotations", "slicegate.dev/decision", "{}"),
        6 => {
            pod["spec"]["affinity"]
                .as_object_mut()
                .map(|a| a.remove("podAntiAffinity"));
        }
        7..=10 => {
            let terms = &mut pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
                ["nodeSelectorTerms"];
            let Some(terms) = terms.as_array_mut() else {
                return;
            };
            if turn == 10 {
                let keys = [
                    "nvidia.com/gpu.product",
                    "kubernetes.io/hostname",
                    "nvidia.com/gpu.sharing-strategy",
                ];
                return terms.push(
                    json!({"matchExpressions": [{"key": keys[seed % 3], "operator": "Exists"}]}),
                );
            }
            let count = terms.len().max(1);
            let Some(list) = terms
                .get_mut(seed % count)
                .and_then(|t| t["matchExpressions"].as_array_mut())
            else {
                return;
            };
            let at = seed / 7 % list.len().max(1);
            if turn == 7 && at < list.len() {
                list.remove(at);
            } else if let Some(values) = list.get_mut(at).and_then(|e| e["values"].as_array_mut()) {
                let more = [
                    "NVIDIA-L4",
                    "NVIDIA-A100-SXM4-80GB",
                    "mps",
                    "time-slicing",
                    "none",
                    "10",
                    "1",
                    "16",
                    "48",
                ];
                values.push(more[seed / 31 % more.len()].into());
            }
        }
        11 => {
            for container in pod["spec"]["containers"]
                .as_array_mut()
                .into_iter()
                .flatten()
            {
                let forged = ["0=1M", "0=900000M", "0=1M,1=1M"][seed % 3];
                let env = container["env"].as_array_mut().into_iter().flatten();
                env.filter(|e| e["name"] == "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT")
                    .for_each(|e| e["value"] = forged.into());
            }
        }
        12 => {
            let user = [0, 1000, 2000][seed % 3];
            pod["spec"]["securityContext"] = json!({"runAsUser": user});
        }
        _ => {
            let names = [
                "nvidia.com/gpu.shared",
                "nvidia.com/mig-1g.10gb",
                "nvidia.com/mig-2g.20gb",
            ];
            let old: Vec<String> = list_of(&pod["spec"]["containers"])
                .take(1)
                .flat_map(api::gpus)
                .map(|(n, _)| n.to_owned())
                .collect();
            for part in ["limits", "requests"] {
                if let Some(map) = pod["spec"]["containers"][0]["resources"][part].as_object_mut() {
                    old.iter().for_each(|name| drop(map.remove(name)));
                    map.insert(names[seed % 3].to_owned(), "1".into());
                }
            }
        }
    }
}
