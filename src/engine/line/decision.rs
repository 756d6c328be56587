//! What comes out of a decision: an outcome, its reasons, and the edits that carry it out.

use std::borrow::Cow;

use crate::engine::line::Edit;
use crate::engine::supply::Allocator;
use crate::engine::vocabulary::{Finding, Mode, Strategy};

/// The answer for one pod.
#[derive(Debug)]
pub struct Decision<'a> {
    /// What happens, or under dry-run would happen.
    pub outcome: Outcome,
    /// What applies in the pod's namespace.
    pub mode: Mode,
    /// The tier that applied, if one did.
    pub tier: Option<&'a str>,
    /// The boundary the pod belongs to, if it takes a GPU.
    pub boundary: Option<Cow<'a, str>>,
    /// The strategy chosen, if one was.
    pub strategy: Option<Strategy>,
    /// Who allocates the devices, if a strategy was chosen.
    pub allocator: Option<Allocator>,
    /// Everything that was found, in the order of the rules.
    pub findings: Vec<Finding>,
    /// What the rewrite does; empty unless the outcome is rewritten.
    pub edits: Vec<Edit<'a>>,
    /// Why it came out so, in one sentence's worth of data.
    pub reason: Reason,
}

impl Decision<'_> {
    /// Nothing is changed.
    pub fn untouched(mode: Mode, reason: Reason) -> Self {
        Self {
            outcome: Outcome::Untouched,
            mode,
            tier: None,
            boundary: None,
            strategy: None,
            allocator: None,
            findings: Vec::new(),
            edits: Vec::new(),
            reason,
        }
    }
}

/// What happens to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Nothing is changed.
    Untouched,
    /// It is admitted with changes.
    Rewritten,
    /// It is refused.
    Denied,
}

impl Outcome {
    /// The word reports and metrics use.
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
    /// It takes none that slicegate hands out and runs under a runtime that would show it some, so they are hidden from it.
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

/// Why a request stays and the pod only gets the markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkersReason {
    /// A DaemonSet's pod cannot be steered.
    DaemonSet,
    /// The pod opted out and the policy allows it.
    OptOut,
    /// Nothing known fits, and the policy or the lack of knowledge makes that a warning.
    NothingKnownFits,
    /// Another sharing system's pod, which the policy leaves alone.
    ForeignSystem,
    /// A GPU pod of a namespace that is off or in dry-run.
    Unmanaged,
}
