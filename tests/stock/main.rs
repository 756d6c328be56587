//! Nodes as the world makes them, each read as what it is: `tests/nodes/stock` and `tests/nodes/provider`.

mod reasons;
mod states;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use slicegate::config::{fleet, policy};
use slicegate::engine::supply::Offer;
use slicegate::engine::{Policy, Supply};

/// The policy of a `spec` written as YAML.
fn with_spec(spec: &str) -> Policy {
    let head = "apiVersion: slicegate.dev/v1alpha1\nkind: SharingPolicy\nspec: ";
    policy::read("test", &format!("{head}{spec}\n")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/nodes")
        .join(name)
}

/// A fleet of one file.
fn read(path: &Path, policy: &Policy) -> Supply {
    let path = path.display().to_string();
    fleet::from_file(&path, policy)
        .unwrap_or_else(|e| panic!("{e}"))
        .0
}

/// What a fleet hands out, a line for each resource of each kind of node.
fn described(supply: &Supply) -> Vec<String> {
    let short = |resource: &str| resource.trim_start_matches("nvidia.com/").to_owned();
    let mut lines = Vec::new();
    for group in &supply.groups {
        for advertised in &group.advertised {
            let offer: &Offer = &supply.offers[advertised.offer];
            let mib = offer
                .memory_mib
                .map_or("?".to_owned(), |mib| mib.to_string());
            lines.push(format!(
                "{} {}: {} x {mib} MiB, 1/{} of {}",
                offer.strategy,
                short(&offer.resource),
                advertised.count,
                offer.replicas,
                offer.product,
            ));
        }
        lines.extend(
            group
                .unknown
                .iter()
                .map(|unknown| format!("unknown {}", short(&unknown.resource))),
        );
    }
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines.sort();
    lines
}

/// Names with the lines below them.
fn parsed(table: &str) -> BTreeMap<&str, Vec<String>> {
    let mut nodes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut name = "";
    for line in table.lines() {
        match line.strip_prefix("    ") {
            Some(offer) => nodes.entry(name).or_default().push(offer.to_owned()),
            None => name = line,
        }
    }
    nodes.values_mut().for_each(|lines| lines.sort());
    nodes
}

fn check(name: &str, table: &str) {
    let policy = with_spec("{}");
    let expected = parsed(table);
    let files = fs::read_dir(folder(name)).expect("the nodes can be listed");
    let files: BTreeSet<String> = files
        .filter_map(|file| {
            let path = file.expect("an entry").path();
            let stem = path.file_name()?.to_str()?.strip_suffix(".yaml")?;
            Some(stem.to_owned())
        })
        .collect();
    let named: BTreeSet<String> = expected.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(files, named, "the files and the table name other nodes");
    let mut faults = Vec::new();
    for (node, lines) in expected {
        let supply = read(&folder(name).join(format!("{node}.yaml")), &policy);
        let got = described(&supply);
        if got != lines {
            faults.push(format!("{node}\n    expected {lines:#?}\n    got {got:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_node_that_stock_software_makes_is_read_as_what_it_hands_out() {
    assert_eq!(parsed(table::STOCK).len(), 79);
    check("stock", table::STOCK);
}

#[test]
fn every_providers_node_is_read_as_what_its_labels_allow_to_conclude() {
    check("provider", table::PROVIDER);
}

#[test]
fn a_node_without_labels_is_whole_devices_where_the_policy_says_so_and_a_shared_one_is_not() {
    let policy = with_spec("{supply: {unlabelled: exclusive}}");
    for (node, line) in [
        (
            "eks-managed-group",
            "exclusive gpu: 8 x ? MiB, 1/1 of unknown",
        ),
        ("aks", "exclusive gpu: 1 x ? MiB, 1/1 of unknown"),
        ("karpenter-aws", "exclusive gpu: 4 x ? MiB, 1/1 of unknown"),
        ("openshift", "exclusive gpu: 1 x ? MiB, 1/1 of unknown"),
        ("eks-bottlerocket", "unknown gpu.shared"),
        ("aks-mig", "unknown mig-1g.5gb"),
        ("gke-time-sharing", "unknown gpu"),
        ("gke-partitioned", "unknown gpu"),
        ("eks-auto-quarter-of-an-l4", "unknown gpu"),
    ] {
        let supply = read(&folder("provider").join(format!("{node}.yaml")), &policy);
        assert_eq!(described(&supply), [line], "{node}");
    }
}

#[test]
fn all_stock_nodes_together_are_grouped_and_sold_as_each_of_them_alone() {
    let policy = with_spec("{}");
    let together =
        std::env::temp_dir().join(format!("slicegate-stock-{}.yaml", std::process::id()));
    let mut text = String::new();
    for node in parsed(table::STOCK).keys() {
        let path = folder("stock").join(format!("{node}.yaml"));
        text.push_str("---\n");
        text.push_str(&fs::read_to_string(path).expect("a node"));
    }
    fs::write(&together, text).expect("the fleet is written");
    let supply = read(&together, &policy);
    let _ = fs::remove_file(&together);
    let expected: BTreeSet<String> = parsed(table::STOCK).into_values().flatten().collect();
    let mut got: BTreeSet<String> = described(&supply).into_iter().collect();
    // A node without supply is no part of a fleet.
    got.insert("nothing".to_owned());
    assert_eq!(got, expected);
}
