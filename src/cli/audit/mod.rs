//! `slicegate audit`: what runs now, judged under a policy.

mod boundaries;
mod text;

use std::collections::BTreeSet;

use serde_json::Value;

use super::args::{AuditArgs, Format, Output};
use super::live::{self, Live};
use super::progress::Progress;
use super::report::{self, Judging};
use crate::admission::World;
use crate::config::documents::{Document, Input};
use crate::config::pods::PresentPod;
use crate::engine::audit::{self, Judge};
use crate::engine::touches_gpu;
use crate::engine::vocabulary::names;
use crate::facts::Pod;

/// Runs it and returns the exit status.
pub(crate) fn run(args: &AuditArgs) -> anyhow::Result<u8> {
    let progress = Progress::start("reading pods");
    if args.boundaries {
        let live = live::read(args, |pod| pod.node.is_some(), &progress)?;
        return boundaries::run(live, args, progress);
    }
    as_if_new(live::read(args, concerns_gpus, &progress)?, args, progress)
}

/// Whether a pod has to do with GPUs. What cannot be read is judged, so that it is reported.
fn concerns_gpus(present: &PresentPod) -> bool {
    let text = present.document.value.to_string();
    serde_json::from_str::<Pod<'_>>(&text).map_or(true, |pod| touches_gpu(&pod))
}

/// Every pod that has to do with GPUs, as `review` would judge it if it were created now.
fn as_if_new(live: Live, args: &AuditArgs, progress: Progress) -> anyhow::Result<u8> {
    let Live { mut ground, pods } = live;
    let asked = |pod: &PresentPod| args.namespace.as_ref().is_none_or(|n| *n == pod.namespace);
    let pods: Vec<PresentPod> = pods.into_iter().filter(asked).collect();
    if let Some(tier) = &args.tier {
        let names: BTreeSet<String> = pods.iter().map(|pod| pod.namespace.clone()).collect();
        ground.enforce(tier, &names)?;
    }
    let world = ground.into_world();
    let documents = pods.into_iter().map(|pod| new_form(&world, pod));
    let input = Input {
        documents: documents.collect(),
        ..Input::default()
    };
    let form = match args.output {
        Format::Text => Output::Text,
        Format::Json => Output::Json,
        Format::Yaml => Output::Yaml,
    };
    let report = report::build(
        &Judging {
            world: &world,
            namespace: "default",
            tier: args.tier.as_deref(),
            form,
            runs: true,
            progress: &progress,
        },
        input,
    );
    drop(progress);
    report::finish(&report, form)
}

/// What has no such label has nothing that could have drifted.
const BOUNDARY_LABEL: &str = "/metadata/labels/slicegate.dev~1trust-boundary";

/// The pod as it would be created now.
fn new_form(world: &World, present: PresentPod) -> Document {
    let label = present.document.value.pointer(BOUNDARY_LABEL);
    if label.is_none() {
        return unplaced(present);
    }
    let text = present.document.value.to_string();
    let Ok(pod) = serde_json::from_str::<Pod<'_>>(&text) else {
        return unplaced(present);
    };
    let judge = Judge {
        policy: &world.policy,
        supply: &world.supply,
        namespaces: &world.namespaces,
    };
    let has_drifted = audit::has_drifted(&judge, &present.namespace, &pod);
    let mut document = unplaced(present);
    // What slicegate wrote into it once is nothing that its author would write again.
    let labels = document.value.pointer_mut("/metadata/labels");
    if let Some(labels) = labels
        .and_then(Value::as_object_mut)
        .filter(|_| has_drifted)
    {
        for key in [names::TRUST_BOUNDARY, names::STRATEGY, names::MPS_USER] {
            labels.shift_remove(key);
        }
    }
    document
}

/// The pod before a scheduler gave it its node.
fn unplaced(mut pod: PresentPod) -> Document {
    let spec = pod.document.value.get_mut("spec");
    if let Some(spec) = spec.and_then(Value::as_object_mut)
        && !pod.names_its_node
    {
        spec.shift_remove("nodeName");
    }
    pod.document
}
