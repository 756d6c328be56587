//! `slicegate review`: the whole decision on manifests, offline unless a cluster is named.

use std::collections::{BTreeSet, HashSet};

use super::args::{Output, ReviewArgs};
use super::input::Ground;
use super::progress::Progress;
use super::{DENIED, DONE, UNUSABLE, live, output, render};
use crate::config::documents::{self, Input};
use crate::facts::workload::Manifest;
use crate::report::review::{Origin, Review, ReviewReport, Settings};

/// Runs it and returns the exit status.
pub(crate) fn run(args: &ReviewArgs) -> anyhow::Result<u8> {
    let progress = Progress::start("reading manifests");
    let mut ground = match args.state.cluster() {
        Some(cluster) => live::review_ground(&cluster, &args.state, &progress)?,
        None => Ground::of_files(&args.state)?,
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
    let state = ground.into_state();
    let settings = Settings {
        state: &state,
        namespace: &args.namespace,
        tier: args.tier.as_deref(),
        detail: args.output.detail(),
    };
    let mut report = judge(settings, input, &progress);
    report.assumptions.extend(assumptions(args));
    drop(progress);
    print(&report, args.output)
}

fn judge(settings: Settings<'_>, input: Input, progress: &Progress) -> ReviewReport {
    let later = input.documents.iter().filter(|d| d.index > 0);
    let several: HashSet<String> = later.map(|d| d.source.clone()).collect();
    let mut review = Review::of_objects(settings, several);
    let total = input.documents.len();
    for (index, document) in input.documents.into_iter().enumerate() {
        progress.judged(index, total);
        let origin = Origin {
            source: document.source,
            document: document.index,
            item: document.item,
        };
        review.add(origin, document.value);
    }
    review.finish(
        input.errors.iter().map(ToString::to_string).collect(),
        input.doubled.iter().map(ToString::to_string).collect(),
    )
}

/// Prints a report, and what could not be read, and returns the exit status.
///
/// # Errors
/// When it cannot be written, or a patch does not fit the pod it was made for.
pub(crate) fn print(report: &ReviewReport, form: Output) -> anyhow::Result<u8> {
    output::print(&match form {
        Output::Text => render::review::render(report),
        Output::Json => output::json(report)?,
        Output::Yaml => output::yaml(report)?,
        Output::Diff => render::diff::render(report)?,
    })?;
    for warning in &report.warnings {
        output::complain(&format!("warning: {warning}"));
    }
    for problem in &report.unreadable {
        output::complain(problem);
    }
    Ok(
        match (report.unreadable.is_empty(), report.summary.denied) {
            (false, _) => UNUSABLE,
            (true, 0) => DONE,
            (true, _) => DENIED,
        },
    )
}

/// Whether there is nothing that somebody could have meant: a template that failed, or no manifest at all.
fn is_empty(input: &Input) -> bool {
    let mut documents = input.documents.iter();
    input.errors.is_empty()
        && input.lists == 0
        && !documents.any(|document| Manifest::of(&document.value).is_object())
}

/// Those that the manifests stand in.
fn namespaces(input: &Input, default: &str) -> BTreeSet<String> {
    let documents = input.documents.iter();
    let names = documents.map(|document| Manifest::of(&document.value).namespace);
    names
        .map(|name| name.unwrap_or_else(|| default.to_owned()))
        .collect()
}

fn assumptions(args: &ReviewArgs) -> Vec<String> {
    let mut assumptions = Vec::new();
    if args.state.cluster().is_some() {
        return assumptions;
    }
    if args.state.nodes.is_none() {
        assumptions
            .push("no --nodes: an assumed fleet is used (slicegate catalog prints it)".to_owned());
    }
    if args.state.namespaces.is_none() && args.tier.is_none() {
        assumptions.push("no --namespaces: every namespace counts as enforce".to_owned());
    }
    assumptions
}
