//! What comes out of a decision: an outcome, its reason, and the edits that carry it out.

use std::borrow::Cow;

use crate::engine::line::Edit;
use crate::engine::supply::Allocator;
use crate::engine::vocabulary::{Finding, Mode, Severity, Strategy};

/// The answer for one pod.
#[derive(Debug)]
pub struct Decision<'a> {
    /// What happens, or would happen under dry-run.
    pub outcome: Outcome,
    /// The mode of the pod's namespace.
    pub mode: Mode,
    /// The tier that applied, if one did.
    pub tier: Option<&'a str>,
    /// The boundary of the pod, if it takes a GPU.
    pub boundary: Option<Cow<'a, str>>,
    /// The strategy of the placement, if there is one.
    pub strategy: Option<Strategy>,
    /// The allocator of the devices, if there is a placement.
    pub allocator: Option<Allocator>,
    /// All findings, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The changes of the pod; empty unless the outcome is rewritten.
    pub edits: Vec<Edit<'a>>,
    /// The main reason.
    pub reason: Reason,
}

impl<'a> Decision<'a> {
    /// The decision that follows from findings and edits: if a finding denies, there are no edits and the findings are the
    /// reason.
    pub fn new(mode: Mode, findings: Vec<Finding>, edits: Vec<Edit<'a>>, reason: Reason) -> Self {
        let is_denied = findings.iter().any(|f| f.severity == Severity::Deny);
        let (outcome, edits, reason) = if is_denied {
            (Outcome::Denied, Vec::new(), Reason::Findings)
        } else if edits.is_empty() {
            (Outcome::Untouched, edits, reason.without_edits())
        } else {
            (Outcome::Rewritten, edits, reason)
        };
        Self {
            outcome,
            mode,
            tier: None,
            boundary: None,
            strategy: None,
            allocator: None,
            findings,
            edits,
            reason,
        }
    }

    /// Nothing is changed.
    pub fn untouched(mode: Mode, reason: Reason) -> Self {
        Self::new(mode, Vec::new(), Vec::new(), reason)
    }
}

/// What happens to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is admitted without changes.
    Untouched,
    /// It is admitted with changes.
    Rewritten,
    /// It is refused.
    Denied,
}

impl Outcome {
    /// The word of reports and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Rewritten => "rewritten",
            Self::Denied => "denied",
        }
    }
}

/// The main reason of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing in it concerns GPUs.
    NotOurs,
    /// The namespace is off.
    NamespaceOff,
    /// It concerns GPUs but takes none that slicegate hands out.
    TakesNoGpu,
    /// It takes no such GPU, and its runtime would show it the node's GPUs, so they are hidden.
    GpusHidden,
    /// A strategy and a resource were selected.
    Placed,
    /// It already has a placement that is still valid.
    Reused,
    /// The request stays; only the markers are written.
    MarkersOnly(MarkersReason),
    /// Some finding denies it.
    Findings,
}

impl Reason {
    /// The reason if the pod already has the result of the edits.
    const fn without_edits(self) -> Self {
        match self {
            Self::Placed => Self::Reused,
            Self::GpusHidden => Self::TakesNoGpu,
            Self::MarkersOnly(MarkersReason::Unmanaged) => Self::NamespaceOff,
            other => other,
        }
    }
}

/// Why a request stays and the pod only gets the markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkersReason {
    /// A DaemonSet's pod cannot be steered.
    DaemonSet,
    /// The pod opted out and the policy allows it.
    OptOut,
    /// Nothing known fits, and that is only a warning.
    NothingKnownFits,
    /// Another sharing system's pod, which the policy leaves alone.
    ForeignSystem,
    /// A GPU pod of a namespace that is off or in dry-run.
    Unmanaged,
}
