//! What requests are judged against, put together from parts that come from files or from the cluster.

mod cluster_quotas;
mod files;
mod keeper;
mod nodes;
mod parts;
mod policies;
mod records;
mod remembered;
mod watches;

pub use files::WorldError;
pub(super) use files::{Refreshed, WorldFiles};
pub(super) use keeper::{Published, keep};
pub(super) use parts::{Change, Parts};
pub(super) use watches::{Policies, Watches};

/// One of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Policy,
    Nodes,
    Namespaces,
    Quotas,
    RuntimeClasses,
}

impl Part {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Policy,
        Self::Nodes,
        Self::Namespaces,
        Self::Quotas,
        Self::RuntimeClasses,
    ];

    /// The word of logs, flags and metrics.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Nodes => "nodes",
            Self::Namespaces => "namespaces",
            Self::Quotas => "resourcequotas",
            Self::RuntimeClasses => "runtimeclasses",
        }
    }
}
