//! What the rules on bypasses refuse in any pod of an enforced namespace, as far as the pod alone shows it.

use super::object::{Admission, Validation, Variable};
use super::rule::{self, denies};
use super::scope::{self, asks, begins_with, is_gpu_resource, one_of};
use super::{injected, markers, paths, runtime};
use crate::cel::quoted;
use crate::cel::relevance;
use crate::engine::relevance::reserved;
use crate::engine::rules::{
    host_device, limit_env, privileged_share, runtime_class, visible_devices,
};
use crate::engine::vocabulary::{Mode, names};
use crate::engine::{ExcludedNamespaces, Policy, RuntimeClasses, Strategy};

/// The policy `slicegate-bypass`.
pub(super) fn policy(
    policy: &Policy,
    never: &ExcludedNamespaces,
    classes: &RuntimeClasses,
) -> Admission {
    let mut variables = vec![scope::enforced(policy, never), scope::too_large()];
    variables.extend(scope::containers());
    variables.extend([scope::taking(), scope::foreign(policy), scope::strategy()]);
    let judged = "variables.enforced && !variables.tooLarge && !variables.foreign";
    variables.push(("judged", judged.to_owned()));
    let mut validations = vec![scope::not_too_large()];
    for (rule, found, validation) in [
        (&visible_devices::RULE, shown(), shows()),
        (
            &visible_devices::RULE,
            injected::variables(policy),
            injected::validation(),
        ),
        (
            &runtime_class::RULE,
            vec![runtime::variable(classes)],
            runtime::takes_a_gpu(),
        ),
        (
            &runtime_class::RULE,
            vec![runtime::unhidden("variables.all")],
            runtime::is_hidden(),
        ),
        (&limit_env::RULE, lifted_limits(), lifts_limits()),
        (&privileged_share::RULE, privileged(), is_privileged_share()),
        (&host_device::RULE, hosts(), leads_to_devices()),
        (
            &host_device::RULE,
            vec![paths::pipes("variables.all")],
            paths::no_pipe(&host_device::RULE, "!variables.judged"),
        ),
    ] {
        if denies(policy, rule) {
            variables.extend(found);
            validations.push(validation);
        }
    }
    keep_first(&mut variables);
    Admission {
        name: "slicegate-bypass",
        on: ("CREATE", &["pods"]),
        everywhere: false,
        needs: Mode::Enforce,
        conditions: vec![scope::no_mirror(), ("touches-gpu", relevance::expression())],
        variables,
        validations,
    }
}

/// Two rules may need the same variable.
fn keep_first(variables: &mut Vec<Variable>) {
    let mut seen: Vec<&str> = Vec::new();
    variables.retain(|(name, _)| {
        let is_new = !seen.contains(name);
        seen.push(name);
        is_new
    });
}

/// What each container of a list does that is refused: lists of texts, none empty.
fn doing(containers: &str, entries: &str, entry: &str, bad: &str, what: &str) -> String {
    format!(
        "{containers}.map(c, c.?{entries}.orValue([]).filter({entry}, {bad})\n  \
        .map({entry}, 'container ' + c.name + ' ' + {what})).filter(l, size(l) > 0)"
    )
}

/// `shown`, `spelled` and `mounted`: variables, prefixes and mounts by which a container sees GPUs past its request.
fn shown() -> Vec<Variable> {
    reaching("variables.all")
}

/// The same for any list of containers.
pub(super) fn reaching(containers: &str) -> Vec<Variable> {
    let visible = quoted(names::VISIBLE_DEVICES);
    let legacy = quoted(visible_devices::LEGACY);
    let nothing = one_of("x.?value.orValue('')", &visible_devices::NOTHING);
    let open = format!(
        "!({})\n      && !c.?env.orValue([]).exists(x, x.name == {visible} && !has(x.valueFrom) && {nothing})",
        asks("c", &is_gpu_resource("k"))
    );
    let shows = format!(
        "e.name == {visible} && (has(e.valueFrom) || !({}))\n    || {}\n    || {}\n    || e.name == {legacy} && {open}",
        one_of("e.?value.orValue('')", &visible_devices::NOTHING),
        one_of("e.name", &reserved::SWITCHES),
        begins_with("e.name", &reserved::MIG_DEVICES)
    );
    let names = reserved::SWITCHES
        .into_iter()
        .chain([names::VISIBLE_DEVICES]);
    let names: Vec<String> = names.chain(reserved::MIG_DEVICES).map(quoted).collect();
    let spells = format!(
        "has(s.prefix) && s.prefix != '' && (size(s.prefix) < 64 && [{}].exists(n, n.startsWith(s.prefix))\n    \
        || {}\n    || size(s.prefix) < 64 && {legacy}.startsWith(s.prefix) && {open})",
        names.join(", "),
        begins_with("s.prefix", &reserved::MIG_DEVICES)
    );
    let folder = reserved::DEVICES;
    let within = ["/var/run/", "/run/"].map(|above| format!("{above}{folder}/"));
    let within: Vec<&str> = within.iter().map(String::as_str).collect();
    // CEL cannot resolve `..`, so together with the folder's name it counts as leading there.
    let mounts = format!(
        "m.mountPath.contains({}) && ('..' in m.mountPath.split('/')\n    || [{} + '/'].exists(p, {}))",
        quoted(folder),
        paths::clean("m.mountPath"),
        begins_with("p", &within)
    );
    vec![
        (
            "shown",
            doing(containers, "env", "e", &shows, "'sets ' + e.name"),
        ),
        (
            "spelled",
            doing(
                containers,
                "envFrom",
                "s",
                &spells,
                "'takes variables under the prefix ' + s.prefix",
            ),
        ),
        (
            "mounted",
            doing(
                containers,
                "volumeMounts",
                "m",
                &mounts,
                "'mounts ' + m.mountPath",
            ),
        ),
    ]
}

/// The expression of what `shown`, `spelled` and `mounted` found first.
pub(super) fn first_reach() -> &'static str {
    "(variables.shown + variables.spelled + variables.mounted)[0][0] + ', which shows it GPUs past its request'"
}

fn shows() -> Validation {
    rule::validation(
        &visible_devices::RULE,
        "!variables.judged\n|| size(variables.shown) + size(variables.spelled) + size(variables.mounted) == 0",
        Some(first_reach()),
        "remove it; the device plugin sets what the request grants",
    )
}

/// `limits`: variables that are slicegate's to set. Those it sets for MPS clients are no more than well-formed here:
/// how much is right depends on the fleet.
fn lifted_limits() -> Vec<Variable> {
    let is_limit = begins_with("e.name", &reserved::LIMITS);
    let granted = format!(
        "variables.strategy == {} && variables.taking.exists(t, t.name == c.name)",
        quoted(Strategy::Mps.word())
    );
    let value = "e.?value.orValue('')";
    let good = format!(
        "!has(e.valueFrom) && (e.name == {} && {value}.matches('^0=0*[1-9][0-9]{{0,18}}M$')\n      \
        || e.name == {} && {value}.matches('^0*([1-9][0-9]?|100)$'))",
        quoted(names::MPS_MEMORY),
        quoted(names::MPS_THREADS)
    );
    let bad = format!(
        "{is_limit} && !({granted}\n      && {good})\n    \
        || e.name == 'CUDA_VISIBLE_DEVICES' && (has(e.valueFrom) || {value} != '0') && {granted}"
    );
    let ordinals = format!(
        "{granted} && has(s.prefix) && s.prefix != '' && size(s.prefix) < 64 && {}.startsWith(s.prefix)",
        quoted(limit_env::VISIBLE_ORDINALS)
    );
    vec![
        (
            "limits",
            doing("variables.all", "env", "e", &bad, "'sets ' + e.name"),
        ),
        sources(
            "variables.all",
            &format!("{}\n    || {ordinals}", spells_limits()),
        ),
    ]
}

/// `limits` and `limitSources` of containers that are given none.
pub(super) fn any_limits(containers: &str) -> [Variable; 2] {
    let is_limit = begins_with("e.name", &reserved::LIMITS);
    [
        (
            "limits",
            doing(containers, "env", "e", &is_limit, "'sets ' + e.name"),
        ),
        sources(containers, &spells_limits()),
    ]
}

/// A prefix that makes keys of a config map variables of limits.
fn spells_limits() -> String {
    let names: Vec<String> = reserved::LIMITS.into_iter().map(quoted).collect();
    format!(
        "has(s.prefix) && s.prefix != '' && (size(s.prefix) < 64 && [{}].exists(n, n.startsWith(s.prefix))\n    || {})",
        names.join(", "),
        begins_with("s.prefix", &reserved::LIMITS)
    )
}

fn sources(containers: &str, spells: &str) -> Variable {
    let what = "'takes variables under the prefix ' + s.prefix";
    (
        "limitSources",
        doing(containers, "envFrom", "s", spells, what),
    )
}

/// The expression of what `limits` and `limitSources` found first.
pub(super) fn first_limit() -> &'static str {
    "(variables.limits + variables.limitSources)[0][0] + ', which is for slicegate to set'"
}

fn lifts_limits() -> Validation {
    rule::validation(
        &limit_env::RULE,
        "!variables.judged || size(variables.limits) + size(variables.limitSources) == 0",
        Some(first_limit()),
        "remove it; ask with slicegate.dev/gpu-memory or slicegate.dev/gpu-compute",
    )
}

/// `privileged` and `hostSpaces`: what escalates a pod's privileges.
fn lifts() -> Vec<Variable> {
    vec![lifted("variables.all"), host_spaces()]
}

pub(super) fn host_spaces() -> Variable {
    let spaces = "object.spec.?hostPID.orValue(false) || object.spec.?hostIPC.orValue(false)";
    ("hostSpaces", spaces.to_owned())
}

/// These, and `part`: whether it holds less than whole GPUs.
fn privileged() -> Vec<Variable> {
    let mut variables = vec![reaching_out("variables.all"), host_spaces()];
    variables.extend(markers::sharing());
    let slice = format!(
        "k.startsWith({}) && size(k) > {}",
        quoted(names::MIG),
        names::MIG.len()
    );
    let part = format!(
        "size(variables.taking) > 0\n&& (variables.mayShare || variables.strategy == {}\n  \
        || variables.taking.exists(c, {}) && !({}))",
        quoted(Strategy::Mig.word()),
        asks("c", &format!("({slice})")),
        markers::pinned()
    );
    variables.push(("part", part));
    variables
}

/// `privileged`: the containers of a list that are privileged, or as good as.
pub(super) fn lifted(containers: &str) -> Variable {
    let bad = format!(
        "(!a.matches('^[[:ascii:]]*$') || {})",
        capability_in(&privileged_share::LIFTING)
    );
    ("privileged", overdone(containers, &bad))
}

/// `reaching`: the containers of a list that reach past a share of the pod.
pub(super) fn reaching_out(containers: &str) -> Variable {
    let shows_processes = format!(
        "object.spec.?volumes.orValue([]).exists(v, v.?hostPath.?path.orValue('').matches('(^|/){}(/|$)'))",
        privileged_share::PROCESSES
    );
    let bad = format!(
        "!{} && (object.spec.?hostNetwork.orValue(false) || !{})\n    && (!{} || {shows_processes})",
        capability_in(&privileged_share::ALLOWED),
        capability_in(&privileged_share::ALLOWED_IN_OWN_NETWORK),
        capability_in(&privileged_share::ALLOWED_WITHOUT_PROCESSES)
    );
    ("reaching", overdone(containers, &bad))
}

/// Whether a capability `a` is one of these, with or without its prefix.
fn capability_in(names: &[&str]) -> String {
    let with_prefix: Vec<String> = names.iter().map(|name| format!("CAP_{name}")).collect();
    let all = names
        .iter()
        .copied()
        .chain(with_prefix.iter().map(String::as_str));
    let all: Vec<&str> = all.collect();
    format!("({})", one_of("a.upperAscii()", &all))
}

fn overdone(containers: &str, bad: &str) -> String {
    format!(
        "{containers}.filter(c, c.?securityContext.?privileged.orValue(false)\n  \
        || c.?securityContext.?capabilities.?add.orValue([]).exists(a, {bad}))"
    )
}

fn is_privileged_share() -> Validation {
    rule::validation(
        &privileged_share::RULE,
        "!variables.judged || !variables.hostSpaces && size(variables.reaching) == 0 || !variables.part",
        Some(
            "(variables.hostSpaces ? 'the pod has hostPID or hostIPC' : 'container ' + variables.reaching[0].name \
            + ' is privileged or adds a capability') + ', which reaches past a share or slice to its neighbours'",
        ),
        "drop the privilege, or ask for whole GPUs in a tier that lists exclusive",
    )
}

/// `roads`: host paths that lead to the node's GPUs; a folder above one counts in a pod that has a GPU or privileges.
fn hosts() -> Vec<Variable> {
    let mut variables = lifts();
    variables.extend(paths::roads());
    variables
}

fn leads_to_devices() -> Validation {
    rule::validation(
        &host_device::RULE,
        "!variables.judged || size(variables.roads) == 0",
        Some(paths::FIRST_ROAD),
        "remove the volume, or mount the folder that is needed instead of its parent",
    )
}
