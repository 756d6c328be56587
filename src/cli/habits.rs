//! Hints for command lines that kubectl users may type and slicegate does not know.

use std::env;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Unknown words, and the command of slicegate that does the job.
const COMMANDS: [(&[&str], &str); 5] = [
    (
        &["status", "health", "check", "verify"],
        "slicegate doctor checks whether slicegate works in a cluster",
    ),
    (&["version"], "slicegate --version prints the version"),
    (
        &[
            "apply", "create", "diff", "validate", "lint", "test", "plan", "try",
        ],
        "slicegate review shows what slicegate does with the manifests of -f; -o diff shows before and after",
    ),
    (
        &["get", "list", "pods", "nodes", "top", "describe", "report"],
        "slicegate audit judges the running pods; --boundaries lists them by node",
    ),
    (
        &["install", "init", "upgrade"],
        "kubectl apply -f webhook-config/ or the chart installs slicegate",
    ),
];

/// The hint for a known mistake.
pub(super) fn hint(error: &Error) -> Option<String> {
    let words: Vec<String> = env::args().skip(1).collect();
    meant(error, words.first().map_or("", String::as_str))
}

fn meant(error: &Error, command: &str) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand)?;
            let known = COMMANDS.iter().find(|(words, _)| words.contains(&word));
            known.map(|(_, said)| (*said).to_owned())
        }
        ErrorKind::UnknownArgument => {
            let word = context(ContextKind::InvalidArg)?;
            match (command, word.starts_with('-')) {
                ("review", false) => Some(format!(
                    "use -f to name manifests: slicegate review -f {word}"
                )),
                ("audit", false) => Some(format!(
                    "audit examines running pods; for manifests use slicegate review -f {word}"
                )),
                ("audit" | "review", true) if ["-A", "--all-namespaces"].contains(&word) => {
                    Some("without this flag, it already uses all namespaces".to_owned())
                }
                _ => None,
            }
        }
        _ => None,
    }
}
