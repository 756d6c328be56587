//! Flags and subcommands; their examples are in [`super::examples`].

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::examples;

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
    /// Shows what slicegate would make of manifests, offline
    #[command(after_help = examples::REVIEW)]
    Review(ReviewArgs),
    /// Prints the built-in policy, or checks policies of your own
    #[command(subcommand, arg_required_else_help = true, after_help = examples::POLICY)]
    Policy(PolicyCommand),
    /// Lists the rules by which pods are refused or warned of
    #[command(after_help = examples::RULES)]
    Rules(ListArgs),
    /// Explains a rule: cause, risk and fix, with a bad and a good example
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Prints the MIG profiles, the assumed fleet and the words of other sharing systems
    #[command(after_help = examples::CATALOG)]
    Catalog(ListArgs),
    /// Prints a script that lets a shell complete commands and flags
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
}

/// `slicegate review`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReviewArgs {
    /// Files, folders or - for standard input; may be given several times
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE|DIR|-",
        required = true,
        num_args = 1..
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
pub(crate) struct WorldArgs {
    /// The SharingPolicy; without it the built-in one
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
    /// What `kubectl get nodes -o yaml|json` printed; without it an assumed fleet
    #[arg(long, value_name = "FILE")]
    pub nodes: Option<String>,
    /// What `kubectl get namespaces -o yaml|json` printed; without it all count as enforce
    #[arg(long, value_name = "FILE")]
    pub namespaces: Option<String>,
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

/// `slicegate completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// A ReviewReport
    Json,
    /// A ReviewReport as YAML
    Yaml,
    /// The manifests before and after, as a unified diff
    Diff,
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
