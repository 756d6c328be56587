//! The acceptance suite's policies.

use std::collections::BTreeMap;
use std::fs;

use slicegate::config::policy::read;
use slicegate::engine::vocabulary::{Mode, Severity};

use super::Outside;

/// Each file that has to be refused, with the beginning of its only problem. On which line of it that stands is theirs
/// to change.
const BAD: &str = "
policy-bad-any-mps.yaml: spec.tiers[4].strategies[1]: mps cannot go with coTenancy: any
policy-bad-field.yaml: spec.placement.packin: no such field; did you mean packing?
policy-bad-pools.yaml: spec.pools: no such field; did you mean spec.supply.pools?
policy-bad-range.yaml: spec.tiers[3].share.fraction: 1.5 is outside (0, 1]; write a decimal such as 0.25
policy-bad-rule.yaml: spec.rules.shm-conflicts: no such rule; did you mean shm-conflict?
policy-bad-tier.yaml: spec.defaultTier: gold is none of regulated,
policy-bad-twice.yaml: spec.tiers[3].name: batch is at spec.tiers[1].name already
policy-bad-weak.yaml: spec.tiers[0].strategies[1]: mps gives isolation limited, weaker than the tier's hardware
";

pub fn good_ones_are_read_and_bad_ones_refused(outside: &mut Outside) {
    let Some(policies) = policies(outside) else {
        return;
    };
    let bad = BAD.lines().filter_map(|line| line.split_once(": "));
    let bad: BTreeMap<&str, &str> = bad.collect();
    for name in bad.keys() {
        assert!(policies.iter().any(|(n, _)| n == name), "{name} is gone");
    }
    for (name, text) in &policies {
        match (read(name, text), bad.get(name.as_str())) {
            (Ok(_), None) => {}
            (Ok(_), Some(start)) => panic!("{name} is accepted, but {start}"),
            (Err(errors), None) => panic!("{errors}"),
            (Err(errors), Some(start)) => {
                assert_eq!(errors.problems.len(), 1, "{errors}");
                let said = errors.to_string();
                let (_, said) = said.split_once(": ").expect("a place");
                assert!(said.starts_with(start), "{errors}");
            }
        }
    }
}

pub fn off_means_off_without_quotes_too(outside: &mut Outside) {
    let Some(policies) = policies(outside) else {
        return;
    };
    for name in ["policy-false.yaml", "policy-unquoted.yaml"] {
        let (_, text) = policies.iter().find(|(n, _)| n == name).expect(name);
        let policy = read(name, text).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(format!("policy-{}.yaml", policy.name), name);
        assert_eq!(policy.namespace_default, Mode::Off, "{name}");
        assert!(!policy.placement.hide_gpus, "{name}");
        for rule in ["mps-user", "privileged-gpu"] {
            assert_eq!(policy.rules.get(rule), Some(&Severity::Off), "{name}");
        }
    }
}

/// Name and text of every policy in the suite.
fn policies(outside: &mut Outside) -> Option<Vec<(String, String)>> {
    let world = outside.find("acceptance/world")?;
    let files = fs::read_dir(&world).expect("a readable folder");
    let mut policies: Vec<_> = files
        .map(|file| file.expect("a readable folder"))
        .map(|file| (file.file_name().to_string_lossy().into_owned(), file.path()))
        .filter(|(name, _)| name.starts_with("policy") && name.ends_with(".yaml"))
        .map(|(name, path)| (name, fs::read_to_string(path).expect("a readable policy")))
        .collect();
    assert!(!policies.is_empty(), "no policy in {}", world.display());
    policies.sort();
    Some(policies)
}
