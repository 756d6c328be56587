//! What people who know kubectl may have meant by a command line that slicegate does not know.

use std::env;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What stands for which command of slicegate.
const COMMANDS: [(&[&str], &str); 5] = [
    (
        &["status", "health", "check", "verify"],
        "slicegate doctor says whether slicegate works in a cluster",
    ),
    (&["version"], "slicegate --version says which one this is"),
    (
        &[
            "apply", "create", "diff", "validate", "lint", "test", "plan", "try",
        ],
        "slicegate review shows what becomes of the manifests that -f names, with -o diff before and after",
    ),
    (
        &["get", "list", "pods", "nodes", "top", "describe", "report"],
        "slicegate audit judges what runs, with --boundaries by nodes",
    ),
    (
        &["install", "init", "upgrade"],
        "kubectl apply -f webhook-config/ or the chart installs slicegate",
    ),
];

/// A word about it, where it is one of the usual.
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
                    "manifests are named with -f: slicegate review -f {word}"
                )),
                ("audit", false) => Some(format!(
                    "audit looks at what runs; for manifests there is slicegate review -f {word}"
                )),
                ("audit" | "review", true) if ["-A", "--all-namespaces"].contains(&word) => {
                    Some("all namespaces are looked at without it".to_owned())
                }
                _ => None,
            }
        }
        _ => None,
    }
}
