//! `slicegate review`: the whole decision on manifests, offline unless a cluster is named.

use std::collections::BTreeSet;

use super::args::ReviewArgs;
use super::input::Ground;
use super::progress::Progress;
use super::report::{self, Judging};
use super::{live, workloads};
use crate::config::documents::{self, Input};

/// Runs it and returns the exit status.
pub(crate) fn run(args: &ReviewArgs) -> anyhow::Result<u8> {
    let progress = Progress::start("reading manifests");
    let mut ground = match args.world.cluster() {
        Some(cluster) => live::review_ground(&cluster, &args.world, &progress)?,
        None => Ground::of_files(&args.world)?,
    };
    progress.say("reading manifests");
    let input = documents::read(&args.files);
    if is_empty(&input) {
        anyhow::bail!(
            "{}: nothing to judge, there is no Kubernetes object in it; each has an apiVersion and a kind",
            args.files.join(", ")
        );
    }
    if let Some(tier) = &args.tier {
        ground.enforce(tier, &namespaces(&input, &args.namespace))?;
    }
    let mut report = report::build(
        &Judging {
            world: &ground.into_world(),
            namespace: &args.namespace,
            tier: args.tier.as_deref(),
            form: args.output,
            runs: false,
            progress: &progress,
        },
        input,
    );
    report.assumptions.extend(assumptions(args));
    drop(progress);
    report::finish(&report, args.output)
}

/// Whether there is nothing that somebody could have meant: a template that failed, or no manifest at all.
fn is_empty(input: &Input) -> bool {
    let mut documents = input.documents.iter();
    input.errors.is_empty()
        && input.lists == 0
        && !documents.any(|document| workloads::is_object(&document.value))
}

/// Those that the manifests stand in.
fn namespaces(input: &Input, default: &str) -> BTreeSet<String> {
    let documents = input.documents.iter();
    let names = documents.map(|document| workloads::namespace(&document.value));
    names
        .map(|name| name.unwrap_or_else(|| default.to_owned()))
        .collect()
}

fn assumptions(args: &ReviewArgs) -> Vec<String> {
    let mut assumptions = Vec::new();
    if args.world.cluster().is_some() {
        return assumptions;
    }
    if args.world.nodes.is_none() {
        assumptions
            .push("no --nodes: an assumed fleet is used (slicegate catalog prints it)".to_owned());
    }
    if args.world.namespaces.is_none() && args.tier.is_none() {
        assumptions.push("no --namespaces: every namespace counts as enforce".to_owned());
    }
    assumptions
}
