//! Why a server cannot start, or had to stop.

use std::io;
use std::net::SocketAddr;

use super::certificate::error::TlsError;
use super::state::files::StateFileError;
use crate::cluster::ClusterError;
use crate::config::policy::PolicyErrors;

/// Why a server cannot start, or had to stop. When a file goes bad later, its last good content stays in force.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is in use, or not an address of this machine.
    #[error("{flag}: cannot listen on {address}: {problem}")]
    Listen {
        /// The flag.
        flag: &'static str,
        /// Its value.
        address: SocketAddr,
        /// The error of the system.
        problem: io::Error,
    },
    /// The file of the policy, the nodes or the namespaces is invalid.
    #[error(transparent)]
    State(#[from] StateFileError),
    /// No cluster is configured. The message holds the error's text, so the error is no source.
    #[error("{0}; or give --nodes FILE and --namespaces FILE to run without a cluster")]
    Cluster(ClusterError),
    /// The built-in policy is invalid, which a test rules out.
    #[error("the built-in policy cannot be read: {0}")]
    BuiltIn(#[from] PolicyErrors),
    /// A flag needs a cluster, and there is none.
    #[error("{0} needs a cluster; add --kubeconfig FILE, or leave out --nodes or --namespaces")]
    NoCluster(&'static str),
    /// The certificate is invalid.
    #[error(transparent)]
    Certificate(#[from] TlsError),
    /// A task ended that never ends by itself.
    #[error("a part of slicegate ended by itself; its log says which")]
    Ended,
    /// The system gives no threads or signals.
    #[error("cannot run: {0}")]
    System(#[from] io::Error),
}
