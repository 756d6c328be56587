//! A tier that is tried on manifests before anything is annotated.

use serde_json::{Value, json};

use crate::review_of;

#[test]
fn a_tier_can_be_tried_before_anything_is_annotated() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, \
        resources: {limits: {nvidia.com/gpu: 1}}}]}\n";
    let tier = |arguments: &[&str]| {
        let run = review_of(&[&["-f", "-", "-o", "json"], arguments].concat(), pod);
        assert_eq!(run.status, 0, "{}", run.err);
        let report: Value = serde_json::from_str(&run.out).expect("JSON");
        let item = &report["items"][0];
        let of = |key: &str| item[key].as_str().unwrap_or("-").to_owned();
        (
            of("namespace"),
            of("mode"),
            of("tier"),
            of("strategy"),
            report["assumptions"].clone(),
        )
    };
    let words = |words: [&str; 4]| words.map(str::to_owned);
    let (namespace, mode, own, strategy, assumed) = tier(&[]);
    assert_eq!(
        [namespace, mode, own, strategy],
        words(["default", "off", "-", "-"])
    );
    assert_eq!(assumed, Value::Null);
    for (arguments, namespace) in [
        (&["--tier=production"][..], "default"),
        (&["--tier=production", "-n", "shop"], "shop"),
        // What it had before counts for nothing.
        (&["--tier=production", "--namespace=team-b"], "team-b"),
    ] {
        let (found, mode, own, strategy, assumed) = tier(arguments);
        let expected = words([namespace, "enforce", "production", "mig"]);
        assert_eq!([found, mode, own, strategy], expected, "{arguments:?}");
        let said = format!("namespace {namespace} counts as enforced with tier production");
        assert_eq!(assumed, json!([said]));
    }
    let diff = review_of(&["-f", "-", "-o", "diff", "--tier=production"], pod).out;
    assert!(
        diff.contains("+        nvidia.com/mig-1g.10gb: \"1\""),
        "{diff}"
    );
    assert!(
        diff.starts_with("# assumed: namespace default counts"),
        "{diff}"
    );
    let hint = review_of(&["-f", "-", "-o", "diff"], pod).out;
    assert!(
        hint.starts_with("# hint: slicegate is off in namespace default; --tier"),
        "{hint}"
    );
    let run = review_of(&["-f", "-", "--tier=gold"], pod);
    let said = "--tier: policy test has no tier \"gold\"; it has regulated, production, inference";
    assert_eq!(run.status, 2);
    assert!(run.err.contains(said), "{}", run.err);
}
