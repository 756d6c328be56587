//! Golden cases: what becomes of one pod in one world, whole, as a person reviewed it.
//!
//! One folder under `tests/cases` is one behaviour and its name is the sentence. It holds
//!
//! * `pod.yaml`, a Pod or a workload with a template, or `request.json`, an AdmissionReview;
//! * `expected.yaml`: outcome, tier, boundary, strategy, findings and patch, or the answer to the request;
//! * optionally `policy.yaml`, `nodes.yaml`, `namespaces.yaml` in place of those in `tests/cases/_world`
//!   (`assumed` alone in one of the last two means what `review` takes without the flag);
//! * optionally `later-nodes.yaml`: the fleet by the time the API server asks a second time.
//!
//! `SLICEGATE_BLESS=1 cargo test --test admission` writes what came out into `expected.yaml`, for a person to
//! read in the diff. In receipts the policy's hash is written `HASH`.

mod case;
mod compare;
mod outcome;
mod programs;
mod yaml;

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use case::Case;
use serde_json::Value;
use slicegate::engine::concerns_gpus;
use slicegate::facts::Pod;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// All cases in the order of their names; folders that begin with `_` are shared.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let entries = fs::read_dir(folder()).expect("tests/cases can be listed");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry of tests/cases").path())
        .filter(|path| path.is_dir() && !case::name(path).starts_with('_'))
        .collect();
    folders.sort();
    folders.iter().map(|f| Case::read(f, &folder())).collect()
});

/// Runs a check over all cases and reports every fault of every one.
fn over_all_cases(check: impl Fn(&Case) -> Vec<String>) {
    assert!(CASES.len() > 150, "only {} cases", CASES.len());
    let (mut report, mut count) = (String::new(), 0);
    for case in CASES.iter() {
        let faults = check(case);
        if !faults.is_empty() {
            count += 1;
            let _ = write!(report, "\n{}", case.name);
            for fault in faults {
                let _ = write!(report, "\n    {fault}");
            }
        }
    }
    assert!(count == 0, "{count} of {} cases:{report}", CASES.len());
}

#[test]
fn every_case_comes_out_as_its_folder_says() {
    let bless = std::env::var_os("SLICEGATE_BLESS").is_some();
    over_all_cases(|case| {
        let got = outcome::of(case);
        let expected = case.expected();
        if bless {
            let text = yaml::write(&outcome::as_expected(got, expected.as_ref()));
            fs::write(case.folder.join("expected.yaml"), text).expect("expected.yaml is written");
            return Vec::new();
        }
        match expected {
            Some(expected) => compare::differences(&expected, &got),
            None => vec![
                "no expected.yaml; SLICEGATE_BLESS=1 writes one, read it before you keep it"
                    .to_owned(),
            ],
        }
    });
}

#[test]
fn every_patch_applies_and_leaves_what_the_user_wrote() {
    over_all_cases(|case| {
        let judged = outcome::judge(case, &case.pod, &case.world);
        match case.applied(&judged.patch) {
            Ok(pod) => outcome::lost(&case.pod, &pod),
            Err(problem) => vec![problem],
        }
    });
}

#[test]
fn a_second_pass_over_its_own_output_changes_nothing() {
    over_all_cases(|case| {
        let first = outcome::judge(case, &case.pod, &case.world);
        if first.outcome != "rewritten" {
            return Vec::new();
        }
        let Ok(pod) = case.applied(&first.patch) else {
            return vec!["the patch does not apply".to_owned()];
        };
        let later = case.later.as_ref().unwrap_or(&case.world);
        let second = outcome::judge(case, &pod, later);
        let denied = second.findings.iter().filter(|f| f["severity"] == "deny");
        let mut faults: Vec<String> = denied
            .map(|f| format!("denied the second time: {f}"))
            .collect();
        if second.patch != Value::Array(Vec::new()) {
            faults.push(format!("the second patch is {}", second.patch));
        }
        faults
    });
}

#[test]
fn what_is_untouched_or_denied_has_no_patch() {
    over_all_cases(|case| {
        let judged = outcome::judge(case, &case.pod, &case.world);
        let changes = judged.patch.as_array().map_or(0, Vec::len);
        match (judged.outcome, changes) {
            ("rewritten", 0) => vec!["rewritten by an empty patch".to_owned()],
            ("untouched" | "denied", 1..) => vec![format!("{} with a patch", judged.outcome)],
            _ => Vec::new(),
        }
    });
}

#[test]
fn where_nothing_touches_gpus_nothing_would_be_found() {
    let count = Cell::new(0);
    over_all_cases(|case| {
        let text = case.pod.to_string();
        let read: Pod<'_> = serde_json::from_str(&text).expect("a pod");
        if concerns_gpus(&read) {
            return Vec::new();
        }
        count.set(count.get() + 1);
        // A key that alone asks for nothing makes it touch, and changes nothing else.
        let mut noticed = case.pod.clone();
        noticed["metadata"]["annotations"]["slicegate.dev/gpu-products"] = "".into();
        let judged = outcome::judge(case, &noticed, &case.world);
        // How much a pod says is looked at as soon as it touches at all.
        let is_too_large = |f: &Value| f["rule"] == "too-large";
        match (judged.outcome, judged.findings.len()) {
            ("untouched", 0) => Vec::new(),
            ("denied", 1) if judged.findings.iter().all(is_too_large) => Vec::new(),
            (outcome, _) => vec![format!("{outcome}: {:?}", judged.findings)],
        }
    });
    let count = count.get();
    assert!(count > 2, "only {count} cases do not touch GPUs");
}
