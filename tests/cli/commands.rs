//! The commands that say what slicegate knows, and how each of them is helped with.

use serde_json::Value;
use slicegate::config::policy;
use slicegate::engine::relevance::sharing_systems;
use slicegate::engine::rules::ALL;
use slicegate::engine::supply::catalog::PRODUCTS;

use crate::{Run, slicegate, with_input};

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    let run = slicegate(arguments);
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{arguments:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("a list");
    items
        .iter()
        .map(|item| item["id"].as_str().expect("an id"))
        .collect()
}

#[test]
fn every_command_has_help_with_examples() {
    for command in [
        &[][..],
        &["review"],
        &["audit"],
        &["adopt"],
        &["doctor"],
        &["policy"],
        &["policy", "default"],
        &["policy", "check"],
        &["rules"],
        &["explain"],
        &["catalog"],
        &["certs"],
        &["guard"],
        &["serve"],
        &["completions"],
    ] {
        let run = slicegate(&[command, &["--help"]].concat());
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{command:?}");
        assert!(
            run.out.contains("Examples:\n  "),
            "{command:?}: {}",
            run.out
        );
        for line in run.out.lines() {
            assert!(line.chars().count() <= 100, "{command:?}: {line}");
        }
    }
    let version = slicegate(&["--version"]);
    assert_eq!(
        version.out,
        format!("slicegate {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn rules_lists_every_rule_there_is() {
    let known: Vec<&str> = ALL.into_iter().map(|rule| rule.id).collect();
    assert_eq!(ids(&json(&["rules", "-o", "json"])), known);
    let text = slicegate(&["rules"]).out;
    let first: Vec<&str> = text.lines().filter_map(|l| l.split(' ').next()).collect();
    assert!(known.iter().all(|id| first.contains(id)), "{text}");
}

#[test]
fn rules_says_what_a_policy_may_make_of_each() {
    let list = json(&["rules", "-o", "json"]);
    let of = |id: &str| {
        list["items"]
            .as_array()
            .and_then(|l| l.iter().find(|r| r["id"] == id))
            .cloned()
    };
    let expected = |id, default, allowed: &[&str], refuses| serde_json::json!({"id": id, "defaultSeverity": default, "allowedSeverities": allowed, "refuses": refuses});
    let rule = ("mps-user", "an MPS pod whose user id only the image knows");
    assert_eq!(
        of(rule.0),
        Some(expected(rule.0, "warn", &["deny", "warn", "off"], rule.1))
    );
    let rule = ("tier-unknown", "a tier that the policy does not define");
    assert_eq!(
        of(rule.0),
        Some(expected(rule.0, "deny", &["deny"], rule.1))
    );
}

#[test]
fn explain_knows_every_rule() {
    for rule in ALL {
        let run = slicegate(&["explain", rule.id]);
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{}", rule.id);
        for head in [
            rule.id,
            "\nCause\n",
            "\nRisk\n",
            "\nFix\n",
            "\nFires on\n",
            "\nDoes not fire on\n",
        ] {
            assert!(run.out.contains(head), "{}: {head}", rule.id);
        }
    }
    let explained = json(&["explain", "share-count", "-o", "json"]);
    assert_eq!(
        (explained["kind"].as_str(), explained["id"].as_str()),
        (Some("Rule"), Some("share-count"))
    );
    assert!(
        explained["examples"]["good"]
            .as_str()
            .is_some_and(|e| e.contains("kind: "))
    );
}

#[test]
fn explain_suggests_what_may_have_been_meant() {
    for (id, said) in [
        ("mps-usr", "did you mean mps-user?"),
        (
            "tier",
            "did you mean one of tier-unknown, tier-not-allowed, isolation-below-tier, tier-missing?",
        ),
        (
            "zebra",
            "no rule is called \"zebra\"; `slicegate rules` lists them all",
        ),
    ] {
        let run = slicegate(&["explain", id]);
        assert_eq!((run.status, run.out.as_str()), (2, ""), "{id}");
        assert!(run.err.contains(said), "{}", run.err);
    }
}

#[test]
fn catalog_has_all_three_parts_in_every_form() {
    let catalog = json(&["catalog", "-o", "json"]);
    let length = |key: &str| catalog[key].as_array().map(Vec::len);
    assert_eq!(length("mig"), Some(PRODUCTS.len()));
    assert_eq!(
        length("foreignVocabularies"),
        Some(sharing_systems::SYSTEM_NAMES.len())
    );
    let strategies: Vec<&str> = catalog["assumedFleet"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|o| o["strategy"].as_str())
        .collect();
    assert_eq!(
        strategies,
        ["exclusive", "mig", "mig", "mig", "mps", "time-slicing"]
    );
    let text = slicegate(&["catalog"]).out;
    for head in [
        "MIG profiles\n",
        "Assumed fleet\n",
        "Words of other sharing systems\n",
    ] {
        assert!(text.contains(head), "{text}");
    }
    assert!(
        slicegate(&["catalog", "-o", "yaml"])
            .out
            .starts_with("apiVersion: slicegate.dev/v1alpha1\nkind: Catalog\n")
    );
}

#[test]
fn policy_default_prints_the_built_in_policy_as_it_is() {
    let Run { status, out, err } = slicegate(&["policy", "default"]);
    assert_eq!(
        (status, out.as_str(), err.as_str()),
        (0, policy::DEFAULT_TEXT, "")
    );
}

#[test]
fn policy_check_says_ok_in_a_line_with_name_and_hash() {
    let hash = &policy::built_in().expect("a good policy").hash;
    let run = with_input(&["policy", "check", "-"], policy::DEFAULT_TEXT);
    let line = format!("-: ok, policy default with hash {hash}\n");
    assert_eq!((run.status, run.out, run.err), (0, line, String::new()));
}

#[test]
fn policy_check_says_what_a_cluster_would_not_take_or_not_use() {
    let text = "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nmetadata: {name: team-a}\nspec:\n  \
        mode: off\n  namespaceDefault: \"off\"\n  placement: {hideGpus: off}\n  tiers:\n  - name: 7\n    \
        isolation: none\n    strategies: [exclusive]\n    coTenancy: boundary\n    share: {fraction: 0.5}\n";
    let run = with_input(&["policy", "check", "-"], text);
    assert_eq!((run.status, run.err.as_str()), (0, ""), "{}", run.out);
    let lines: Vec<&str> = run.out.lines().collect();
    let starts = [
        "-: ok, policy team-a with hash ",
        "-:3: warning: metadata.name: team-a is for files alone",
        "-:5: warning: spec.mode: off without quotes is true or false for kubectl",
        "-:7: warning: spec.placement.hideGpus: off without quotes",
        "-:9: warning: spec.tiers[0].name: 7 without quotes is a number",
        "-:13: warning: spec.tiers[0].share.fraction: 0.5 without quotes is a number",
    ];
    assert_eq!(lines.len(), starts.len(), "{}", run.out);
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn policy_check_says_all_that_is_wrong_with_all_files() {
    let bad = "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nspec:\n  mode: strict\n  placement: {packin: none}\n";
    let run = with_input(
        &["policy", "check", "-", "missing.yaml", "world/policy.yaml"],
        bad,
    );
    assert_eq!(run.status, 2);
    assert!(
        run.out
            .starts_with("world/policy.yaml: ok, policy test with hash "),
        "{}",
        run.out
    );
    let starts = [
        "slicegate: -:4: spec.mode: ",
        "slicegate: -:5: spec.placement.packin: ",
        "slicegate: missing.yaml: cannot be read",
    ];
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!(lines.len(), starts.len(), "{}", run.err);
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn completions_are_there_for_every_shell_and_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = slicegate(&["completions", shell]);
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{shell}");
        for word in ["review", "doctor", "completions", "namespaces"] {
            assert!(run.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(slicegate(&["completions", "tcsh"]).status, 2);
}
