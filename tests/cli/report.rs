//! The forms of a review's report.

use serde_json::{Value, json};

use crate::{Run, check_golden, command, finish, review, review_of, slicegate};

#[test]
fn text_shows_what_changes_why_and_what_was_found() {
    check_golden("llm.txt", &review(&["-f", "manifests/llm.yaml"]).out);
    check_golden("mixed.txt", &review(&["-f", "manifests/mixed.yaml"]).out);
}

#[test]
fn text_begins_with_what_is_assumed() {
    let run = slicegate(&["review", "-f", "manifests/slice.yaml"]);
    check_golden("assumed.txt", &run.out);
}

/// A manifest of `kind` with a pod of the tier, its containers and fields of the workload.
fn workload(kind: &str, fields: &str, containers: &str) -> String {
    let template = format!(
        r#""template":{{"metadata":{{"annotations":{{"slicegate.dev/tier":"production"}}}},"spec":{{{containers}}}}}"#
    );
    let spec = match kind {
        "CronJob" => format!(r#""jobTemplate":{{"spec":{{{fields}{template}}}}}"#),
        _ => format!("{fields}{template}"),
    };
    let version = if kind.ends_with("Job") {
        "batch/v1"
    } else {
        "apps/v1"
    };
    format!(
        r#"{{"apiVersion":"{version}","kind":"{kind}","metadata":{{"name":"w","namespace":"team-a"}},"spec":{{{spec}}}}}"#
    )
}

#[test]
fn gpus_are_counted_by_what_runs_at_once_times_the_pods() {
    let one = r#"{"name":"a","resources":{"limits":{"nvidia.com/gpu":"1"}}}"#;
    let slice = r#"{"name":"b","resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}"#;
    let main = format!(r#""containers":[{one}]"#);
    let two = format!(r#""containers":[{one},{slice}]"#);
    let init = format!(r#""initContainers":[{one}],"containers":[{slice}]"#);
    let none = r#""containers":[{"name":"a"}]"#.to_owned();
    for (kind, fields, containers, pods, asked, taken) in [
        ("Deployment", "", &main, 1, 1.0, 0.1429),
        ("Deployment", r#""replicas":7,"#, &main, 7, 7.0, 1.0),
        ("Deployment", r#""replicas":0,"#, &main, 0, 0.0, 0.0),
        ("StatefulSet", r#""replicas":2,"#, &two, 2, 2.2857, 0.5714),
        ("Job", r#""parallelism":3,"#, &init, 3, 3.0, 0.4286),
        ("CronJob", r#""parallelism":3,"#, &main, 3, 3.0, 0.4286),
        ("DaemonSet", "", &main, 1, 1.0, 1.0),
        ("Deployment", r#""replicas":4,"#, &none, 4, 0.0, 0.0),
    ] {
        let arguments = ["-f", "-", "-o", "json"];
        let run = review_of(&arguments, &workload(kind, fields, containers));
        let report: Value = serde_json::from_str(&run.out).expect("JSON");
        let expected = json!({"pods": pods, "asked": asked, "taken": taken});
        assert_eq!(report["items"][0]["gpus"], expected, "{kind} {fields}");
        assert_eq!(report["summary"]["gpus"], expected, "{kind} {fields}");
    }
}

#[test]
fn text_begins_with_what_is_saved_and_says_what_is_alike_once() {
    let manifest = |name: &str, namespace: &str| {
        let one = r#""containers":[{"name":"a","resources":{"limits":{"nvidia.com/gpu":"1"}}}]"#;
        let text = workload("Deployment", r#""replicas":5,"#, one);
        let text = text.replace(r#""name":"w""#, &format!(r#""name":"{name}""#));
        text.replace("team-a", namespace)
    };
    let [a, b, off] = [
        manifest("a", "team-a"),
        manifest("b", "team-a"),
        manifest("c", "elsewhere"),
    ];
    let run = review_of(&["-f", "-"], &format!("{a}\n---\n{b}\n---\n{off}\n"));
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines[0], "15 GPUs asked, 6.43 taken: 8.57 free (57 %)");
    assert_eq!(lines[1], "3 objects: 2 rewritten, 1 untouched");
    assert!(lines[2].starts_with("hint  slicegate is off in namespace elsewhere; --tier"));
    let first = lines
        .iter()
        .position(|l| l.starts_with("rewritten"))
        .expect("a block");
    assert_eq!(
        lines[first..first + 2],
        [
            "rewritten  Deployment team-a/a, 5 pods  (standard input, document 1)",
            "           Deployment team-a/b, 5 pods  (standard input, document 2)",
        ]
    );
    assert_eq!(run.out.matches("\nrewritten").count(), 1, "{}", run.out);
    assert!(
        run.out
            .contains("takes    0.14 GPU, times 10 pods (as written: 1)"),
        "{}",
        run.out
    );
}

#[test]
fn json_is_the_report_of_the_contract() {
    let run = review(&["-f", "manifests/slice.yaml", "-o", "json"]);
    check_golden("slice.json", &run.out);
}

#[test]
fn yaml_says_the_same_as_json() {
    for manifests in ["manifests", "manifests/slice.yaml"] {
        let json = review(&["-f", manifests, "-o", "json"]).out;
        let yaml = review(&["-f", manifests, "-o", "yaml"]).out;
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let input = slicegate::config::documents::parse("yaml", &yaml);
        assert!(input.errors.is_empty(), "{:?}\n{yaml}", input.errors);
        let read: Vec<&Value> = input.documents.iter().map(|d| &d.value).collect();
        assert_eq!(read, [&json], "{yaml}");
    }
}

#[test]
fn yaml_quotes_numbers_that_are_strings() {
    let yaml = review(&["-f", "manifests/slice.yaml", "-o", "yaml"]).out;
    let change = "  changes:\n  - container: main\n    from:\n      nvidia.com/gpu: \"1\"\n    to:\n      nvidia.com/mig-1g.10gb: \"1\"\n";
    assert!(yaml.contains(change), "{yaml}");
}

#[test]
fn the_patch_is_against_the_pod_wherever_it_stands_in_the_object() {
    let json = review(&["-f", "manifests/llm.yaml", "-o", "json"]).out;
    let report: Value = serde_json::from_str(&json).expect("JSON");
    let item = &report["items"][0];
    assert_eq!(item["podPath"], "/spec/template");
    let patch: json_patch::Patch = serde_json::from_value(item["patch"].clone()).expect("a patch");
    let text = std::fs::read_to_string(crate::here().join("manifests/llm.yaml")).expect("a file");
    let mut object = slicegate::config::documents::parse("llm", &text)
        .documents
        .remove(0)
        .value;
    let pod = object.pointer_mut("/spec/template").expect("a template");
    json_patch::patch(pod, &patch).expect("it applies");
    let label = "/metadata/labels/slicegate.dev~1trust-boundary";
    assert_eq!(pod.pointer(label), Some(&Value::from("team-a")));
}

#[test]
fn a_diff_has_what_is_rewritten_and_a_comment_for_what_is_denied() {
    let run = review(&[
        "-f",
        "manifests/slice.yaml",
        "-f",
        "manifests/mixed.yaml",
        "-o",
        "diff",
    ]);
    assert_eq!(run.status, 1);
    check_golden("slice-and-mixed.diff", &run.out);
}

#[test]
fn an_object_in_a_list_says_where_it_stood() {
    let list = r#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a","namespace":"elsewhere"},"spec":{"containers":[]}}]}"#;
    let json = review_of(&["-f", "-", "-o", "json"], list).out;
    let expected = serde_json::json!({
        "apiVersion": "slicegate.dev/v1alpha1",
        "kind": "ReviewReport",
        "summary": {"pods": 1, "rewritten": 0, "untouched": 1, "denied": 0, "skipped": 0,
            "gpus": {"pods": 1, "asked": 0.0, "taken": 0.0}},
        "items": [{
            "source": "-", "document": 0, "item": 0, "kind": "Pod", "namespace": "elsewhere", "name": "a",
            "podPath": "", "outcome": "untouched", "mode": "off",
            "gpus": {"pods": 1, "asked": 0.0, "taken": 0.0},
            "reason": "slicegate is off in this namespace",
            "findings": [], "changes": [], "considered": [], "patch": [],
        }],
    });
    assert_eq!(
        serde_json::from_str::<Value>(&json).expect("JSON"),
        expected
    );
}

/// What terminals obey, what turns text around, and what nobody sees.
const HOSTILE: &str = "\u{1b}[2J\u{1b}[31m\u{9b}1m\u{202e}\u{200b}\u{2066}\u{feff}\u{2028}\u{7}\u{7f}\u{ad}\t\u{e0041}";

/// The value with hostile text at the end of every string and key.
fn hostile(value: &Value) -> Value {
    let kept = ["apiVersion", "kind"];
    match value {
        Value::String(text) => format!("{text}{HOSTILE}").into(),
        Value::Array(list) => list.iter().map(hostile).collect::<Vec<_>>().into(),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| match kept.contains(&key.as_str()) {
                true => (key.clone(), value.clone()),
                false => (key.clone(), hostile(value)),
            };
            let mut all: serde_json::Map<String, Value> = map.iter().map(entry).collect();
            if map.values().all(Value::is_string) && !map.is_empty() && !map.contains_key("kind") {
                all.insert(format!("x{HOSTILE}"), "y".into());
            }
            Value::Object(all)
        }
        other => other.clone(),
    }
}

#[track_caller]
fn assert_harmless(what: &str, run: &Run) {
    for text in [&run.out, &run.err] {
        let hides = |c: char| c.is_control() || HOSTILE.contains(c) && !c.is_ascii();
        let bad = text.chars().find(|c| *c != '\n' && hides(*c));
        assert_eq!(bad, None, "{what}: {text:?}");
    }
}

#[test]
fn a_manifest_cannot_send_anything_to_the_terminal() {
    let pod: Value = serde_json::from_str(
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"team-a","uid":"1",
        "labels":{"app":"a","slicegate.dev/trust-boundary":"b"},
        "annotations":{"slicegate.dev/tier":"production","slicegate.dev/gpu-memory":"1","cdi.k8s.io/x":"y","run.oci.x":"z"}},
        "spec":{"nodeName":"n","schedulerName":"s","runtimeClassName":"nvidia","priorityClassName":"p","serviceAccountName":"s",
        "nodeSelector":{"a":"b"},"tolerations":[{"key":"k","operator":"Equal","value":"v"}],
        "volumes":[{"name":"v","hostPath":{"path":"/dev/nvidia"}}],
        "containers":[{"name":"m","image":"i","command":["c"],"args":["--gpu-memory-utilization","0.9"],
        "env":[{"name":"NVIDIA_VISIBLE_DEVICES","value":"all"},{"name":"NVIDIA_MIG_X","value":"1"}],"envFrom":[{"prefix":"NVIDIA_MIG_","configMapRef":{"name":"c"}}],
        "volumeMounts":[{"name":"v","mountPath":"/var/run/nvidia-container-devices/x"}],
        "securityContext":{"capabilities":{"add":["SYS_MODULE"]}},
        "resources":{"limits":{"nvidia.com/gpu":"1"}}}]},"status":{"phase":"Running"}}"#,
    )
    .expect("a pod");
    let mut hostile = hostile(&pod);
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    let pods = format!("--pods={}", file.path().display());
    // Alone, and where it is read as a pod that takes a GPU of a namespace that there is.
    for step in 0..3 {
        if step > 0 {
            hostile["metadata"]["namespace"] = "team-a".into();
            hostile["spec"]["containers"][0]["resources"] =
                pod["spec"]["containers"][0]["resources"].clone();
            hostile["status"] = pod["status"].clone();
        }
        if step > 1 {
            hostile["metadata"]["annotations"] =
                serde_json::json!({"slicegate.dev/tier": "production", "x": HOSTILE});
            hostile["metadata"]["labels"] = serde_json::json!({"app": HOSTILE});
            hostile["spec"] = serde_json::json!({"schedulerName": HOSTILE, "nodeName": "mps-0",
                "containers": hostile["spec"]["containers"]});
            let container = &mut hostile["spec"]["containers"][0];
            container["env"] = serde_json::json!([{"name": "A", "value": HOSTILE}]);
            container["volumeMounts"] = serde_json::json!([]);
            container["envFrom"] = serde_json::json!([]);
            container["securityContext"] = serde_json::json!({});
        }
        let manifest = hostile.to_string();
        for form in ["text", "json", "yaml", "diff"] {
            let run = review_of(&["-f", "-", "-o", form], &manifest);
            assert_harmless(&format!("review -o {form}, step {step}"), &run);
        }
        let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{manifest}]}}"#);
        std::fs::write(file.path(), list).expect("a written file");
        for form in ["text", "json", "yaml"] {
            for more in [&[][..], &["--boundaries"]] {
                let all = [
                    &[
                        "audit",
                        "--nodes=live/nodes.yaml",
                        "--namespaces=live/namespaces.yaml",
                        &pods,
                        "-o",
                        form,
                    ],
                    more,
                ];
                assert_harmless(
                    &format!("audit {more:?} -o {form}, step {step}"),
                    &slicegate(&all.concat()),
                );
            }
        }
    }
    for kind in ["Deployment", "Widget"] {
        let mut object = hostile.clone();
        object["kind"] = kind.into();
        object["spec"] = serde_json::json!({"template": hostile, "selector": {"x": HOSTILE}});
        for form in ["text", "json", "yaml", "diff"] {
            let run = review_of(&["-f", "-", "-o", form], &object.to_string());
            assert_harmless(&format!("review of a {kind} -o {form}"), &run);
        }
    }
    assert_harmless(
        "no manifest",
        &review_of(&["-f", "-"], &format!("kind: {HOSTILE}: [")),
    );
    for command in [
        &["explain", HOSTILE][..],
        &["rules"],
        &["catalog"],
        &["explain", "host-device"],
    ] {
        assert_harmless(&format!("{command:?}"), &slicegate(command));
    }
}

#[test]
fn colours_are_ours_and_never_a_manifests() {
    let manifest = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a\u001b[2J","namespace":"team-a",
        "annotations":{"slicegate.dev/tier":"\u001b[31mproduction"}},
        "spec":{"containers":[{"name":"m\u001b[0m","resources":{"limits":{"nvidia.com/gpu":"1"}}}]}}"#;
    for form in ["text", "json", "yaml", "diff"] {
        let mut command = command(&["review", "-f", "-", "-o", form]);
        let run = finish(command.env("CLICOLOR_FORCE", "1").write_stdin(manifest));
        assert_eq!(run.status, 1, "{form}");
        for sequence in ["\u{1b}[2J", "\u{1b}[31mp", "m\u{1b}[0m\""] {
            assert!(!run.out.contains(sequence), "{form}: {sequence:?}");
        }
    }
}

#[test]
fn colours_are_for_terminals_and_never_against_no_color() {
    let has_colours = |variables: &[&str]| {
        let mut command = command(&["review", "-f", "manifests"]);
        for variable in variables {
            command.env(variable, "1");
        }
        finish(&mut command).out.contains('\u{1b}')
    };
    assert!(!has_colours(&[]));
    assert!(has_colours(&["CLICOLOR_FORCE"]));
    assert!(!has_colours(&["CLICOLOR_FORCE", "NO_COLOR"]));
}

#[test]
fn lines_are_at_most_100_wide_where_words_allow_it() {
    for line in review(&["-f", "manifests"]).out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
