//! The acceptance cases on a cluster, where they are at hand: created through the API, put on nodes, judged by
//! another program.

use std::collections::BTreeSet;
use std::process::Command;

use super::cluster::Cluster;
use super::control_plane::{Options, Parts};
use super::replica::Replica;
use super::runner::shared;
use super::stage::Stage;
use super::webhook;

/// Cases that nothing refuses yet, and what will.
const OPEN: [(&str, &str); 0] = [];

pub fn nothing_unsafe_gets_in_that_is_not_known(stage: &mut Stage) {
    stage.clear();
    let Some(folder) = stage.given(shared::acceptance()) else {
        return;
    };
    let options = Options {
        plugins: "",
        parts: Parts::Scheduling,
    };
    let cluster = Cluster::boot(&stage.assets, options);
    let own = tempfile::tempdir().expect("a folder");
    let mut flags = vec![format!("--tls-generate={}", own.path().display())];
    for part in ["policy", "nodes", "namespaces"] {
        let file = folder.join(format!("world/{part}.yaml"));
        flags.push(format!("--{part}={}", file.display()));
    }
    let mut replica = Replica::start(&flags, own);
    replica.wait_until_ready(&cluster);
    webhook::register_unseen(&cluster, &replica);
    let programs = cluster.kubectl.program.parent().expect("a folder");
    let output = Command::new("python3")
        .arg(folder.join("run_cluster.py"))
        .arg(programs)
        .arg("--kubeconfig")
        .arg(&cluster.plane().kubeconfig)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3 runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(60)..].join("\n");
    println!("{tail}");
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = lines.last().copied().unwrap_or_default();
    assert!(last.starts_with("passed "), "{tail}\n{errors}");
    let known: BTreeSet<&str> = OPEN.iter().map(|(id, _)| *id).collect();
    let seen = unsafe_cases(&lines);
    let new: Vec<&&str> = seen.difference(&known).collect();
    assert!(new.is_empty(), "something unsafe got in: {new:?}");
    let closed: Vec<&&str> = known.difference(&seen).collect();
    assert!(
        closed.is_empty(),
        "these are refused now, take them off the list: {closed:?}"
    );
}

/// The ids below the heading `== unsafe: ...` of the report.
fn unsafe_cases<'l>(lines: &[&'l str]) -> BTreeSet<&'l str> {
    let below = lines
        .iter()
        .skip_while(|l| !l.starts_with("== unsafe"))
        .skip(1);
    let block = below.take_while(|l| !l.starts_with("== ") && !l.starts_with("passed "));
    let heads = block.filter(|l| !l.starts_with(' ') && !l.is_empty());
    heads.filter_map(|l| l.split_whitespace().next()).collect()
}
