//! The indicators as an expression that the API server evaluates before it calls the webhook.
//!
//! Optional fields are tested first, because an error would skip the webhook. Cheap checks come first, because the API
//! server stops an expression that costs too much.

use super::{LISTS, TERMS, begins, begins_one, has, is_one_of, quoted, spells};
use crate::engine::relevance::host_paths::{
    ALIASES, ALL_PROCESSES, PROCESSES, SENSITIVE_PATHS, SensitivePath, all_parents,
};
use crate::engine::relevance::indicators::{self, DETOURS, Indicators, LONGEST, Texts};
use crate::engine::relevance::injecting::INJECTING;
use crate::engine::relevance::sharing_systems::{KeyKind, SYSTEM_NAMES};
use crate::engine::relevance::{MOST_CONTAINERS, MOST_ENTRIES};

/// The lists and maps of a term with the label keys by which it selects pods, and the expression of an entry's key.
const SELECTED: [(&str, &str, &str); 4] = [
    ("t.?labelSelector.?matchLabels", "{}", "k"),
    ("t.?labelSelector.?matchExpressions", "[]", "k.key"),
    ("t.?matchLabelKeys", "[]", "k"),
    ("t.?mismatchLabelKeys", "[]", "k"),
];

/// The lists and maps of a container that are read.
const OF_CONTAINER: [&str; 5] = [
    "c.?env",
    "c.?envFrom",
    "c.?volumeMounts",
    "c.?resources.?limits",
    "c.?resources.?requests",
];
/// The lists and maps of a pod that are read.
const OF_POD: [&str; 3] = [
    "object.metadata.?annotations",
    "object.metadata.?labels",
    "object.spec.?volumes",
];

/// Whether `object`, any pod, concerns GPUs, in CEL of Kubernetes 1.30.
pub fn expression() -> String {
    let class = "object.spec.runtimeClassName";
    let parts = [
        crowded(),
        exists(
            "object.metadata.?annotations",
            "{}",
            "k",
            "k",
            &indicators::ANNOTATION,
        ),
        exists(
            "object.metadata.?labels",
            "{}",
            "k",
            "k",
            &indicators::LABEL,
        ),
        format!(
            "has({class}) && {}",
            any(&indicators::RUNTIME_CLASS, class, 1)
        ),
        format!(
            "object.spec.?volumes.orValue([]).exists(v, has(v.hostPath) && {})",
            any(&indicators::HOST_PATH, "v.hostPath.path", 1)
        ),
        containers(),
        format!(
            "{TERMS}.exists(t,\n  {})",
            selects_by(&|key| any(&indicators::REPELLED, key, 1))
        ),
    ];
    parts.join("\n|| ")
}

/// Whether a pod is too large to be read, which is an indicator too.
pub(crate) fn crowded() -> String {
    beyond(MOST_CONTAINERS, MOST_ENTRIES)
}

/// Whether a pod has more containers, or more entries in all lists and maps that are read.
pub(crate) fn beyond(containers: usize, entries: usize) -> String {
    let sizes = |of: &[&str]| {
        let size = |part: &&str| format!("size({part}.orValue([]))");
        of.iter().map(size).collect::<Vec<_>>().join(" + ")
    };
    format!(
        "{LISTS}.map(l, size(l)).sum() > {containers}\n|| size({TERMS}) > {entries}\n\
        || {LISTS}.map(l, l.map(c, {}).sum()).sum()\n  + {}\n  + {} > {entries}",
        sizes(&OF_CONTAINER),
        sizes(&OF_POD),
        repelling_entries()
    )
}

/// How many terms and keys the required anti-affinity has. Callers check the number of terms first, because counting
/// costs for each term.
pub(crate) fn repelling_entries() -> String {
    let sizes = SELECTED.map(|(list, empty, _)| format!("size({list}.orValue({empty}))"));
    format!("{TERMS}.map(t, 1 + {}).sum()", sizes.join(" + "))
}

/// Whether the term `t` selects pods by a key for which `is` holds.
pub(crate) fn selects_by(is: &dyn Fn(&str) -> String) -> String {
    let each = SELECTED
        .map(|(list, empty, key)| format!("{list}.orValue({empty}).exists(k, {})", is(key)));
    each.join("\n|| ").replace('\n', "\n  ")
}

fn containers() -> String {
    let indicators = [
        exists(
            "c.?resources.?limits",
            "{}",
            "k",
            "k",
            &indicators::RESOURCE,
        ),
        exists(
            "c.?resources.?requests",
            "{}",
            "k",
            "k",
            &indicators::RESOURCE,
        ),
        exists("c.?env", "[]", "e", "e.name", &indicators::VARIABLE),
        format!(
            "c.?envFrom.orValue([]).exists(s, has(s.prefix) && {})",
            any(&indicators::PREFIX, "s.prefix", 1)
        ),
        exists(
            "c.?volumeMounts",
            "[]",
            "m",
            "m.mountPath",
            &indicators::MOUNT_PATH,
        ),
        format!(
            "c.?volumeMounts.orValue([]).exists(m, has(m.subPath) && {} || has(m.subPathExpr) && {})",
            any(&indicators::SUB_PATH, "m.subPath", 1),
            any(&indicators::SUB_PATH, "m.subPathExpr", 1)
        ),
    ];
    let indicators = indicators.join("\n|| ").replace('\n', "\n  ");
    format!("{LISTS}.exists(l, l.exists(c,\n  {indicators}))")
}

/// Whether a list or map has an entry with an indicator.
fn exists(list: &str, empty: &str, entry: &str, text: &str, at: &Indicators) -> String {
    let indicators = any(at, text, 1);
    format!("{list}.orValue({empty}).exists({entry}, {indicators})")
}

/// Every indicator of a field, in brackets.
fn any(at: &Indicators, text: &str, depth: usize) -> String {
    let indicators = at.texts.iter();
    let all: Vec<String> = indicators.flat_map(|texts| texts.clauses(text)).collect();
    let indent = "  ".repeat(depth);
    format!("(\n{indent}{})", all.join(&format!("\n{indent}|| ")))
}

impl Texts {
    /// Each true for some of these texts, together for all.
    fn clauses(self, text: &str) -> Vec<String> {
        match self {
            Self::Are(names) => vec![is_one_of(text, names.iter().copied())],
            Self::Begin(beginnings) => beginnings.iter().map(|b| begins(text, b)).collect(),
            Self::Inject => vec![begins_one(text, INJECTING.iter().map(|word| word.key))],
            Self::BeginAndEnd(beginning, end) => vec![format!(
                "{} && {text}.endsWith({})",
                begins(text, beginning),
                quoted(end)
            )],
            Self::Have(parts) => parts.iter().map(|part| has(text, part)).collect(),
            Self::Spell(beginnings) => beginnings.iter().map(|b| spells(text, b)).collect(),
            Self::Foreign(kind) => foreign(text, kind),
            Self::SensitivePaths => sensitive_paths(text),
            Self::Long => vec![format!("size({text}) > {LONGEST}")],
            Self::Any => vec![format!("{text} != ''")],
        }
    }
}

fn foreign(text: &str, kind: KeyKind) -> Vec<String> {
    let keys = SYSTEM_NAMES
        .iter()
        .filter(|w| w.kind == kind)
        .map(|w| w.key);
    let open = keys.clone().filter_map(|key| key.strip_suffix('*'));
    let whole = is_one_of(text, keys.clone().filter(|key| !key.ends_with('*')));
    let mut clauses = vec![whole];
    clauses.extend(open.map(|beginning| begins(text, beginning)));
    clauses
}

fn sensitive_paths(text: &str) -> Vec<String> {
    let mut clauses = vec![format!("!{}", begins(text, "/"))];
    clauses.extend(DETOURS.iter().map(|detour| has(text, detour)));
    let mut whole: Vec<&str> = all_parents().collect();
    whole.push(ALL_PROCESSES);
    let named = SENSITIVE_PATHS
        .iter()
        .filter(|road| !road.is_prefix)
        .map(|road| road.path);
    whole.extend(named.chain(ALIASES.iter().map(|alias| alias.path)));
    whole.sort_unstable();
    whole.dedup();
    let slashed = whole.iter().map(|path| format!("{path}/"));
    let mut all: Vec<String> = slashed.filter(|path| path != "//").collect();
    all.extend(whole.iter().map(|path| (*path).to_owned()));
    clauses.push(is_one_of(text, all.iter().map(String::as_str)));
    let mut open: Vec<String> = SENSITIVE_PATHS.iter().map(SensitivePath::prefix).collect();
    open.extend(ALIASES.iter().map(|alias| format!("{}/", alias.path)));
    open.push(PROCESSES.to_owned());
    clauses.push(begins_one(text, open.iter().map(String::as_str)));
    clauses
}
