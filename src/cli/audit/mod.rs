//! `slicegate audit`: what runs now, judged under a policy.

mod boundaries;
mod text;

use serde_json::Value;

use super::args::{AuditArgs, Format, Output};
use super::live::{self, Live};
use super::{DENIED, DONE, UNUSABLE, output, report};
use crate::admission::World;
use crate::config::documents::{Document, Input};
use crate::config::pods::PresentPod;
use crate::engine::audit::{self, Judge};
use crate::engine::{touches_gpu, words};
use crate::facts::Pod;

/// Runs it and returns the exit status.
pub(crate) fn run(args: &AuditArgs) -> anyhow::Result<u8> {
    let live = live::read(args)?;
    match args.boundaries {
        true => boundaries::run(&live, args.output),
        false => as_if_new(live, args.output),
    }
}

/// Every pod that has to do with GPUs, as `review` would judge it if it were created now.
fn as_if_new(live: Live, format: Format) -> anyhow::Result<u8> {
    let mut input = Input::default();
    let pods = live.pods.into_iter();
    input
        .documents
        .extend(pods.filter_map(|pod| new_form(&live.world, pod)));
    let mut report = report::build(&live.world, input, Vec::new());
    report.kind = "AuditReport";
    let form = match format {
        Format::Text => Output::Text,
        Format::Json => Output::Json,
        Format::Yaml => Output::Yaml,
    };
    report::print(&report, form)?;
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

/// The pod as it would be created now; none where it has nothing to do with GPUs. What cannot be read is judged, so that
/// it is reported.
fn new_form(world: &World, present: PresentPod) -> Option<Document> {
    let text = present.document.value.to_string();
    let Ok(pod) = serde_json::from_str::<Pod<'_>>(&text) else {
        return Some(unplaced(present));
    };
    if !touches_gpu(&pod) {
        return None;
    }
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
        for key in [words::TRUST_BOUNDARY, words::STRATEGY, words::MPS_USER] {
            labels.shift_remove(key);
        }
    }
    Some(document)
}

/// The pod before a scheduler gave it its node, and without who wrote what.
fn unplaced(mut pod: PresentPod) -> Document {
    let value = &mut pod.document.value;
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut)
        && !pod.names_its_node
    {
        spec.shift_remove("nodeName");
    }
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
    }
    pod.document
}
