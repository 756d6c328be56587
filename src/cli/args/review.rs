//! Flags of `slicegate review`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::shared::{ClusterArgs, dns_label};
use crate::engine::ExcludedNamespaces;
use crate::report::review::Detail;

/// `slicegate review`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReviewArgs {
    /// Files, folders, or - for standard input; can be repeated
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE|DIR|-",
        required = true,
        num_args = 1..
    )]
    pub files: Vec<String>,
    /// The namespace of manifests without a namespace
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default", value_parser = dns_label)]
    pub namespace: String,
    /// Judges as if the namespaces of these manifests were enforced, with this tier
    #[arg(long, value_name = "TIER")]
    pub tier: Option<String>,
    /// The cluster state to use
    #[command(flatten)]
    pub state: StateArgs,
    /// The output format
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// The cluster state: from files, or with one of the last two flags from a cluster.
#[derive(Debug, ClapArgs)]
pub(crate) struct StateArgs {
    /// The SharingPolicy [default: the built-in one, or the cluster's]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// The output of `kubectl get nodes -o yaml|json` [default: an assumed fleet]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context"])]
    pub nodes: Option<String>,
    /// The output of `kubectl get namespaces -o yaml|json` [default: all are in enforce]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context"])]
    pub namespaces: Option<String>,
    /// Excluded namespaces [default: kube-system,slicegate-system,gpu-operator]
    #[arg(long, value_name = "NS,NS")]
    pub never_match: Option<ExcludedNamespaces>,
    /// Reads nodes, namespaces and policy from the cluster of this kubeconfig, and from no other
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Reads them from the cluster of this context of the kubeconfig
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
}

impl StateArgs {
    /// The cluster, if a flag names one.
    pub(crate) fn cluster(&self) -> Option<ClusterArgs> {
        let is_named = self.kubeconfig.is_some() || self.context.is_some();
        is_named.then(|| ClusterArgs {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
        })
    }
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Text for people
    Text,
    /// A ReviewReport
    Json,
    /// A ReviewReport as YAML
    Yaml,
    /// The manifests before and after, as a unified diff
    Diff,
}

impl Output {
    /// What this form shows of each object.
    pub(crate) const fn detail(self) -> Detail {
        match self {
            Self::Text => Detail::Groups,
            Self::Json | Self::Yaml => Detail::Items,
            Self::Diff => Detail::Objects,
        }
    }
}
