//! The indicators as an expression that the API server evaluates before it calls the webhook.
//!
//! Optional fields are tested first, because an error would skip the webhook. Cheap checks come first, because the API
//! server stops an expression that costs too much.

use super::expressions::{LISTS, TERMS, begins, begins_one, has, join, one_of, quoted};
use crate::engine::relevance::host_paths::{
    ALIASES, ALL_PROCESSES, PROCESSES, SENSITIVE_PATHS, SensitivePath, all_parents,
};
use crate::engine::relevance::indicators::{self, DETOURS, Indicators, LONGEST, Texts};
use crate::engine::relevance::injecting::INJECTING;
use crate::engine::relevance::sharing_systems::{KeyKind, SYSTEM_NAMES};
use crate::engine::relevance::{MOST_CONTAINERS, MOST_ENTRIES};

/// The lists and maps of a term with the label keys by which it selects pods, and the expression of an entry's key.
const SELECTED: [(&str, &str); 4] = [
    ("t.?labelSelector.?matchLabels.orValue({})", "k"),
    ("t.?labelSelector.?matchExpressions.orValue([])", "k.key"),
    ("t.?matchLabelKeys.orValue([])", "k"),
    ("t.?mismatchLabelKeys.orValue([])", "k"),
];

/// Whether `object`, any pod, concerns GPUs, in CEL of Kubernetes 1.30.
pub fn expression() -> String {
    let class = "object.spec.runtimeClassName";
    let of_pod = |list, at| {
        let list = format!("object.metadata.?{list}.orValue({{}})");
        exists(&list, "k", "k", at)
    };
    let parts = [
        oversize(),
        of_pod("annotations", &indicators::ANNOTATION),
        of_pod("labels", &indicators::LABEL),
        format!("has({class}) && {}", any(&indicators::RUNTIME_CLASS, class)),
        format!(
            "object.spec.?volumes.orValue([]).exists(v, has(v.hostPath) && {})",
            any(&indicators::HOST_PATH, "v.hostPath.path")
        ),
        containers(),
        format!(
            "{TERMS}.exists(t,\n  {})",
            selects_by(&|key| any(&indicators::REPELLED, key))
        ),
    ];
    parts.join("\n|| ")
}

/// Whether a pod is too large to be read, which is an indicator too.
pub(crate) fn oversize() -> String {
    beyond(MOST_CONTAINERS, MOST_ENTRIES)
}

/// Whether a pod has more containers, or more entries in all lists and maps that are read.
pub(crate) fn beyond(containers: usize, entries: usize) -> String {
    let sizes = |of: &[&str]| {
        let sizes = of.iter().map(|part| format!("size({part}.orValue([]))"));
        join(sizes, " + ")
    };
    let of_container = sizes(&[
        "c.?env",
        "c.?envFrom",
        "c.?volumeMounts",
        "c.?resources.?limits",
        "c.?resources.?requests",
    ]);
    let of_pod = sizes(&[
        "object.metadata.?annotations",
        "object.metadata.?labels",
        "object.spec.?volumes",
    ]);
    let repelling = repelling_entries();
    format!(
        "{LISTS}.map(l, size(l)).sum() > {containers}\n|| size({TERMS}) > {entries}\n\
        || {LISTS}.map(l, l.map(c, {of_container}).sum()).sum()\n  + {of_pod}\n  + {repelling} > {entries}"
    )
}

/// How many terms and keys the required anti-affinity has. Callers check the number of terms first, because counting
/// costs for each term.
pub(crate) fn repelling_entries() -> String {
    let sizes = SELECTED.map(|(list, _)| format!("size({list})"));
    format!("{TERMS}.map(t, 1 + {}).sum()", sizes.join(" + "))
}

/// Whether the term `t` selects pods by a key for which `is` holds.
pub(crate) fn selects_by(is: &dyn Fn(&str) -> String) -> String {
    let each = SELECTED.map(|(list, key)| format!("{list}.exists(k, {})", is(key)));
    each.join("\n|| ").replace('\n', "\n  ")
}

fn containers() -> String {
    let resource = &indicators::RESOURCE;
    let indicators = [
        exists("c.?resources.?limits.orValue({})", "k", "k", resource),
        exists("c.?resources.?requests.orValue({})", "k", "k", resource),
        exists("c.?env.orValue([])", "e", "e.name", &indicators::VARIABLE),
        format!(
            "c.?envFrom.orValue([]).exists(s, has(s.prefix) && {})",
            any(&indicators::PREFIX, "s.prefix")
        ),
        exists(
            "c.?volumeMounts.orValue([])",
            "m",
            "m.mountPath",
            &indicators::MOUNT_PATH,
        ),
        format!(
            "c.?volumeMounts.orValue([]).exists(m, has(m.subPath) && {} || has(m.subPathExpr) && {})",
            any(&indicators::SUB_PATH, "m.subPath"),
            any(&indicators::SUB_PATH, "m.subPathExpr")
        ),
    ];
    let indicators = indicators.join("\n|| ").replace('\n', "\n  ");
    format!("{LISTS}.exists(l, l.exists(c,\n  {indicators}))")
}

/// Whether a list or map has an entry with an indicator.
fn exists(list: &str, entry: &str, text: &str, at: &Indicators) -> String {
    format!("{list}.exists({entry}, {})", any(at, text))
}

/// Every indicator of a field, in brackets.
fn any(at: &Indicators, text: &str) -> String {
    let all = at.texts.iter().flat_map(|texts| texts.clauses(text));
    format!("(\n  {})", join(all, "\n  || "))
}

impl Texts {
    /// Each true for some of these texts, together for all.
    fn clauses(self, text: &str) -> Vec<String> {
        match self {
            Self::Are(names) => vec![one_of(text, names)],
            Self::Begin(beginnings) => beginnings.iter().map(|b| begins(text, b)).collect(),
            Self::Inject => vec![begins_one(text, INJECTING.iter().map(|word| word.key))],
            Self::BeginAndEnd(beginning, end) => {
                let begins = begins(text, beginning);
                vec![format!("{begins} && {text}.endsWith({})", quoted(end))]
            }
            Self::Have(parts) => parts.iter().map(|part| has(text, part)).collect(),
            Self::Spell(beginnings) => {
                let spells = |beginning: &&str| {
                    let shorter = format!("{}.startsWith({text})", quoted(beginning));
                    format!("{text} != '' && ({} || {shorter})", begins(text, beginning))
                };
                beginnings.iter().map(spells).collect()
            }
            Self::Foreign(kind) => sharing_system(text, kind),
            Self::SensitivePaths => sensitive_path(text),
            Self::Long => vec![format!("size({text}) > {LONGEST}")],
            Self::Any => vec![format!("{text} != ''")],
        }
    }
}

fn sharing_system(text: &str, kind: KeyKind) -> Vec<String> {
    let names = SYSTEM_NAMES.iter().filter(|name| name.kind == kind);
    let keys = names.map(|name| name.key);
    let whole = one_of(text, keys.clone().filter(|key| !key.ends_with('*')));
    let open = keys.filter_map(|key| key.strip_suffix('*'));
    let open = open.map(|beginning| begins(text, beginning));
    std::iter::once(whole).chain(open).collect()
}

fn sensitive_path(text: &str) -> Vec<String> {
    let mut clauses = vec![format!("!{}", begins(text, "/"))];
    clauses.extend(DETOURS.iter().map(|detour| has(text, detour)));
    let named = SENSITIVE_PATHS.iter().filter(|path| !path.is_prefix);
    let aliases = || ALIASES.iter().map(|alias| alias.path);
    let mut whole = parents();
    whole.extend(named.map(|path| path.path).chain(aliases()));
    whole.push(ALL_PROCESSES);
    whole.sort_unstable();
    whole.dedup();
    let slashed = whole.iter().map(|path| format!("{path}/"));
    let slashed = slashed.filter(|path| path != "//");
    clauses.push(one_of(
        text,
        slashed.chain(whole.iter().map(|&path| path.to_owned())),
    ));
    let mut open: Vec<String> = SENSITIVE_PATHS.iter().map(SensitivePath::prefix).collect();
    open.extend(aliases().map(|alias| format!("{alias}/")));
    open.push(PROCESSES.to_owned());
    clauses.push(begins_one(text, open));
    clauses
}

/// The folders that contain a sensitive path, sorted.
pub(crate) fn parents() -> Vec<&'static str> {
    let mut parents: Vec<&str> = all_parents().collect();
    parents.sort_unstable();
    parents.dedup();
    parents
}
