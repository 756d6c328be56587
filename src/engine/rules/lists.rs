//! The closed lists behind the rules, as `slicegate explain`, `slicegate catalog` and the page of rules print them.

use crate::engine::relevance::host_paths::{ALIASES, SENSITIVE_PATHS};
use crate::engine::relevance::injecting::INJECTING;
use crate::engine::relevance::reserved::{self, MIG_DEVICES, SWITCHES};
use crate::engine::rules::privileged_share::{
    ALLOWED, ALLOWED_IN_OWN_NETWORK, ALLOWED_WITHOUT_PROCESSES,
};
use crate::engine::rules::{host_device, limit_env, privileged_share, too_large, visible_devices};
use crate::engine::vocabulary::pod_limits::{LIMITS, Limit};
use crate::engine::vocabulary::{Rule, names};

/// A list that a rule looks things up in.
#[derive(Debug)]
pub struct List {
    /// What it lists.
    pub title: &'static str,
    /// Each entry, with a remark.
    pub entries: Vec<(String, String)>,
}

/// The lists of a rule; none where its document says everything.
pub fn of(rule: &Rule) -> Vec<List> {
    match rule.id {
        id if id == host_device::RULE.id => {
            let paths = SENSITIVE_PATHS.iter().map(|entry| {
                let star = if entry.is_prefix { "*" } else { "" };
                (format!("{}{star}", entry.path), entry.leads_to.to_owned())
            });
            let aliases = ALIASES.iter();
            let aliases = aliases.map(|alias| (alias.path, format!("is {}", alias.means)));
            vec![
                list("Host paths, and everything in them", paths),
                list("Other names of the same folders", aliases),
            ]
        }
        id if id == visible_devices::RULE.id => vec![
            list("Variables", variables()),
            list("Annotations", annotations()),
        ],
        id if id == privileged_share::RULE.id => {
            let all = [
                (ALLOWED.as_slice(), ""),
                (&ALLOWED_WITHOUT_PROCESSES, "not with a hostPath to /proc"),
                (&ALLOWED_IN_OWN_NETWORK, "not with hostNetwork"),
            ];
            let all = all
                .iter()
                .flat_map(|(names, when)| names.iter().map(|n| (*n, *when)));
            vec![list("Capabilities that are allowed", all)]
        }
        id if id == limit_env::RULE.id => {
            let limits = reserved::LIMITS.iter().map(|open| (format!("{open}*"), ""));
            let ordinals = limit_env::VISIBLE_ORDINALS.to_owned();
            let limits = limits.chain([(ordinals, "on MPS, other than 0")]);
            vec![list("Variables", limits)]
        }
        _ => Vec::new(),
    }
}

/// The limits of a rule, one a line; empty for most rules.
pub fn limits(rule: &Rule) -> Vec<String> {
    if rule.id != too_large::RULE.id {
        return Vec::new();
    }
    let line = |limit: &&Limit| format!("{} {}", limit.most, limit.of);
    LIMITS.iter().map(line).collect()
}

fn list<N: Into<String>, R: Into<String>>(
    title: &'static str,
    entries: impl Iterator<Item = (N, R)>,
) -> List {
    let entries = entries.map(|(name, remark)| (name.into(), remark.into()));
    List {
        title,
        entries: entries.collect(),
    }
}

fn variables() -> impl Iterator<Item = (String, String)> {
    let visible = names::VISIBLE_DEVICES;
    let shown = MIG_DEVICES.map(|open| format!("{open}*")).into_iter();
    let shown = shown.chain(SWITCHES.map(str::to_owned));
    let shown = shown.map(|name| (name, "brings devices".to_owned()));
    let hides = "void, none and empty show nothing and are allowed".to_owned();
    let legacy = format!("without a GPU it needs {visible} void beside it");
    [(visible.to_owned(), hides)]
        .into_iter()
        .chain(shown)
        .chain([(visible_devices::LEGACY.to_owned(), legacy)])
}

fn annotations() -> impl Iterator<Item = (String, String)> {
    INJECTING.iter().map(|entry| {
        let systems: Vec<&str> = entry.systems.iter().map(|system| system.word()).collect();
        let left = match systems.as_slice() {
            [] => String::new(),
            systems => format!("; not where foreignSharing lists {}", systems.join(" or ")),
        };
        let remark = format!("read by {}{left}", entry.reader);
        (format!("{}*", entry.key), remark)
    })
}
