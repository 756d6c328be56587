//! The cluster's state that requests are decided against, made of parts from files or from the cluster.

pub(super) mod apply;
mod deleted_nodes;
pub(super) mod files;
mod node_records;
mod nodes;
pub(super) mod part;
pub(super) mod parts;
pub(super) mod policies;
pub(super) mod update;
pub(super) mod watch;
