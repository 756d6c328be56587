//! `slicegate audit`: judges the running pods under a policy.

use std::collections::BTreeSet;

use super::args::{AuditArgs, Format, Output};
use super::live::{self, Live};
use super::progress::Progress;
use super::{DENIED, DONE, output, render, review};
use crate::config::pods::PresentPod;
use crate::engine::audit::PlacedPod;
use crate::engine::concerns_gpus;
use crate::report::boundaries::BoundaryReport;
use crate::report::review::{Origin, Review, RunningPod, Settings};

pub(crate) fn run(args: &AuditArgs) -> anyhow::Result<u8> {
    let progress = Progress::start("reading pods");
    if args.boundaries {
        let live = live::read(args, |pod| pod.node.is_some(), &progress)?;
        return report_boundaries(live, args, progress);
    }
    review_pods(live::read(args, is_relevant, &progress)?, args, progress)
}

/// Whether a pod concerns GPUs. A pod that cannot be read is judged, so that it is reported.
fn is_relevant(present: &PresentPod) -> bool {
    present.read().map_or(true, |pod| concerns_gpus(&pod))
}

/// Reports the boundaries on the nodes.
fn report_boundaries(
    Live { state, pods }: Live,
    args: &AuditArgs,
    progress: Progress,
) -> anyhow::Result<u8> {
    let state = state.build();
    progress.say(format!("judging {} pods", pods.len()));
    let read = pods.iter().map(|present| Ok((present, present.read()?)));
    let read: Vec<_> = read.collect::<anyhow::Result<_>>()?;
    let placed = read.iter().filter_map(|(present, pod)| {
        Some(PlacedPod {
            namespace: &present.namespace,
            name: &present.name,
            node: present.node.as_deref()?,
            names_its_node: present.names_its_node,
            pod,
        })
    });
    let placed: Vec<PlacedPod<'_>> = placed.collect();
    let report = BoundaryReport::of(&state, &placed, args.namespace.as_deref());
    drop(progress);
    output::value(&report, args.output, || render::boundaries::render(&report))?;
    Ok(if report.is_clean() { DONE } else { DENIED })
}

/// Judges every pod that concerns GPUs as `review` would, if it were created now.
fn review_pods(
    Live {
        mut state,
        mut pods,
    }: Live,
    args: &AuditArgs,
    progress: Progress,
) -> anyhow::Result<u8> {
    pods.retain(|pod| args.namespace.as_ref().is_none_or(|n| *n == pod.namespace));
    if let Some(tier) = &args.tier {
        let names: BTreeSet<String> = pods.iter().map(|pod| pod.namespace.clone()).collect();
        state.enforce(tier, &names)?;
    }
    let output = match args.output {
        Format::Text => Output::Text,
        Format::Json => Output::Json,
        Format::Yaml => Output::Yaml,
    };
    let state = state.build();
    let mut review = Review::of_running_pods(Settings {
        state: &state,
        namespace: "default",
        tier: args.tier.as_deref(),
        detail: output.detail(),
    });
    let total = pods.len();
    for (index, pod) in pods.into_iter().enumerate() {
        progress.judged(index, total);
        let running = RunningPod {
            namespace: &pod.namespace,
            name: &pod.name,
            names_its_node: pod.names_its_node,
            text: &pod.text,
        };
        let origin = Origin {
            source: pod.source,
            document: pod.document,
            item: pod.item,
        };
        review.add_running(origin, &running);
    }
    let report = review.finish(Vec::new(), Vec::new());
    drop(progress);
    review::print(&report, output)
}
