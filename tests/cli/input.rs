//! What can be given to a review, and the status it ends with.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Run, finish, review, review_of, slicegate};

const WEB: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: main, image: i}]}\n";

#[track_caller]
fn check(run: &Run, status: i32, out: &[&str], err: &[&str]) {
    assert_eq!(run.status, status, "{run:?}");
    for text in out {
        assert!(run.out.contains(text), "{text} is missing in\n{}", run.out);
    }
    for text in err {
        assert!(run.err.contains(text), "{text} is missing in\n{}", run.err);
    }
    if err.is_empty() {
        assert_eq!(run.err, "");
    }
}

#[test]
fn the_status_is_0_when_nothing_is_denied_and_1_when_something_is() {
    check(
        &review(&["-f", "manifests/llm.yaml"]),
        0,
        &["rewritten  Deployment team-a/llm"],
        &[],
    );
    check(
        &review(&["-f", "manifests/mixed.yaml"]),
        1,
        &["denied     Pod team-a/misspelt"],
        &[],
    );
}

#[test]
fn the_status_is_2_for_unreadable_input_and_the_rest_is_still_reported() {
    let broken = format!(
        "{WEB}---\nkind: [Pod\n---\n{}",
        WEB.replace("web", "second")
    );
    let run = review_of(&["-f", "-"], &broken);
    let out = [
        "Pod default/web",
        "Pod default/second",
        "Not counted: 1 that could not be read",
    ];
    check(&run, 2, &out, &["slicegate: -: document 2"]);
    let run = review(&["-f", "manifests/mixed.yaml", "-f", "missing.yaml"]);
    let out = ["denied     Pod team-a/misspelt"];
    check(&run, 2, &out, &["slicegate: missing.yaml: cannot be read"]);
}

#[test]
fn a_pod_with_a_field_of_the_wrong_kind_is_named_with_the_place() {
    let manifest = WEB.replace("image: i", "image: i, env: {A: b}");
    let run = review_of(&["-f", "-"], &manifest);
    let said = "slicegate: -: document 1: Pod web is no usable pod: /spec/containers/0/env: invalid type: map, expected a sequence\n";
    assert_eq!(
        (run.status, run.out.as_str(), run.err.as_str()),
        (2, "", said)
    );
}

#[test]
fn the_status_is_2_for_bad_usage_with_a_word_about_what_is_missing() {
    check(&slicegate(&["review"]), 2, &[], &["--filename"]);
    check(
        &slicegate(&["revue"]),
        2,
        &[],
        &["similar subcommand", "'review'"],
    );
    check(&slicegate(&[]), 2, &[], &["Usage: slicegate <COMMAND>"]);
    check(
        &slicegate(&["review", "-f", "manifests", "-o", "xml"]),
        2,
        &[],
        &["[possible values: text, json, yaml, diff]"],
    );
}

#[test]
fn a_world_that_cannot_be_read_ends_the_run_with_every_problem_on_a_line() {
    let run = slicegate(&[
        "review",
        "-f",
        "manifests",
        "--nodes",
        "world/namespaces.yaml",
    ]);
    check(
        &run,
        2,
        &[],
        &[
            "slicegate: --nodes: world/namespaces.yaml: holds no Node; give the output of kubectl get nodes -o yaml",
        ],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("policy.yaml");
    let text =
        "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nspec: {mod: off, tier: []}\n";
    fs::write(&policy, text).expect("a file");
    let policy = policy.to_str().expect("UTF-8");
    let run = slicegate(&["review", "-f", "manifests", "--policy", policy]);
    let lines: Vec<&str> = run.err.lines().collect();
    let start = format!("slicegate: {policy}:3: spec.");
    assert_eq!((run.status, lines.len()), (2, 2), "{run:?}");
    assert!(lines.iter().all(|line| line.starts_with(&start)), "{run:?}");
}

#[test]
fn variables_of_the_environment_are_no_flags_of_a_review() {
    let mut command = crate::command(&["review", "-f", "manifests/llm.yaml"]);
    let run = finish(command.env("SLICEGATE_POLICY", "missing.yaml"));
    assert_eq!((run.status, run.err.as_str()), (1, ""), "{run:?}");
    assert!(
        run.out
            .contains("tier \"inference\" is not defined by policy default")
    );
}

#[test]
fn a_folder_is_read_whole_in_the_order_of_names() {
    let run = review(&["-f", "manifests"]);
    let headers: Vec<&str> = run
        .out
        .lines()
        .filter(|l| l.contains("(manifests/"))
        .collect();
    assert_eq!(headers.len(), 7, "{headers:?}");
    assert!(headers[0].contains("(manifests/llm.yaml)"), "{headers:?}");
    // What comes out alike stands together, and what makes no pods comes last.
    assert!(headers[2].contains("(manifests/slice.yaml)"), "{headers:?}");
    assert!(headers[6].starts_with("skipped"), "{headers:?}");
}

#[test]
fn several_files_may_follow_one_flag_or_one_each() {
    let (one, other) = ("manifests/llm.yaml", "manifests/slice.yaml");
    let run = review(&["-f", one, other]);
    check(&run, 0, &["Deployment team-a/llm", "Pod team-a/p"], &[]);
    assert_eq!(run.out, review(&["-f", one, "-f", other]).out);
}

#[test]
fn input_without_any_object_is_a_mistake_and_one_without_pods_is_none() {
    let text = "x".repeat(1 << 20);
    for nothing in ["", "# a comment\n---\n", "just: text\n", "[1, 2]", &text] {
        let run = review_of(&["-f", "-"], nothing);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{nothing:.20}");
        let said = "slicegate: -: nothing to judge, there is no Kubernetes object in it";
        assert!(run.err.starts_with(said), "{}", run.err);
    }
    for something in [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
    ] {
        check(
            &review_of(&["-f", "-"], something),
            0,
            &["No GPU is asked for\n"],
            &[],
        );
    }
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts_and_the_line_is_told() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: team-a, annotations: {slicegate.dev/tier: production}}\nspec:\n  containers:\n  - name: a\n    \
        resources:\n      requests: {cpu: 150m}\n    resources:\n      limits: {nvidia.com/gpu: 1}\n";
    let run = review_of(&["-f", "-", "-o", "json"], pod);
    assert_eq!(run.status, 0, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(report["items"][0]["gpus"]["asked"], 1.0);
    let said = "-: document 1, line 9, column 5: the key `resources` stands twice";
    assert!(
        report["warnings"][0]
            .as_str()
            .is_some_and(|w| w.starts_with(said))
    );
    assert!(
        run.err.starts_with(&format!("slicegate: warning: {said}")),
        "{}",
        run.err
    );
    let policy = tempfile::NamedTempFile::with_suffix(".yaml").expect("a file");
    let text = "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nspec: {mode: enforce,\n  mode: dry-run}\n";
    std::fs::write(policy.path(), text).expect("a file");
    let run = slicegate(&["policy", "check", &policy.path().display().to_string()]);
    assert_eq!(run.status, 2);
    assert!(
        run.err.contains(":4: spec.mode: given twice"),
        "{}",
        run.err
    );
}

#[test]
fn who_knows_kubectl_is_told_how_it_is_said_here() {
    for (arguments, said) in [
        (&["review", "pod.yaml"][..], "slicegate review -f pod.yaml"),
        (&["audit", "pod.yaml"], "slicegate review -f pod.yaml"),
        (&["audit", "-A"], "it already uses all namespaces"),
        (&["status"], "slicegate doctor"),
        (&["version"], "slicegate --version"),
        (&["get", "pods"], "slicegate audit"),
        (&["apply", "-f", "x"], "slicegate review shows"),
    ] {
        let run = slicegate(arguments);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(run.err.contains(said), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_once() {
    let run = slicegate(&["review", "-f", "manifests/slice.yaml", "--nodes", "nope"]);
    assert_eq!(run.status, 2);
    assert_eq!(run.err.matches("cannot be read").count(), 1, "{}", run.err);
}

#[test]
fn standard_input_may_be_a_list_as_json() {
    let list = r#"{"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[]}},
        {"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"b-"},"spec":{"containers":[]}}]}"#;
    let out = [
        "untouched  Pod default/a  (standard input, item 1)",
        "\n           Pod default/b-  (standard input, item 2)",
    ];
    check(&review_of(&["-f", "-"], list), 0, &out, &[]);
}

#[test]
fn what_is_assumed_is_said_in_every_form() {
    for form in ["text", "json", "yaml", "diff"] {
        let run = slicegate(&["review", "-f", "manifests/slice.yaml", "-o", form]);
        assert_eq!(run.status, 0, "{form}: {run:?}");
        assert!(
            run.out.contains("no --nodes: an assumed fleet is used"),
            "{form}"
        );
        assert!(
            run.out
                .contains("no --namespaces: every namespace counts as enforce"),
            "{form}"
        );
        let known = review(&["-f", "manifests/slice.yaml", "-o", form]);
        assert!(!known.out.contains("--nodes"), "{form}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    for arguments in [
        &["catalog", "-o", "json"][..],
        &["--help"],
        &["review", "-f", "manifests"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_slicegate"))
            .args(arguments)
            .current_dir(crate::here())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = i32::from(arguments[0] == "review");
        assert_eq!(
            (output.status.code(), err.as_str()),
            (Some(expected), ""),
            "{arguments:?}"
        );
    }
}
