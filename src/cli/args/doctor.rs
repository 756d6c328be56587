//! Flags of `slicegate doctor`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{Format, dns_label};
use crate::manifests;

/// `slicegate doctor`.
#[derive(Debug, ClapArgs)]
pub(crate) struct DoctorArgs {
    /// The cluster; without it $KUBECONFIG, ~/.kube/config, or that of this pod
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The namespace slicegate runs in
    #[arg(short, long, value_name = "NAMESPACE", default_value = manifests::NAMESPACE, value_parser = dns_label)]
    pub namespace: String,
    /// The SharingPolicy, where slicegate reads it from a file that is in no ConfigMap
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}
