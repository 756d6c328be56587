//! `slicegate review`: shows the decision on manifests, offline unless a flag names a cluster.

use std::collections::{BTreeSet, HashSet};

use super::args::{Output, ReviewArgs};
use super::progress::Progress;
use super::state::StateBuilder;
use super::{DENIED, DONE, UNUSABLE, live, output, render};
use crate::config::documents::{self, Input};
use crate::facts::workload::Manifest;
use crate::report::review::{Origin, Review, ReviewReport, Settings};

pub(crate) fn run(args: &ReviewArgs) -> anyhow::Result<u8> {
    let progress = Progress::start("reading manifests");
    let mut state = match args.state.cluster() {
        Some(cluster) => live::review_state(&cluster, &args.state, &progress)?,
        None => StateBuilder::of_files(&args.state)?,
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
        state.enforce(tier, &namespaces(&input, &args.namespace))?;
    }
    let state = state.build();
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
    review.finish(input.errors, input.doubled)
}

/// Prints a report and everything unreadable, and returns the exit status. Fails if the report cannot be written, or if
/// a patch does not fit its pod.
pub(crate) fn print(report: &ReviewReport, format: Output) -> anyhow::Result<u8> {
    output::print(&match format {
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
    Ok(if !report.unreadable.is_empty() {
        UNUSABLE
    } else if report.summary.denied > 0 {
        DENIED
    } else {
        DONE
    })
}

/// Whether the input has no object: a template that failed, or no manifest.
fn is_empty(input: &Input) -> bool {
    let mut documents = input.documents.iter();
    input.errors.is_empty()
        && input.lists == 0
        && !documents.any(|document| Manifest::of(&document.value).is_object())
}

fn namespaces(input: &Input, default: &str) -> BTreeSet<String> {
    let documents = input.documents.iter();
    let names = documents.map(|document| Manifest::of(&document.value).namespace);
    names
        .map(|name| name.unwrap_or_else(|| default.to_owned()))
        .collect()
}

fn assumptions(args: &ReviewArgs) -> impl Iterator<Item = String> {
    let is_offline = args.state.cluster().is_none();
    let fleet = (is_offline && args.state.nodes.is_none())
        .then_some("no --nodes: an assumed fleet is used (slicegate catalog prints it)");
    let is_enforced = is_offline && args.state.namespaces.is_none() && args.tier.is_none();
    let enforced = is_enforced.then_some("no --namespaces: every namespace counts as enforce");
    fleet.into_iter().chain(enforced).map(str::to_owned)
}
