//! `slicegate audit`: what runs now, judged under a policy.

mod boundaries;
mod text;

use serde_json::Value;

use super::args::{AuditArgs, Format, Output};
use super::live::{self, Live};
use super::{DENIED, DONE, UNUSABLE, output, report};
use crate::config::documents::Input;
use crate::config::pods::PresentPod;
use crate::engine::touches_gpu;
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
    for pod in live.pods {
        if touches(&pod) {
            input.documents.push(unplaced(pod));
        }
    }
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

/// What cannot be read is judged, so that it is reported.
fn touches(pod: &PresentPod) -> bool {
    let text = pod.document.value.to_string();
    let read: Result<Pod<'_>, _> = serde_json::from_str(&text);
    read.is_err() || read.is_ok_and(|pod| touches_gpu(&pod))
}

/// The pod before a scheduler gave it its node, and without who wrote what.
fn unplaced(mut pod: PresentPod) -> crate::config::documents::Document {
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
