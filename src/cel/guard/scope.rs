//! Variables that several policies of the guard share: whether the namespace is enforced, whether the pod is too
//! large, and what it takes.

use super::object::{Validation, Variable};
use crate::cel::relevance::beyond;
use crate::cel::{LISTS, begins, is_one_of, quoted};
use crate::engine::relevance::pod_limits;
use crate::engine::relevance::pod_limits::Limit;
use crate::engine::relevance::sharing_systems::{KeyKind, SYSTEM_NAMES, SystemName};
use crate::engine::rules::too_large;
use crate::engine::vocabulary::{Mode, names};
use crate::engine::{ExcludedNamespaces, Policy};

/// Whether a name is one of these texts.
pub(super) fn one_of(text: &str, names: &[&str]) -> String {
    is_one_of(text, names.iter().copied())
}

/// Whether a text begins with one of these, in brackets.
pub(super) fn begins_with(text: &str, beginnings: &[&str]) -> String {
    let all: Vec<String> = beginnings.iter().map(|b| begins(text, b)).collect();
    format!("({})", all.join(" || "))
}

/// An annotation or label of `owner`, empty where it is not there.
pub(super) fn noted(owner: &str, map: &str, key: &str) -> String {
    format!("{owner}.metadata.?{map}[?{}].orValue('')", quoted(key))
}

/// Excludes mirror pods of kubelets; the annotation alone proves nothing, because anyone can write it.
pub(super) fn no_mirror() -> (&'static str, String) {
    let expression = "!(request.userInfo.username.startsWith('system:node:') && \
        'kubernetes.io/config.mirror' in object.metadata.?annotations.orValue({}))";
    ("no-mirror-pod", expression.to_owned())
}

/// Whether slicegate acts in the namespace.
pub(super) fn enforced(policy: &Policy, never: &ExcludedNamespaces) -> Variable {
    if policy.mode != Mode::Enforce {
        return ("enforced", "false".to_owned());
    }
    let mode = format!(
        "namespaceObject.metadata.?annotations[?{}]",
        quoted(names::MODE)
    );
    let milder = [Mode::Off.word(), "false", Mode::DryRun.word()];
    let never = one_of("request.namespace", &never.names());
    let absent = policy.namespace_default == Mode::Enforce;
    // A misspelt mode must not disable enforcement.
    let expression = format!(
        "!({never})\n&& ({mode}.hasValue() ? !({}) : {absent})",
        one_of(&format!("{mode}.value().lowerAscii()"), &milder)
    );
    ("enforced", expression)
}

/// Whether the pod is too large to be read. Lists that other counts read are counted first.
pub(super) fn too_large() -> Variable {
    let volumes = "object.spec.?volumes.orValue([])";
    let hosts = format!("{volumes}.map(v, size(v.?hostPath.?path.orValue(''))).sum()");
    let each = |of: &str| {
        format!(
            "{LISTS}.map(l, l.map(c, c.?volumeMounts.orValue([]).map(m, {of}).sum()).sum()).sum()"
        )
    };
    let mounts =
        each("size(m.mountPath) + size(m.?subPath.orValue('')) + size(m.?subPathExpr.orValue(''))");
    let paths = format!("{hosts}\n  + {mounts} > {}", pod_limits::PATHS.most);
    let hosts = format!("{volumes}.filter(v, has(v.hostPath)).size()");
    let parts = each("has(m.subPath) || has(m.subPathExpr) ? 1 : 0");
    let pairs = format!(
        "[{hosts}].exists(h, h > 0 && [{parts}].exists(p,\n  h + p > {} || h * p > {}))",
        pod_limits::HOSTS.most,
        pod_limits::PAIRS.most
    );
    let clauses = [
        beyond(pod_limits::CONTAINERS.most, pod_limits::ENTRIES.most),
        paths,
        pairs,
        beyond_on_nodes(),
        beyond_beside(),
    ];
    ("tooLarge", clauses.join("\n|| "))
}

/// Whether labels and containers are too many to be read, in any namespace.
pub(super) fn too_large_to_label() -> Variable {
    let expression = beyond(pod_limits::CONTAINERS.most, pod_limits::ENTRIES.most);
    ("tooLarge", expression)
}

/// Whether its constraints on nodes are too many to be read.
fn beyond_on_nodes() -> String {
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms =
        format!("object.spec.?affinity.?nodeAffinity.?{required}.?nodeSelectorTerms.orValue([])");
    let both = [
        "t.?matchExpressions.orValue([])",
        "t.?matchFields.orValue([])",
    ];
    let requirements = both.map(|list| format!("size({list})")).join(" + ");
    let values = both
        .map(|list| format!("{list}.map(e, size(e.?values.orValue([]))).sum()"))
        .join(" + ");
    let more = |list: &str, limit: &Limit| format!("size({list}) > {}", limit.most);
    [
        more(
            "object.spec.?nodeSelector.orValue({})",
            &pod_limits::SELECTORS,
        ),
        more(
            "object.spec.?tolerations.orValue([])",
            &pod_limits::TOLERATIONS,
        ),
        more(&terms, &pod_limits::TERMS),
        format!(
            "{terms}.map(t, {requirements}).sum() > {}",
            pod_limits::REQUIREMENTS.most
        ),
        format!(
            "{terms}.map(t, {values}).sum() > {}",
            pod_limits::VALUES.most
        ),
    ]
    .join("\n|| ")
}

/// Whether its pod affinity, owners and claims are too many to be read.
fn beyond_beside() -> String {
    let kinds = ["required", "preferred"].map(|kind| {
        ["podAffinity", "podAntiAffinity"].map(|side| {
            format!("size(object.spec.?affinity.?{side}.?{kind}DuringSchedulingIgnoredDuringExecution.orValue([]))")
        })
    });
    let more = |list: &str, limit: &Limit| format!("size({list}.orValue([])) > {}", limit.most);
    [
        format!(
            "{} > {}",
            kinds.concat().join("\n  + "),
            pod_limits::NEIGHBOURS.most
        ),
        more("object.metadata.?ownerReferences", &pod_limits::OWNERS),
        more("object.spec.?resourceClaims", &pod_limits::CLAIMS),
    ]
    .join("\n|| ")
}

/// A pod that is too large is refused in enforced namespaces, because it may take a GPU.
pub(super) fn not_too_large() -> Validation {
    let guarded = pod_limits::LIMITS
        .into_iter()
        .filter(|limit| limit.is_guarded);
    let limits: Vec<String> = guarded.map(|l| format!("{} {}", l.most, l.of)).collect();
    let message = format!(
        "[{}] the pod says more than is read, which is at most {}; fix: say less, or split the pod",
        too_large::RULE.id,
        limits.join(", ")
    );
    Validation::new("!variables.enforced || !variables.tooLarge", message)
}

/// Containers that can hold a device, and all of them.
pub(super) fn containers() -> [Variable; 2] {
    let init = "object.spec.containers + object.spec.?initContainers.orValue([])";
    let all = "variables.holders + object.spec.?ephemeralContainers.orValue([])";
    [("holders", init.to_owned()), ("all", all.to_owned())]
}

/// Whether a resource is one the stock device plugin advertises for GPUs.
pub(super) fn is_gpu_resource(name: &str) -> String {
    format!(
        "({} || {} && size({name}) > {})",
        one_of(name, &[names::GPU, names::GPU_SHARED]),
        begins(name, names::MIG),
        names::MIG.len()
    )
}

/// Whether a container has a limit or request that is not 0, of a name for which `is` holds of `k`.
pub(super) fn asks(container: &str, is: &str) -> String {
    format!(
        "[{container}.?resources.?limits, {container}.?resources.?requests].exists(m, \
        m.orValue({{}}).exists(k, {is} && sign(quantity(m.value()[k])) != 0))"
    )
}

/// The containers that take a stock resource.
pub(super) fn taking() -> Variable {
    let asks = asks("c", &is_gpu_resource("k"));
    ("taking", format!("variables.holders.filter(c, {asks})"))
}

/// Whether the pod belongs to a system that the policy leaves alone.
pub(super) fn foreign(policy: &Policy) -> Variable {
    let listed = |word: &&SystemName| {
        word.systems
            .iter()
            .any(|s| policy.foreign_sharing.contains(s))
    };
    let all: Vec<&SystemName> = SYSTEM_NAMES.iter().filter(listed).collect();
    let shares: Vec<&SystemName> = all.iter().copied().filter(|w| w.takes_a_share).collect();
    let expression = format!(
        "size(variables.taking) > 0\n? {}\n: {}",
        system_request(&all),
        system_request(&shares)
    );
    match all.is_empty() {
        true => ("foreign", "false".to_owned()),
        false => ("foreign", expression),
    }
}

/// Whether the pod has one of these names.
fn system_request(words: &[&SystemName]) -> String {
    let mut clauses = Vec::new();
    for (kind, map) in [
        (KeyKind::Annotation, "annotations"),
        (KeyKind::Label, "labels"),
    ] {
        if let Some(is) = is_word(words, kind) {
            clauses.push(format!(
                "object.metadata.?{map}.orValue({{}}).exists(k, {is} && object.metadata.{map}[k] != 'false')"
            ));
        }
    }
    if let Some(is) = is_word(words, KeyKind::Resource) {
        clauses.push(format!("variables.holders.exists(c, {})", asks("c", &is)));
    }
    match clauses.is_empty() {
        true => "false".to_owned(),
        false => format!("({})", clauses.join("\n  || ")),
    }
}

fn is_word(words: &[&SystemName], kind: KeyKind) -> Option<String> {
    let keys = words.iter().filter(|w| w.kind == kind).map(|w| w.key);
    let (open, whole): (Vec<&str>, Vec<&str>) = keys.partition(|key| key.ends_with('*'));
    let mut clauses = Vec::new();
    if !whole.is_empty() {
        clauses.push(one_of("k", &whole));
    }
    let open: Vec<&str> = open.iter().map(|key| key.trim_end_matches('*')).collect();
    if !open.is_empty() {
        clauses.push(begins_with("k", &open));
    }
    (!clauses.is_empty()).then(|| format!("({})", clauses.join(" || ")))
}

/// The pod's strategy label, empty without one.
pub(super) fn strategy() -> Variable {
    ("strategy", noted("object", "labels", names::STRATEGY))
}
