//! The reasons why the guarantee does not cover a running pod.

/// Why the guarantee does not cover a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageGap {
    /// Which reason.
    pub why: GapReason,
    /// The message.
    pub message: String,
    /// The fix.
    pub fix: String,
}

/// The reasons, as reports name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// No label, and its namespace is off.
    NamespaceOff,
    /// No label, and its namespace is in dry-run.
    NamespaceDryRun,
    /// No label in an enforced namespace: it is older than the opt-in, or was created while slicegate was down.
    BeforeOptIn,
    /// A label that its namespace does not give it.
    LabelDiffers,
    /// A kubelet created it from a file, without admission.
    StaticPod,
    /// It names its node, so no scheduler placed it.
    NodeName,
    /// A scheduler that the policy does not list.
    OtherScheduler,
    /// What its node advertises is unknown.
    NodeUnknown,
    /// Its node advertises something else now.
    ResourceGone,
    /// Its node has no hostname label, which anti-affinity needs.
    NoHostname,
    /// Its node's own label names another boundary, or none.
    NodeLabel,
    /// A label without terms, where other pods without terms may come.
    NoTerms,
    /// The same of a DaemonSet's pod.
    DaemonSet,
}

impl GapReason {
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
