//! The client of a cluster's API server, configured by a kubeconfig or by the pod it runs in.
//!
//! Objects stay JSON text, so that the same types read them from a cluster and from files.

mod access;
mod client;
mod dry_run;
mod error;
mod events;
mod heartbeat;
mod kind;
mod leader_election;
mod lists;
mod objects;
mod proxy;
mod watch;

pub use access::Access;
pub use client::Cluster;
pub use dry_run::{DryRun, DryRunResult};
pub use error::ClusterError;
pub use events::{EventRecorder, ObjectEvent, Regarding};
pub use heartbeat::Heartbeat;
pub use kind::{Kind, ObjectRef};
pub use leader_election::LeaderElection;
pub use objects::Patch;
pub use watch::WatchEvent;
