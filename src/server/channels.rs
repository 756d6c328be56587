//! The channels that inform the controllers of the state in force.

use tokio::sync::watch;

use crate::controllers::GuardInput;

#[derive(Clone, Default)]
pub(super) struct Channels {
    pub(super) is_leader: watch::Sender<bool>,
    pub(super) guard_input: watch::Sender<Option<GuardInput>>,
    /// The deleted nodes that still count, as text.
    pub(super) deleted_nodes: watch::Sender<Option<String>>,
    /// All SharingPolicies, each as JSON.
    pub(super) policies: watch::Sender<Vec<String>>,
    /// The last valid policy, as text.
    pub(super) valid_policy: watch::Sender<Option<String>>,
    /// Whether the records of earlier processes were read.
    pub(super) is_read: watch::Sender<bool>,
}
