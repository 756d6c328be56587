//! Flags and subcommands, with their help texts.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Shares GPUs in Kubernetes, safely, on the stock scheduler and the stock NVIDIA device plugin.
#[derive(Debug, Parser)]
#[command(
    name = "slicegate",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows what slicegate would make of manifests, offline
    Review(ReviewArgs),
}

const REVIEW_EXAMPLES: &str = "\
Examples:
  slicegate review -f pod.yaml
      against the built-in policy and an assumed fleet
  kubectl get nodes -o yaml > nodes.yaml
  kubectl get namespaces -o yaml > namespaces.yaml
  slicegate review -f manifests/ --nodes nodes.yaml --namespaces namespaces.yaml
      against a real cluster's nodes and namespaces
  helm template my-chart | slicegate review -f - -o diff
      what the pods would become

Exit status: 0 nothing denied, 1 something denied, 2 unreadable input or bad usage.";

/// `slicegate review`.
#[derive(Debug, ClapArgs)]
#[command(after_help = REVIEW_EXAMPLES)]
pub struct ReviewArgs {
    /// A file, a folder or - for standard input; may be given several times
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE|DIR|-",
        required = true
    )]
    pub files: Vec<String>,
    /// What to judge against
    #[command(flatten)]
    pub world: WorldArgs,
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// The files a judgement is made against.
#[derive(Debug, ClapArgs)]
pub struct WorldArgs {
    /// The SharingPolicy; without it the built-in one
    #[arg(long, value_name = "FILE", env = "SLICEGATE_POLICY")]
    pub policy: Option<String>,
    /// The output of `kubectl get nodes -o yaml|json`; without it an assumed fleet
    #[arg(long, value_name = "FILE", env = "SLICEGATE_NODES")]
    pub nodes: Option<String>,
    /// The output of `kubectl get namespaces -o yaml|json`; without it every namespace counts as enforce
    #[arg(long, value_name = "FILE", env = "SLICEGATE_NAMESPACES")]
    pub namespaces: Option<String>,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// A ReviewReport
    Json,
    /// A ReviewReport as YAML
    Yaml,
    /// The manifests before and after, as a unified diff
    Diff,
}
