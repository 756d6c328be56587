//! The hash is over what a policy says, and over all of it.

use std::collections::HashSet;

use super::accepted;
use super::tables::{HEADER, different, with_spec};

#[test]
fn the_hash_ignores_comments_and_the_order_of_keys() {
    let a = with_spec(
        "\n  mode: dry-run # a comment\n  supply:\n    remember: 1h\n    pools:\n    \
         - {name: p, labels: {a: b, c: d}, allocatable: {cpu: 1, nvidia.com/gpu: 8}}\n  rules: {mps-user: off}",
    );
    let b = with_spec(
        "{rules: {mps-user: false, shm-conflict: deny}, supply: {pools: [{allocatable: {\"nvidia.com/gpu\": \"8\", \
         cpu: 1}, labels: {c: d, a: b}, name: p}], remember: 60m}, mode: \"dry-run\"}",
    );
    let hash = accepted(&a).hash;
    assert_eq!(hash, accepted(&b).hash);
    assert_eq!(hash.len(), 16);
    assert!(hash.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn the_hash_changes_with_every_value() {
    let specs = different();
    let mut seen = HashSet::new();
    for spec in &specs {
        let hash = accepted(&with_spec(&format!("{{{spec}}}"))).hash;
        assert!(seen.insert(hash), "{spec}");
    }
    assert!(seen.insert(accepted(&format!("{HEADER}metadata: {{name: other}}\n")).hash));
}
