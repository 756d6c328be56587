//! Debug containers beside GPUs: Kubernetes grants them none, so none is shown to them.

use serde_json::{Value, json};

use super::scene::{self, SHARED, WHOLE};

const VOID: &str = "void";

fn pod(class: Option<&str>, gpus: bool) -> Value {
    let mut pod = json!({
        "metadata": {"name": "app"},
        "spec": {"containers": [{"name": "main", "image": "i"}]},
    });
    if let Some(class) = class {
        pod["spec"]["runtimeClassName"] = class.into();
    }
    if gpus {
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"nvidia.com/gpu": "1"}});
    }
    pod
}

fn with_shell(pod: &Value, env: Value) -> Value {
    let mut pod = pod.clone();
    let mut shell = json!({"name": "shell", "image": "nvidia/cuda"});
    if !env.is_null() {
        shell["env"] = env;
    }
    pod["spec"]["ephemeralContainers"] = json!([shell]);
    pod
}

fn visible(pod: &Value) -> Option<&str> {
    let env = pod["spec"]["ephemeralContainers"][0]["env"].as_array()?;
    let last = env
        .iter()
        .rfind(|e| e["name"] == "NVIDIA_VISIBLE_DEVICES")?;
    last["value"].as_str()
}

#[test]
fn every_gpu_is_hidden_from_one_that_is_added_beside_a_gpu_or_under_nvidias_runtime() {
    for (class, gpus, hidden) in [
        (None, true, true),
        (Some("nvidia"), true, true),
        (Some("accelerated"), true, true),
        (Some("nvidia"), false, true),
        (Some("accelerated"), false, true),
        (Some("kata"), false, false),
        (None, false, false),
    ] {
        let before = pod(class, gpus);
        let answer = scene::debug(SHARED, &before, &with_shell(&before, Value::Null));
        let after = answer.pod.expect("it is let in");
        let expected = hidden.then_some(VOID);
        assert_eq!(visible(&after), expected, "{class:?} {gpus}");
        let last = scene::update(SHARED, "ephemeralcontainers", &before, &after);
        assert!(last.allowed, "{class:?} {gpus}");
        let again = scene::debug(SHARED, &before, &after).pod;
        assert_eq!(again, Some(after), "a second look changes nothing");
    }
}

#[test]
fn one_that_hides_them_itself_is_left_as_it_is() {
    let before = pod(Some("nvidia"), true);
    for value in [VOID, "none", ""] {
        let env = json!([{"name": "NVIDIA_VISIBLE_DEVICES", "value": value}]);
        let after = with_shell(&before, env);
        assert_eq!(scene::debug(WHOLE, &before, &after).pod, Some(after));
    }
}

#[test]
fn one_that_hides_none_is_refused_at_last_under_nvidias_runtime_and_only_there() {
    for (class, gpus, refused) in [
        (Some("nvidia"), true, true),
        (Some("accelerated"), true, true),
        (Some("nvidia"), false, true),
        (None, true, false),
        (Some("kata"), false, false),
    ] {
        let before = pod(class, gpus);
        let after = with_shell(&before, Value::Null);
        let answer = scene::update(SHARED, "ephemeralcontainers", &before, &after);
        assert_eq!(
            answer.is_refused_by("ephemeral-gpu"),
            refused,
            "{class:?} {gpus}"
        );
        assert_eq!(answer.allowed, !refused, "{class:?} {gpus}");
    }
}
