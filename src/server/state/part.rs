//! The parts of the cluster's state.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatePart {
    Policy,
    Nodes,
    Namespaces,
    Quotas,
    RuntimeClasses,
}

impl StatePart {
    pub const ALL: [Self; 5] = [
        Self::Policy,
        Self::Nodes,
        Self::Namespaces,
        Self::Quotas,
        Self::RuntimeClasses,
    ];

    /// The word in logs, flags and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Nodes => "nodes",
            Self::Namespaces => "namespaces",
            Self::Quotas => "resourcequotas",
            Self::RuntimeClasses => "runtimeclasses",
        }
    }
}
