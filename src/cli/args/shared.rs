//! What the flags of several commands share.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::engine::vocabulary::names;

/// The cluster that a command uses.
#[derive(Debug, ClapArgs)]
pub(crate) struct ClusterArgs {
    /// The cluster [default: $KUBECONFIG, ~/.kube/config, or the pod's own]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig [default: the current one]
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
}

/// A name that Kubernetes accepts for namespaces and Services.
pub(super) fn dns_label(text: &str) -> Result<String, String> {
    if names::is_dns_label(text) {
        Ok(text.to_owned())
    } else {
        Err("a name has only lower-case letters, digits and inner hyphens, and at most 63 characters".to_owned())
    }
}

/// The output formats of all other commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    Text,
    /// JSON for programs
    Json,
    /// The same as YAML
    Yaml,
}
