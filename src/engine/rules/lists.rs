//! The closed lists behind the rules, as `slicegate explain`, `slicegate catalog` and the page of rules print them.

use crate::engine::relevance::host_paths::{ALIASES, PathAlias, SENSITIVE_PATHS, SensitivePath};
use crate::engine::relevance::injecting::{INJECTING, Injecting};
use crate::engine::relevance::pod_limits::{LIMITS, Limit};
use crate::engine::relevance::reserved;
use crate::engine::rules::{host_device, limit_env, privileged_share, too_large, visible_devices};
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
        id if id == host_device::RULE.id => vec![roads(), aliases()],
        id if id == visible_devices::RULE.id => vec![variables(), annotations()],
        id if id == privileged_share::RULE.id => vec![capabilities()],
        id if id == limit_env::RULE.id => vec![limit_variables()],
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

fn roads() -> List {
    let entry = |road: &SensitivePath| {
        let star = if road.is_prefix { "*" } else { "" };
        (format!("{}{star}", road.path), road.leads_to.to_owned())
    };
    List {
        title: "Host paths, and everything in them",
        entries: SENSITIVE_PATHS.iter().map(entry).collect(),
    }
}

fn aliases() -> List {
    let entry = |alias: &PathAlias| (alias.path.to_owned(), format!("is {}", alias.means));
    List {
        title: "Other names of the same folders",
        entries: ALIASES.iter().map(entry).collect(),
    }
}

fn variables() -> List {
    let shows = || "brings devices".to_owned();
    let mut entries = vec![(
        names::VISIBLE_DEVICES.to_owned(),
        "void, none and empty show nothing and are allowed".to_owned(),
    )];
    let open = reserved::MIG_DEVICES
        .iter()
        .map(|open| (format!("{open}*"), shows()));
    let switches = reserved::SWITCHES
        .iter()
        .map(|name| ((*name).to_owned(), shows()));
    entries.extend(open.chain(switches));
    let legacy = format!(
        "without a GPU it needs {} void beside it",
        names::VISIBLE_DEVICES
    );
    entries.push((visible_devices::LEGACY.to_owned(), legacy));
    List {
        title: "Variables",
        entries,
    }
}

fn annotations() -> List {
    let entry = |word: &Injecting| {
        let systems: Vec<&str> = word.systems.iter().map(|system| system.word()).collect();
        let left = match systems.as_slice() {
            [] => String::new(),
            systems => format!("; not where foreignSharing lists {}", systems.join(" or ")),
        };
        (
            format!("{}*", word.key),
            format!("read by {}{left}", word.reader),
        )
    };
    List {
        title: "Annotations",
        entries: INJECTING.iter().map(entry).collect(),
    }
}

fn capabilities() -> List {
    let always = privileged_share::ALLOWED.iter().map(|name| (*name, ""));
    let mostly = privileged_share::ALLOWED_IN_OWN_NETWORK.iter();
    let debuggers = privileged_share::ALLOWED_WITHOUT_PROCESSES.iter();
    let all = always
        .chain(debuggers.map(|name| (*name, "not with a hostPath to /proc")))
        .chain(mostly.map(|name| (*name, "not with hostNetwork")));
    List {
        title: "Capabilities that are allowed",
        entries: all
            .map(|(name, when)| (name.to_owned(), when.to_owned()))
            .collect(),
    }
}

fn limit_variables() -> List {
    let open = reserved::LIMITS
        .iter()
        .map(|open| (format!("{open}*"), String::new()));
    let ordinal = (
        limit_env::VISIBLE_ORDINALS.to_owned(),
        "on MPS, other than 0".to_owned(),
    );
    List {
        title: "Variables",
        entries: open.chain([ordinal]).collect(),
    }
}
