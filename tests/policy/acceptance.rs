//! The acceptance suite's policies, where that suite is at hand.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use slicegate::config::policy::read;
use slicegate::engine::policy::Mode;
use slicegate::engine::rule::Severity;

use super::accepted;

/// Each file that has to be refused, with the beginning of its only problem.
const BAD: &str = "
policy-bad-any-mps.yaml:39: spec.tiers[4].strategies[1]: mps cannot go with coTenancy: any
policy-bad-field.yaml:63: spec.placement.packin: no such field; did you mean packing?
policy-bad-pools.yaml:68: spec.pools: no such field; did you mean spec.supply.pools?
policy-bad-range.yaml:36: spec.tiers[3].share.fraction: 1.5 is outside (0, 1]; write a decimal such as 0.25
policy-bad-rule.yaml:67: spec.rules.shm-conflicts: no such rule; did you mean shm-conflict?
policy-bad-tier.yaml:8: spec.defaultTier: gold is none of regulated,
policy-bad-twice.yaml:32: spec.tiers[3].name: batch is at spec.tiers[1].name already
policy-bad-weak.yaml:19: spec.tiers[0].strategies[1]: mps gives isolation limited, weaker than the tier's hardware
";

#[test]
fn good_ones_are_read_and_bad_ones_refused() {
    for (name, text) in policies() {
        let start = BAD.lines().find(|l| l.starts_with(&format!("{name}:")));
        match (read(&name, &text), start) {
            (Ok(_), None) => assert!(!name.starts_with("policy-bad"), "{name} was accepted"),
            (Ok(_), Some(start)) => panic!("accepted, but: {start}"),
            (Err(errors), None) => assert!(name.starts_with("policy-bad"), "{errors}"),
            (Err(errors), Some(start)) => {
                assert_eq!(errors.problems.len(), 1, "{errors}");
                assert!(errors.to_string().starts_with(start), "{errors}");
            }
        }
    }
}

#[test]
fn off_means_off_without_quotes_too() {
    for (name, text) in policies() {
        if name != "policy-false.yaml" && name != "policy-unquoted.yaml" {
            continue;
        }
        let policy = accepted(&text);
        assert_eq!(format!("policy-{}.yaml", policy.name), name);
        assert_eq!(policy.namespace_default, Mode::Off, "{name}");
        assert!(!policy.placement.hide_gpus, "{name}");
        for rule in ["mps-user", "privileged-gpu"] {
            assert_eq!(policy.rules.get(rule), Some(&Severity::Off), "{name}");
        }
    }
}

/// Name and text of every policy in the suite; none, said aloud, where the suite is not at hand.
fn policies() -> Vec<(String, String)> {
    let shared = std::env::var_os("SLICEGATE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let world = shared.join("acceptance/world");
    let Ok(files) = fs::read_dir(&world) else {
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: no {}; set SLICEGATE_SHARED to the folder above acceptance",
            world.display()
        );
        return Vec::new();
    };
    let mut policies: Vec<_> = files
        .map(|file| file.expect("a readable folder"))
        .map(|file| (file.file_name().to_string_lossy().into_owned(), file.path()))
        .filter(|(name, _)| name.starts_with("policy") && name.ends_with(".yaml"))
        .map(|(name, path)| (name, fs::read_to_string(path).expect("a readable policy")))
        .collect();
    assert!(!policies.is_empty(), "no policy in {}", world.display());
    policies.sort();
    policies
}
