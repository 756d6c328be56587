//! Flags and subcommands; their examples are in [`super::examples`].

mod audit;
mod doctor;
mod review;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::examples;
use crate::engine::NeverMatched;
use crate::engine::vocabulary::names;
use crate::manifests;

pub(crate) use audit::{AdoptArgs, AuditArgs};
pub(crate) use doctor::DoctorArgs;
pub(crate) use review::{Output, ReviewArgs, WorldArgs};

/// Shares GPUs in Kubernetes, safely, on the stock scheduler and the stock NVIDIA device plugin.
#[derive(Debug, Parser)]
#[command(
    name = "slicegate",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = examples::SLICEGATE
)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answers an API server: both webhooks
    #[command(after_help = examples::SERVE)]
    Serve(Box<ServeArgs>),
    /// Shows what slicegate would make of manifests, offline
    #[command(after_help = examples::REVIEW)]
    Review(Box<ReviewArgs>),
    /// Judges what runs now, or says whether the boundary holds among it
    #[command(after_help = examples::AUDIT)]
    Audit(AuditArgs),
    /// Gives the GPU pods that already run in a namespace their boundary label
    #[command(after_help = examples::ADOPT)]
    Adopt(AdoptArgs),
    /// Prints the built-in policy, or checks policies of your own
    #[command(subcommand, arg_required_else_help = true, after_help = examples::POLICY)]
    Policy(PolicyCommand),
    /// Lists the rules by which pods are refused or warned of
    #[command(after_help = examples::RULES)]
    Rules(ListArgs),
    /// Explains a rule: cause, risk and fix, with a bad and a good example
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Prints a certificate as a Secret, and the webhooks that trust it, for kubectl apply
    #[command(after_help = examples::CERTS)]
    Certs(CertsArgs),
    /// Prints admission policies that keep enforced namespaces closed without slicegate
    #[command(after_help = examples::GUARD)]
    Guard(GuardArgs),
    /// Says whether slicegate works in a cluster, and whether the boundary holds there
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Prints the MIG profiles, the assumed fleet and the words of other sharing systems
    #[command(after_help = examples::CATALOG)]
    Catalog(ListArgs),
    /// Prints a script that lets a shell complete commands and flags
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
}

/// `slicegate serve`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ServeArgs {
    /// Where the API server reaches the webhooks, by TLS
    #[arg(
        long,
        env = "SLICEGATE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:8443"
    )]
    pub listen: SocketAddr,
    /// Where /livez, /readyz and /metrics are, without TLS
    #[arg(
        long,
        env = "SLICEGATE_ADMIN_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:8080"
    )]
    pub admin_listen: SocketAddr,
    /// The server's certificate and its chain, PEM; read again when it changes
    #[arg(
        long,
        env = "SLICEGATE_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM; read again when it changes
    #[arg(
        long,
        env = "SLICEGATE_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// Makes ca.crt, tls.crt and tls.key in this folder if they are not there, and uses them
    #[arg(long, env = "SLICEGATE_TLS_GENERATE", value_name = "DIR", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub tls_generate: Option<PathBuf>,
    /// Keeps an authority of its own in this Secret of its namespace, and in caBundle
    #[arg(long, env = "SLICEGATE_TLS_SECRET", value_name = "SECRET", value_parser = dns_label,
          conflicts_with_all = ["tls_cert", "tls_key", "tls_generate"])]
    pub tls_secret: Option<String>,
    /// Asks clients for a certificate by one of these authorities, PEM; otherwise nobody is
    #[arg(long, env = "SLICEGATE_TLS_CLIENT_CA", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,
    /// The SharingPolicy, read again when it changes; else the cluster's or the built-in one
    #[arg(long, env = "SLICEGATE_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What `kubectl get nodes -o yaml|json` printed; else they are watched
    #[arg(long, env = "SLICEGATE_NODES", value_name = "FILE")]
    pub nodes: Option<PathBuf>,
    /// What `kubectl get namespaces -o yaml|json` printed; else they are watched
    #[arg(long, env = "SLICEGATE_NAMESPACES", value_name = "FILE")]
    pub namespaces: Option<PathBuf>,
    /// The cluster to watch; else $KUBECONFIG, ~/.kube/config or the pod's own
    #[arg(long, env = "SLICEGATE_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Keeps in the API server what slicegate guard prints, for the policy in force
    #[arg(long, env = "SLICEGATE_KEEP_GUARD")]
    pub keep_guard: bool,
    /// Keeps in the cluster what outlives this process: policies' status, nodes that are gone
    #[arg(long, env = "SLICEGATE_KEEP_RECORDS")]
    pub keep_records: bool,
    /// Tells the owners of pods that are refused, or would be, by Events
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
    /// What this replica is called among the others; without it the host's name
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    pub identity: Option<String>,
    /// Namespaces never asked about; slicegate guard --help has the default
    #[arg(long, env = "SLICEGATE_NEVER_MATCH", value_name = "NS,NS")]
    pub never_match: Option<NeverMatched>,
    /// How log lines are written to standard error
    #[arg(long, env = "SLICEGATE_LOG_FORMAT", value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// The forms of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One object a line
    Json,
}

/// `slicegate policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Prints the built-in policy, comments and all
    #[command(after_help = examples::POLICY_DEFAULT)]
    Default,
    /// Says everything that is wrong with policies, by line and path
    #[command(after_help = examples::POLICY_CHECK)]
    Check(PolicyCheckArgs),
}

/// `slicegate policy check`.
#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyCheckArgs {
    /// SharingPolicies as YAML or JSON, - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<String>,
}

/// Which cluster is asked.
#[derive(Debug, ClapArgs)]
pub(crate) struct ClusterArgs {
    /// The cluster; else $KUBECONFIG, ~/.kube/config, or that of this pod
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig; without it the current one
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
}

/// A command that prints what it knows.
#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// How to print it
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

/// `slicegate explain`. No rule is called like a kind of object, so subcommands can stand beside the rule.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// A rule's id, as `slicegate rules` lists it
    #[arg(value_name = "RULE")]
    pub rule: String,
    /// How to print it
    #[command(flatten)]
    pub list: ListArgs,
}

/// `slicegate certs`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CertsArgs {
    /// The namespace slicegate runs in
    #[arg(long, value_name = "NAMESPACE", default_value = manifests::NAMESPACE, value_parser = dns_label)]
    pub namespace: String,
    /// The Service in front of slicegate
    #[arg(long, value_name = "SERVICE", default_value = "slicegate", value_parser = dns_label)]
    pub service: String,
    /// Namespaces never asked about [default: kube-system,gpu-operator, and that of --namespace]
    #[arg(long, value_name = "NS,NS")]
    pub never_match: Option<NeverMatched>,
    /// How many days the certificate and its authority are good for
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: u32,
    /// How to print the objects
    #[arg(short, long, value_enum, default_value_t = ManifestFormat::Yaml)]
    pub output: ManifestFormat,
}

/// `slicegate guard`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GuardArgs {
    /// The SharingPolicy it is for; without it the built-in one
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// Namespaces never asked about [default: kube-system,slicegate-system,gpu-operator]
    #[arg(long, value_name = "NS,NS")]
    pub never_match: Option<NeverMatched>,
    /// RuntimeClasses, whose handler may be NVIDIA's: kubectl get runtimeclasses -o yaml
    #[arg(long, value_name = "FILE")]
    pub runtime_classes: Option<String>,
    /// How to print the objects
    #[arg(short, long, value_enum, default_value_t = ManifestFormat::Yaml)]
    pub output: ManifestFormat,
}

/// A name as Kubernetes takes it for namespaces and Services.
fn dns_label(text: &str) -> Result<String, String> {
    match names::is_dns_label(text) {
        true => Ok(text.to_owned()),
        false => {
            Err("lower-case letters, digits and inner hyphens, at most 63, are a name".to_owned())
        }
    }
}

/// The forms of objects to apply.
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
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The forms of everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// The same as YAML
    Yaml,
}
