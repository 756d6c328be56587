//! Variables that several policies of the guard share: whether the namespace is enforced, whether the pod is too
//! large, and what it takes.

use super::object::{Validation, Variable};
use crate::cel::expressions::{LISTS, NODE_TERMS, begins, begins_with, join, one_of, quoted};
use crate::cel::relevance::beyond;
use crate::engine::relevance::sharing_systems::{KeyKind, SYSTEM_NAMES, SystemName};
use crate::engine::rules::too_large;
use crate::engine::vocabulary::pod_limits::{self, Limit};
use crate::engine::vocabulary::{Mode, names};
use crate::engine::{ExcludedNamespaces, Policy};

/// The variables that every policy on new pods begins with.
pub(super) fn variables(
    policy: &Policy,
    enforced: &Variable,
    too_large: Variable,
) -> Vec<Variable> {
    let [holders, all] = containers();
    let enforced = enforced.clone();
    let foreign = foreign(policy);
    vec![
        enforced,
        too_large,
        holders,
        all,
        taking(),
        foreign,
        strategy(),
    ]
}

/// An annotation or label of `owner`, empty where it is not there.
pub(super) fn metadata(owner: &str, map: &str, key: &str) -> String {
    format!("{owner}.metadata.?{map}[?{}].orValue('')", quoted(key))
}

/// Excludes mirror pods of kubelets; the annotation alone proves nothing, because anyone can write it.
pub(super) fn no_mirror() -> Variable {
    let expression = "!(request.userInfo.username.startsWith('system:node:') && \
        'kubernetes.io/config.mirror' in object.metadata.?annotations.orValue({}))";
    ("no-mirror-pod", expression.to_owned())
}

/// Whether slicegate acts in the namespace.
pub(super) fn enforced(policy: &Policy, excluded: &ExcludedNamespaces) -> Variable {
    if policy.mode != Mode::Enforce {
        return ("enforced", "false".to_owned());
    }
    let key = quoted(names::MODE);
    let mode = format!("namespaceObject.metadata.?annotations[?{key}]");
    // A misspelt mode must not disable enforcement.
    let milder = one_of(
        &format!("{mode}.value().lowerAscii()"),
        [Mode::Off.word(), "false", Mode::DryRun.word()],
    );
    let excluded = one_of("request.namespace", excluded.names());
    let absent = policy.namespace_default == Mode::Enforce;
    let expression = format!("!({excluded})\n&& ({mode}.hasValue() ? !({milder}) : {absent})");
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
    let (name, entries) = too_large_to_label();
    let clauses = [entries, paths, pairs, beyond_on_nodes(), beyond_beside()];
    (name, clauses.join("\n|| "))
}

/// Whether labels and containers are too many to be read, in any namespace.
pub(super) fn too_large_to_label() -> Variable {
    let expression = beyond(pod_limits::CONTAINERS.most, pod_limits::ENTRIES.most);
    ("tooLarge", expression)
}

/// Whether its constraints on nodes are too many to be read.
fn beyond_on_nodes() -> String {
    let both = [
        "t.?matchExpressions.orValue([])",
        "t.?matchFields.orValue([])",
    ];
    let requirements = both.map(|list| format!("size({list})")).join(" + ");
    let values = both.map(|list| format!("{list}.map(e, size(e.?values.orValue([]))).sum()"));
    let values = values.join(" + ");
    [
        more(
            "size(object.spec.?nodeSelector.orValue({}))",
            &pod_limits::SELECTORS,
        ),
        more(
            "size(object.spec.?tolerations.orValue([]))",
            &pod_limits::TOLERATIONS,
        ),
        more(&format!("size({NODE_TERMS})"), &pod_limits::TERMS),
        more(
            &format!("{NODE_TERMS}.map(t, {requirements}).sum()"),
            &pod_limits::REQUIREMENTS,
        ),
        more(
            &format!("{NODE_TERMS}.map(t, {values}).sum()"),
            &pod_limits::VALUES,
        ),
    ]
    .join("\n|| ")
}

/// Whether its pod affinity, owners and claims are too many to be read.
fn beyond_beside() -> String {
    let neighbours = ["required", "preferred"].map(|kind| {
        ["podAffinity", "podAntiAffinity"].map(|side| {
            format!("size(object.spec.?affinity.?{side}.?{kind}DuringSchedulingIgnoredDuringExecution.orValue([]))")
        })
    });
    let neighbours = neighbours.concat().join("\n  + ");
    [
        more(&neighbours, &pod_limits::NEIGHBOURS),
        more(
            "size(object.metadata.?ownerReferences.orValue([]))",
            &pod_limits::OWNERS,
        ),
        more(
            "size(object.spec.?resourceClaims.orValue([]))",
            &pod_limits::CLAIMS,
        ),
    ]
    .join("\n|| ")
}

fn more(count: &str, limit: &Limit) -> String {
    format!("{count} > {}", limit.most)
}

/// A pod that is too large is refused in enforced namespaces, because it may take a GPU.
pub(super) fn not_too_large() -> Validation {
    let limits = pod_limits::LIMITS
        .into_iter()
        .filter(|limit| limit.is_guarded);
    let limits = join(
        limits.map(|limit| format!("{} {}", limit.most, limit.of)),
        ", ",
    );
    let id = too_large::RULE.id;
    let message = format!(
        "[{id}] the pod says more than is read, which is at most {limits}; fix: say less, or split the pod"
    );
    Validation::new("!variables.enforced || !variables.tooLarge", message)
}

/// Containers that can hold a device, and all of them.
pub(super) fn containers() -> [Variable; 2] {
    let init = "object.spec.containers + object.spec.?initContainers.orValue([])";
    let all = "variables.holders + object.spec.?ephemeralContainers.orValue([])";
    [("holders", init.to_owned()), ("all", all.to_owned())]
}

pub(super) fn is_gpu_resource(name: &str) -> String {
    let whole = one_of(name, [names::GPU, names::GPU_SHARED]);
    format!("({whole} || {})", is_mig(name))
}

pub(super) fn is_mig(name: &str) -> String {
    format!(
        "{} && size({name}) > {}",
        begins(name, names::MIG),
        names::MIG.len()
    )
}

/// Whether the container `c` has a limit or request that is not 0, of a name for which `is` holds of `k`.
pub(super) fn requests(is: &str) -> String {
    format!(
        "[c.?resources.?limits, c.?resources.?requests].exists(m, \
        m.orValue({{}}).exists(k, {is} && sign(quantity(m.value()[k])) != 0))"
    )
}

/// The containers that take a stock resource.
pub(super) fn taking() -> Variable {
    let requests = requests(&is_gpu_resource("k"));
    ("taking", format!("variables.holders.filter(c, {requests})"))
}

/// Whether the pod belongs to a system that the policy leaves alone.
pub(super) fn foreign(policy: &Policy) -> Variable {
    let is_listed = |name: &&SystemName| policy.leaves_alone(name.systems);
    let all: Vec<&SystemName> = SYSTEM_NAMES.iter().filter(is_listed).collect();
    if all.is_empty() {
        return ("foreign", "false".to_owned());
    }
    let shares = all
        .iter()
        .copied()
        .filter(|name| name.takes_a_share)
        .collect::<Vec<_>>();
    let (all, shares) = (has_system_name(&all), has_system_name(&shares));
    (
        "foreign",
        format!("size(variables.taking) > 0\n? {all}\n: {shares}"),
    )
}

/// Whether the pod has one of these names.
fn has_system_name(names: &[&SystemName]) -> String {
    let in_map = |kind, map| {
        let is = is_system_name(names, kind)?;
        Some(format!(
            "object.metadata.?{map}.orValue({{}}).exists(k, {is} && object.metadata.{map}[k] != 'false')"
        ))
    };
    let resource = is_system_name(names, KeyKind::Resource);
    let resource = resource.map(|is| format!("variables.holders.exists(c, {})", requests(&is)));
    let annotation = in_map(KeyKind::Annotation, "annotations");
    let clauses = [annotation, in_map(KeyKind::Label, "labels"), resource];
    let clauses = join(clauses.into_iter().flatten(), "\n  || ");
    if clauses.is_empty() {
        return "false".to_owned();
    }
    format!("({clauses})")
}

/// Whether the key `k` is one of these names; none where no name is of that kind.
fn is_system_name(names: &[&SystemName], kind: KeyKind) -> Option<String> {
    let keys = names
        .iter()
        .filter(|name| name.kind == kind)
        .map(|name| name.key);
    let (open, whole): (Vec<&str>, Vec<&str>) = keys.partition(|key| key.ends_with('*'));
    let open: Vec<&str> = open.iter().map(|key| key.trim_end_matches('*')).collect();
    let whole = (!whole.is_empty()).then(|| one_of("k", &whole));
    let open = (!open.is_empty()).then(|| begins_with("k", &open));
    let clauses = join(whole.into_iter().chain(open), " || ");
    (!clauses.is_empty()).then(|| format!("({clauses})"))
}

pub(super) fn strategy() -> Variable {
    ("strategy", metadata("object", "labels", names::STRATEGY))
}
