//! Flags of the commands that examine a cluster.

use clap::Args as ClapArgs;

use super::shared::{ClusterArgs, Format, dns_label};
use crate::engine::ExcludedNamespaces;
use crate::manifests;

/// `slicegate audit`.
#[derive(Debug, ClapArgs)]
pub(crate) struct AuditArgs {
    /// The cluster
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Instead of a cluster: the output of `kubectl get nodes -o json`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context"], requires_all = ["namespaces", "pods"])]
    pub nodes: Option<String>,
    /// Instead of a cluster: the output of `kubectl get namespaces -o json`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context"], requires_all = ["nodes", "pods"])]
    pub namespaces: Option<String>,
    /// Instead of a cluster: the output of `kubectl get pods -A --show-managed-fields -o json`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context"], requires_all = ["nodes", "namespaces"])]
    pub pods: Option<String>,
    /// The SharingPolicy [default: the cluster's, or the built-in one]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// Excluded namespaces [default: kube-system,slicegate-system,gpu-operator]
    #[arg(long, value_name = "NS,NS")]
    pub never_match: Option<ExcludedNamespaces>,
    /// Only the pods of this namespace
    #[arg(short, long, value_name = "NAMESPACE", value_parser = dns_label)]
    pub namespace: Option<String>,
    /// Judges as if the namespaces of these pods were enforced, with this tier
    #[arg(long, value_name = "TIER", conflicts_with = "boundaries")]
    pub tier: Option<String>,
    /// Lists nodes, the boundaries on them, and the pods that the guarantee does not cover
    #[arg(long)]
    pub boundaries: bool,
    /// The output format
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// `slicegate adopt`.
#[derive(Debug, ClapArgs)]
pub(crate) struct AdoptArgs {
    /// The namespace of the pods
    #[arg(value_name = "NAMESPACE", value_parser = dns_label, required_unless_present_any = ["of", "all"])]
    pub namespace: Option<String>,
    /// The same, with kubectl's flag
    #[arg(id = "of", short = 'n', long = "namespace", value_name = "NAMESPACE", value_parser = dns_label,
          conflicts_with_all = ["namespace", "all"])]
    pub of: Option<String>,
    /// The pods of every namespace in enforce or dry-run
    #[arg(long, conflicts_with = "namespace")]
    pub all: bool,
    /// The cluster
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The SharingPolicy [default: the cluster's, or the built-in one]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// The excluded namespaces of this installation
    #[arg(long, value_name = "NS,NS")]
    pub never_match: Option<ExcludedNamespaces>,
    /// Sends the changes as a dry run, and changes nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `slicegate doctor`.
#[derive(Debug, ClapArgs)]
pub(crate) struct DoctorArgs {
    /// The cluster
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The namespace of slicegate
    #[arg(short, long, value_name = "NAMESPACE", default_value = manifests::NAMESPACE, value_parser = dns_label)]
    pub namespace: String,
    /// The SharingPolicy, if slicegate reads it from a file that is not in a ConfigMap
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// The output format
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}
