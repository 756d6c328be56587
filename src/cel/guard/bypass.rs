//! What the rules on bypasses refuse in any pod of an enforced namespace, as far as the pod alone shows it.

use super::object::{Admission, Validation, Variable};
use super::rule::{self, denies};
use super::scope::{self, is_gpu_resource, requests};
use super::{injected, paths, privileges, runtime};
use crate::cel::expressions::{begins_with, join, one_of, quoted};
use crate::cel::relevance;
use crate::engine::relevance::reserved::{DEVICES, LIMITS, MIG_DEVICES, SWITCHES};
use crate::engine::rules::visible_devices::{LEGACY, NOTHING};
use crate::engine::rules::{
    host_device, limit_env, privileged_share, runtime_class, visible_devices,
};
use crate::engine::vocabulary::{Mode, names};
use crate::engine::{Policy, RuntimeClasses, Strategy};

pub(super) fn policy(policy: &Policy, enforced: &Variable, classes: &RuntimeClasses) -> Admission {
    let mut variables = scope::variables(policy, enforced, scope::too_large());
    let judged = "variables.enforced && !variables.tooLarge && !variables.foreign";
    variables.push(("judged", judged.to_owned()));
    let mut validations = vec![scope::not_too_large()];
    let all = "variables.all";
    let mut on_paths = vec![privileges::privileged(all), privileges::host_spaces()];
    on_paths.extend(paths::sensitive_paths());
    let no_pipe = paths::no_pipe(&host_device::RULE, "!variables.judged");
    for (rule, found, validation) in [
        (&visible_devices::RULE, exposing(all).into(), exposes_none()),
        (
            &visible_devices::RULE,
            injected::variables(policy).into(),
            injected::validation(),
        ),
        (
            &runtime_class::RULE,
            vec![runtime::variable(classes)],
            runtime::takes_a_gpu(),
        ),
        (
            &runtime_class::RULE,
            vec![runtime::unhidden(all)],
            runtime::is_hidden(),
        ),
        (&limit_env::RULE, wrong_limits().into(), sets_no_limits()),
        (
            &privileged_share::RULE,
            privileges::of_a_share(),
            privileges::validation(),
        ),
        (&host_device::RULE, on_paths, leads_to_no_devices()),
        (&host_device::RULE, vec![paths::pipes(all)], no_pipe),
    ] {
        if denies(policy, rule) {
            // Two rules may need the same variable.
            for variable in found {
                if !variables.iter().any(|(name, _)| *name == variable.0) {
                    variables.push(variable);
                }
            }
            validations.push(validation);
        }
    }
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

type Entries = (&'static str, &'static str, &'static str);

/// Lists of a container: the list, the name of an entry, and what the message says about one.
const VARIABLES: Entries = ("env", "e", "'sets ' + e.name");
const SOURCES: Entries = (
    "envFrom",
    "s",
    "'takes variables under the prefix ' + s.prefix",
);
const MOUNTS: Entries = ("volumeMounts", "m", "'mounts ' + m.mountPath");

/// What each container of a list does that is refused: lists of texts, none empty.
fn refused(containers: &str, (list, entry, text): Entries, is_bad: &str) -> String {
    format!(
        "{containers}.map(c, c.?{list}.orValue([]).filter({entry}, {is_bad})\n  \
        .map({entry}, 'container ' + c.name + ' ' + {text})).filter(l, size(l) > 0)"
    )
}

/// Whether the prefix of a source makes variables of these names, or of these beginnings, of its keys.
fn makes(names: impl Iterator<Item = &'static str>, beginnings: &[&str], more: &str) -> String {
    let names = join(names.map(quoted), ", ");
    let begins = begins_with("s.prefix", beginnings);
    format!(
        "has(s.prefix) && s.prefix != '' && (size(s.prefix) < 64 && [{names}].exists(n, n.startsWith(s.prefix))\n    \
        || {begins}{more})"
    )
}

/// `shown`, `spelled` and `mounted`: variables, prefixes and mounts by which a container of a list sees GPUs past its
/// request.
pub(super) fn exposing(containers: &str) -> [Variable; 3] {
    let (visible, legacy) = (quoted(names::VISIBLE_DEVICES), quoted(LEGACY));
    let requests = requests(&is_gpu_resource("k"));
    let hides = one_of("x.?value.orValue('')", NOTHING);
    let open = format!(
        "!({requests})\n      && !c.?env.orValue([]).exists(x, x.name == {visible} && !has(x.valueFrom) && {hides})"
    );
    let shows = format!(
        "e.name == {visible} && (has(e.valueFrom) || !({}))\n    || {}\n    || {}\n    || e.name == {legacy} && {open}",
        one_of("e.?value.orValue('')", NOTHING),
        one_of("e.name", SWITCHES),
        begins_with("e.name", &MIG_DEVICES)
    );
    let names = SWITCHES.into_iter().chain([names::VISIBLE_DEVICES]);
    let spells = makes(
        names.chain(MIG_DEVICES),
        &MIG_DEVICES,
        &format!("\n    || size(s.prefix) < 64 && {legacy}.startsWith(s.prefix) && {open}"),
    );
    let within = ["/var/run/", "/run/"].map(|above| format!("{above}{DEVICES}/"));
    // CEL cannot resolve `..`, so together with the folder's name it counts as leading there.
    let mounts = format!(
        "m.mountPath.contains({}) && ('..' in m.mountPath.split('/')\n    || [{} + '/'].exists(p, {}))",
        quoted(DEVICES),
        paths::clean("m.mountPath"),
        begins_with("p", &within.each_ref().map(String::as_str))
    );
    [
        ("shown", refused(containers, VARIABLES, &shows)),
        ("spelled", refused(containers, SOURCES, &spells)),
        ("mounted", refused(containers, MOUNTS, &mounts)),
    ]
}

/// The message about what `shown`, `spelled` and `mounted` found first.
pub(super) const FIRST_EXPOSING: &str = "(variables.shown + variables.spelled + variables.mounted)[0][0] + ', which shows it GPUs past its request'";

fn exposes_none() -> Validation {
    let holds = "!variables.judged\n|| size(variables.shown) + size(variables.spelled) + size(variables.mounted) == 0";
    let fix = "remove it; the device plugin sets what the request grants";
    rule::validation(&visible_devices::RULE, holds, Some(FIRST_EXPOSING), fix)
}

/// `limits` and `limitSources` of all containers. The variables that slicegate sets for MPS clients have to be
/// well-formed; which value is right depends on the fleet.
fn wrong_limits() -> [Variable; 2] {
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
    let ordinals = quoted(limit_env::VISIBLE_ORDINALS);
    limits(
        "variables.all",
        &format!(
            " && !({granted}\n      && {good})\n    \
            || e.name == {ordinals} && (has(e.valueFrom) || {value} != '0') && {granted}"
        ),
        &format!(
            "\n    || {granted} && has(s.prefix) && s.prefix != '' && size(s.prefix) < 64 && {ordinals}.startsWith(s.prefix)"
        ),
    )
}

/// `limits` and `limitSources`: variables and prefixes of a list of containers that set the limits of a share, which
/// are slicegate's to set. `unless` is appended to the one condition, `or_source` to the other.
pub(super) fn limits(containers: &str, unless: &str, or_source: &str) -> [Variable; 2] {
    let is_limit = format!("{}{unless}", begins_with("e.name", &LIMITS));
    let spells = format!("{}{or_source}", makes(LIMITS.into_iter(), &LIMITS, ""));
    [
        ("limits", refused(containers, VARIABLES, &is_limit)),
        ("limitSources", refused(containers, SOURCES, &spells)),
    ]
}

/// The message about what `limits` and `limitSources` found first.
pub(super) const FIRST_LIMIT: &str =
    "(variables.limits + variables.limitSources)[0][0] + ', which is for slicegate to set'";

fn sets_no_limits() -> Validation {
    let holds = "!variables.judged || size(variables.limits) + size(variables.limitSources) == 0";
    let fix = "remove it; ask with slicegate.dev/gpu-memory or slicegate.dev/gpu-compute";
    rule::validation(&limit_env::RULE, holds, Some(FIRST_LIMIT), fix)
}

fn leads_to_no_devices() -> Validation {
    let holds = "!variables.judged || size(variables.roads) == 0";
    let fix = "remove the volume, or mount the folder that is needed instead of its parent";
    rule::validation(&host_device::RULE, holds, Some(paths::FIRST_SENSITIVE), fix)
}
