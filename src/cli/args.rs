//! Flags and subcommands. Each `--help` ends with the text of a file in `examples/`.

mod cluster;
mod review;
mod shared;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::engine::ExcludedNamespaces;
use crate::manifests;

pub(crate) use cluster::{AdoptArgs, AuditArgs, DoctorArgs};
pub(crate) use review::{Output, ReviewArgs, StateArgs};
use shared::dns_label;
pub(crate) use shared::{ClusterArgs, Format};

/// Shares GPUs in Kubernetes, safely, on the stock scheduler and the stock NVIDIA device plugin.
#[derive(Debug, Parser)]
#[command(
    name = "slicegate",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = include_str!("examples/slicegate.txt")
)]
pub(crate) struct Args {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs both webhooks, which the API server calls
    #[command(after_help = include_str!("examples/serve.txt"))]
    Serve(Box<ServeArgs>),
    /// Shows what slicegate would do with manifests, before you apply them
    #[command(after_help = include_str!("examples/review.txt"))]
    Review(Box<ReviewArgs>),
    /// Judges the running pods, or checks whether the boundary holds among them
    #[command(after_help = include_str!("examples/audit.txt"))]
    Audit(AuditArgs),
    /// Adds the boundary label to the running GPU pods of a namespace
    #[command(after_help = include_str!("examples/adopt.txt"))]
    Adopt(AdoptArgs),
    /// Prints the built-in policy, or checks your own policies
    #[command(subcommand, arg_required_else_help = true, after_help = include_str!("examples/policy.txt"))]
    Policy(PolicyCommand),
    /// Lists the rules that deny pods or warn about them
    #[command(after_help = include_str!("examples/rules.txt"))]
    Rules(ListArgs),
    /// Explains a rule: cause, risk and fix, with a bad and a good example
    #[command(after_help = include_str!("examples/explain.txt"))]
    Explain(ExplainArgs),
    /// Prints a certificate as a Secret, and the webhooks that trust it, for kubectl apply
    #[command(after_help = include_str!("examples/certs.txt"))]
    Certs(CertsArgs),
    /// Prints the guard: admission policies that protect enforced namespaces in an outage
    #[command(after_help = include_str!("examples/guard.txt"))]
    Guard(GuardArgs),
    /// Checks whether slicegate works in a cluster, and whether the boundary is guaranteed
    #[command(after_help = include_str!("examples/doctor.txt"))]
    Doctor(DoctorArgs),
    /// Prints the MIG profiles, the assumed fleet and the words of other sharing systems
    #[command(after_help = include_str!("examples/catalog.txt"))]
    Catalog(ListArgs),
    /// Prints a completion script for a shell
    #[command(after_help = include_str!("examples/completions.txt"))]
    Completions(CompletionsArgs),
}

/// `slicegate serve`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ServeArgs {
    /// The address of the webhooks, with TLS
    #[arg(
        long,
        env = "SLICEGATE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:8443"
    )]
    pub listen: SocketAddr,
    /// The address of /livez, /readyz and /metrics, without TLS
    #[arg(
        long,
        env = "SLICEGATE_ADMIN_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:8080"
    )]
    pub admin_listen: SocketAddr,
    /// The server's certificate and its chain, PEM; loaded again when it changes
    #[arg(
        long,
        env = "SLICEGATE_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM; loaded again when it changes
    #[arg(
        long,
        env = "SLICEGATE_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// Creates ca.crt, tls.crt and tls.key in this folder if they do not exist, and uses them
    #[arg(long, env = "SLICEGATE_TLS_GENERATE", value_name = "DIR", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub tls_generate: Option<PathBuf>,
    /// Maintains its own authority in this Secret of its namespace, and in caBundle
    #[arg(long, env = "SLICEGATE_TLS_SECRET", value_name = "SECRET", value_parser = dns_label,
          conflicts_with_all = ["tls_cert", "tls_key", "tls_generate"])]
    pub tls_secret: Option<String>,
    /// Requires a client certificate of one of these authorities, PEM [default: not required]
    #[arg(long, env = "SLICEGATE_TLS_CLIENT_CA", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,
    /// The SharingPolicy, reloaded when it changes [default: the cluster's, or the built-in one]
    #[arg(long, env = "SLICEGATE_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// The output of `kubectl get nodes -o yaml|json` [default: watches the cluster]
    #[arg(long, env = "SLICEGATE_NODES", value_name = "FILE")]
    pub nodes: Option<PathBuf>,
    /// The output of `kubectl get namespaces -o yaml|json` [default: watches the cluster]
    #[arg(long, env = "SLICEGATE_NAMESPACES", value_name = "FILE")]
    pub namespaces: Option<PathBuf>,
    /// The cluster to watch [default: $KUBECONFIG, ~/.kube/config, or the pod's own]
    #[arg(long, env = "SLICEGATE_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Maintains the guard in the API server, for the policy in force
    #[arg(long, env = "SLICEGATE_KEEP_GUARD")]
    pub keep_guard: bool,
    /// Stores records in the cluster: the status of policies, and nodes that are gone
    #[arg(long, env = "SLICEGATE_KEEP_RECORDS")]
    pub keep_records: bool,
    /// Writes Events on the owners of pods that are denied, or would be denied
    #[arg(long, env = "SLICEGATE_EVENTS")]
    pub events: bool,
    /// slicegate's own namespace
    #[arg(
        long,
        env = "POD_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = manifests::NAMESPACE
    )]
    pub namespace: String,
    /// The name of this replica, different from the others [default: the host's name]
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pub identity: Option<String>,
    /// Excluded namespaces; slicegate guard --help shows the default
    #[arg(long, env = "SLICEGATE_NEVER_MATCH", value_name = "NS,NS")]
    pub never_match: Option<ExcludedNamespaces>,
    /// The format of log lines, which go to standard error
    #[arg(long, env = "SLICEGATE_LOG_FORMAT", value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// The formats of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for people
    Text,
    /// One JSON object per line
    Json,
}

/// `slicegate policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Prints the built-in policy with its comments
    #[command(after_help = include_str!("examples/policy-default.txt"))]
    Default,
    /// Reports every problem of policies, with line and path
    #[command(after_help = include_str!("examples/policy-check.txt"))]
    Check(PolicyCheckArgs),
}

/// `slicegate policy check`.
#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyCheckArgs {
    /// SharingPolicies in YAML or JSON; - reads standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,
}

/// A command that prints built-in data.
#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// The output format
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// `slicegate explain`. No rule has the name of a kind, so subcommands can exist beside the rule.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// A rule's id, as `slicegate rules` lists it
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// The output format
    #[command(flatten)]
    pub list: ListArgs,
}

/// `slicegate certs`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CertsArgs {
    /// The namespace of slicegate
    #[arg(long, value_name = "NAMESPACE", default_value = manifests::NAMESPACE, value_parser = dns_label)]
    pub namespace: String,
    /// The Service in front of slicegate
    #[arg(long, value_name = "SERVICE", default_value = "slicegate", value_parser = dns_label)]
    pub service: String,
    /// Excluded namespaces [default: kube-system,gpu-operator, and that of --namespace]
    #[arg(long, value_name = "NS,NS")]
    pub never_match: Option<ExcludedNamespaces>,
    /// The validity of the certificate and its authority, in days
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: u32,
    /// The output format
    #[arg(short, long, value_enum, default_value_t = ManifestFormat::Yaml)]
    pub output: ManifestFormat,
}

/// `slicegate guard`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GuardArgs {
    /// The SharingPolicy [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// Excluded namespaces [default: kube-system,slicegate-system,gpu-operator]
    #[arg(long, value_name = "NS,NS")]
    pub never_match: Option<ExcludedNamespaces>,
    /// The output of kubectl get runtimeclasses -o yaml, to find NVIDIA's handlers
    #[arg(long, value_name = "FILE")]
    pub runtime_classes: Option<String>,
    /// The output format
    #[arg(short, long, value_enum, default_value_t = ManifestFormat::Yaml)]
    pub output: ManifestFormat,
}

/// The formats of objects to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ManifestFormat {
    /// One document for each object
    Yaml,
    /// A List
    Json,
}

/// `slicegate completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}
