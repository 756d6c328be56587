//! `slicegate audit`: what runs now, judged under a policy.

use std::collections::BTreeSet;

use super::args::{AuditArgs, Format, Output};
use super::live::{self, Live};
use super::progress::Progress;
use super::{DENIED, DONE, output, render, review};
use crate::config::pods::PresentPod;
use crate::engine::audit::PlacedPod;
use crate::engine::concerns_gpus;
use crate::facts::Pod;
use crate::report::boundaries;
use crate::report::review::{Origin, Review, RunningPod, Settings};

/// Runs it and returns the exit status.
pub(crate) fn run(args: &AuditArgs) -> anyhow::Result<u8> {
    let progress = Progress::start("reading pods");
    if args.boundaries {
        let live = live::read(args, |pod| pod.node.is_some(), &progress)?;
        return on_nodes(live, args, progress);
    }
    as_if_new(live::read(args, is_relevant, &progress)?, args, progress)
}

/// Whether a pod concerns GPUs. A pod that cannot be read is judged, so that it is reported.
fn is_relevant(present: &PresentPod) -> bool {
    present.read().map_or(true, |pod| concerns_gpus(&pod))
}

/// The boundaries on the nodes.
fn on_nodes(live: Live, args: &AuditArgs, progress: Progress) -> anyhow::Result<u8> {
    let Live { ground, pods } = live;
    let state = ground.into_state();
    progress.say(format!("judging {} pods", pods.len()));
    let read: Vec<(&PresentPod, Pod<'_>)> = pods
        .iter()
        .map(|present| Ok((present, present.read()?)))
        .collect::<anyhow::Result<_>>()?;
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
    let report = boundaries::of(&state, &placed, args.namespace.as_deref());
    drop(progress);
    output::value(&report, args.output, || render::boundaries::render(&report))?;
    Ok(if report.is_clean() { DONE } else { DENIED })
}

/// Every pod that concerns GPUs, as `review` would judge it if it were created now.
fn as_if_new(live: Live, args: &AuditArgs, progress: Progress) -> anyhow::Result<u8> {
    let Live {
        mut ground,
        mut pods,
    } = live;
    pods.retain(|pod| args.namespace.as_ref().is_none_or(|n| *n == pod.namespace));
    if let Some(tier) = &args.tier {
        let names: BTreeSet<String> = pods.iter().map(|pod| pod.namespace.clone()).collect();
        ground.enforce(tier, &names)?;
    }
    let output = match args.output {
        Format::Text => Output::Text,
        Format::Json => Output::Json,
        Format::Yaml => Output::Yaml,
    };
    let state = ground.into_state();
    let mut review = Review::of_running_pods(Settings {
        state: &state,
        namespace: "default",
        tier: args.tier.as_deref(),
        detail: output.detail(),
    });
    let total = pods.len();
    for (index, pod) in pods.into_iter().enumerate() {
        progress.judged(index, total);
        let origin = Origin {
            source: pod.source,
            document: pod.document,
            item: pod.item,
        };
        let running = RunningPod {
            namespace: &pod.namespace,
            name: &pod.name,
            names_its_node: pod.names_its_node,
            text: &pod.text,
        };
        review.add_running(origin, &running);
    }
    let report = review.finish(Vec::new(), Vec::new());
    drop(progress);
    review::print(&report, output)
}
