//! The settings of a server.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::engine::ExcludedNamespaces;

/// The settings of a server.
#[derive(Debug)]
pub struct Settings {
    /// The address for the API server, with TLS.
    pub listen: SocketAddr,
    /// The address of `/livez`, `/readyz` and `/metrics`, without TLS.
    pub admin_listen: SocketAddr,
    /// The serving certificate.
    pub certificate: CertificateSource,
    /// Clients have to show a certificate by one of these authorities.
    pub client_ca: Option<PathBuf>,
    /// The SharingPolicy. Without a file it is the cluster's, and without a cluster the built-in one.
    pub policy: Option<PathBuf>,
    /// The output of `kubectl get nodes -o yaml|json`. Without a file, nodes are watched.
    pub nodes: Option<PathBuf>,
    /// The output of `kubectl get namespaces -o yaml|json`. Without a file, namespaces are watched.
    pub namespaces: Option<PathBuf>,
    /// The namespaces that the webhooks never match.
    pub excluded_namespaces: ExcludedNamespaces,
    /// The cluster, if anything is watched.
    pub cluster: Option<ClusterSource>,
    /// Which controllers run.
    pub controllers: ControllerSettings,
}

/// How the cluster is reached.
#[derive(Debug)]
pub struct ClusterSource {
    /// The kubeconfig. Without one: `$KUBECONFIG`, `~/.kube/config`, or the service account of the pod.
    pub kubeconfig: Option<PathBuf>,
}

/// The source of the serving certificate.
#[derive(Debug)]
pub enum CertificateSource {
    /// Two PEM files that somebody else renews.
    Files {
        /// The certificate, and the intermediates up to the authority.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// A folder in which `ca.crt`, `tls.crt` and `tls.key` are generated if they are missing.
    Generated(PathBuf),
    /// slicegate's own authority, in the Secret of that name in its namespace. Both webhook configurations get its
    /// `caBundle`.
    Secret(String),
}

/// Which controllers run. The leader among the replicas writes.
#[derive(Debug)]
pub struct ControllerSettings {
    /// The guard in the API server.
    pub guard: bool,
    /// Events about the owners of refused pods. Every replica publishes its own.
    pub events: bool,
    /// The status of SharingPolicies, and the records for the next process.
    pub records: bool,
    /// slicegate's own namespace.
    pub namespace: String,
    /// The name of this replica.
    pub identity: String,
}
