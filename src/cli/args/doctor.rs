//! Flags of `slicegate doctor`.

use clap::Args as ClapArgs;

use super::{ClusterArgs, Format, dns_label};
use crate::manifests;

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
