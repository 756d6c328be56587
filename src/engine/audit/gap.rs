//! The reasons why the guarantee does not cover a running pod.

/// Why the guarantee does not cover a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageGap {
    /// Which reason.
    pub why: GapReason,
    /// What was found.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// The reasons; reports carry their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// No label, and its namespace is off.
    NamespaceOff,
    /// No label, and its namespace only rehearses.
    NamespaceDryRun,
    /// No label in an enforced namespace: it was there before the opt-in, or came while slicegate was down.
    BeforeOptIn,
    /// A label that its namespace does not give it.
    LabelDiffers,
    /// A kubelet made it from a file, and nobody was asked.
    StaticPod,
    /// It names its node, so no scheduler was asked.
    NodeName,
    /// A scheduler that the policy does not list.
    OtherScheduler,
    /// Nobody can say what its node sells.
    NodeUnknown,
    /// Its node sells something else by now.
    ResourceGone,
    /// Its node has no hostname label to count anti-affinity by.
    NoHostname,
    /// Its node's own label names another boundary, or none.
    NodeLabel,
    /// A label without the terms that keep others away, where others come without them too.
    NoTerms,
    /// The same of a DaemonSet's pod.
    DaemonSet,
}

impl GapReason {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NamespaceOff,
        Self::NamespaceDryRun,
        Self::BeforeOptIn,
        Self::LabelDiffers,
        Self::StaticPod,
        Self::NodeName,
        Self::OtherScheduler,
        Self::NodeUnknown,
        Self::ResourceGone,
        Self::NoHostname,
        Self::NodeLabel,
        Self::NoTerms,
        Self::DaemonSet,
    ];

    /// The word reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NamespaceOff => "namespace-off",
            Self::NamespaceDryRun => "namespace-dry-run",
            Self::BeforeOptIn => "before-opt-in",
            Self::LabelDiffers => "label-differs",
            Self::StaticPod => "static-pod",
            Self::NodeName => "node-name",
            Self::OtherScheduler => "other-scheduler",
            Self::NodeUnknown => "node-unknown",
            Self::ResourceGone => "resource-gone",
            Self::NoHostname => "no-hostname",
            Self::NodeLabel => "node-label",
            Self::NoTerms => "no-terms",
            Self::DaemonSet => "daemon-set",
        }
    }
}
