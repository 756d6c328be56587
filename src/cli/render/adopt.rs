//! What `adopt` did, as text.

use crate::doctor::Closed;
use crate::engine::vocabulary::{Mode, names};
use crate::report::counted;

pub(crate) enum AdoptedPod {
    NoGpu,
    Gone,
    AlreadyLabelled(String),
    Labelled(String),
    /// Its label, and the label that its namespace gives it, if any.
    Differs(String, Option<String>),
    NoBoundary,
    KeepsChanging,
}

#[derive(Default)]
pub(crate) struct Counts {
    labelled: usize,
    already_labelled: usize,
    pub(crate) left_alone: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, adopted: &AdoptedPod) {
        match adopted {
            AdoptedPod::NoGpu | AdoptedPod::Gone => {}
            AdoptedPod::Labelled(_) => self.labelled += 1,
            AdoptedPod::AlreadyLabelled(_) => self.already_labelled += 1,
            AdoptedPod::Differs(..) | AdoptedPod::NoBoundary | AdoptedPod::KeepsChanging => {
                self.left_alone += 1;
            }
        }
    }
}

/// The line about a pod; none for pods without a GPU.
pub(crate) fn line(adopted: &AdoptedPod, dry_run: bool) -> Option<String> {
    let key = names::TRUST_BOUNDARY;
    Some(match adopted {
        AdoptedPod::NoGpu => return None,
        AdoptedPod::Gone => "gone before it could be labelled".to_owned(),
        AdoptedPod::AlreadyLabelled(label) => format!("already carries {key}={label}"),
        AdoptedPod::Labelled(label) => format!("{}labelled {key}={label}", would_be(dry_run)),
        AdoptedPod::Differs(label, Some(due)) => format!(
            "left alone: it carries {key}={label}, its namespace gives it {due}; delete the pod so that it is made anew"
        ),
        AdoptedPod::Differs(label, None) => {
            format!("left alone: it carries {key}={label}, and its namespace may have no boundary")
        }
        AdoptedPod::NoBoundary => "left alone: its namespace may have neither the boundary it claims nor its own name; see the policy's boundaries".to_owned(),
        AdoptedPod::KeepsChanging => {
            "left alone: somebody else kept changing it; run this again".to_owned()
        }
    })
}

const fn would_be(dry_run: bool) -> &'static str {
    if dry_run { "would be " } else { "" }
}

pub(crate) fn summary(counts: &Counts, namespaces: usize, dry_run: bool) -> String {
    let Counts {
        labelled,
        already_labelled,
        left_alone,
    } = counts;
    format!(
        "{} in {}: {labelled} {}labelled, {already_labelled} had their label, {left_alone} left alone",
        counted(labelled + already_labelled + left_alone, "GPU pod"),
        counted(namespaces, "namespace"),
        would_be(dry_run),
    )
}

/// Why no GPU pod can be created in a namespace, and what opens it. Labels alone do not.
pub(crate) fn closed(name: &str, mode: Mode, closed: Closed) -> impl Iterator<Item = String> {
    let closes = match mode {
        Mode::Enforce => "is closed: no GPU pod can be created there",
        _ => "will be closed once it is enforced: no GPU pod could be created there",
    };
    let why = format!("{name} {closes}: {} [{}]", closed.why, closed.rule);
    let command = closed.fix.command.map(|command| format!("    {command}"));
    [why, format!("  fix: {}", closed.fix.text)]
        .into_iter()
        .chain(command)
}
