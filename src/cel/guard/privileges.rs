//! Privileges in CEL by which a container reaches past a share of a GPU, or past all that a pod was given.

use super::object::{Validation, Variable};
use super::scope::{is_mig, requests};
use super::{markers, rule};
use crate::cel::expressions::{one_of, quoted};
use crate::engine::Strategy;
use crate::engine::rules::privileged_share::{self, RULE};

pub(super) fn host_spaces() -> Variable {
    let spaces = "object.spec.?hostPID.orValue(false) || object.spec.?hostIPC.orValue(false)";
    ("hostSpaces", spaces.to_owned())
}

/// `privileged`: the containers of a list that are privileged, or as good as.
pub(super) fn privileged(containers: &str) -> Variable {
    let escalates = capability_in(&privileged_share::LIFTING);
    let bad = format!("(!a.matches('^[[:ascii:]]*$') || {escalates})");
    ("privileged", with_capability(containers, &bad))
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
    ("reaching", with_capability(containers, &bad))
}

/// Whether a capability `a` is one of these, with or without its prefix.
fn capability_in(names: &[&str]) -> String {
    let plain = names.iter().map(|&name| name.to_owned());
    let prefixed = names.iter().map(|name| format!("CAP_{name}"));
    format!("({})", one_of("a.upperAscii()", plain.chain(prefixed)))
}

fn with_capability(containers: &str, bad: &str) -> String {
    format!(
        "{containers}.filter(c, c.?securityContext.?privileged.orValue(false)\n  \
        || c.?securityContext.?capabilities.?add.orValue([]).exists(a, {bad}))"
    )
}

/// These, and `part`: whether the pod holds less than whole GPUs.
pub(super) fn of_a_share() -> Vec<Variable> {
    let part = format!(
        "size(variables.taking) > 0\n&& (variables.mayShare || variables.strategy == {}\n  \
        || variables.taking.exists(c, {}) && !({}))",
        quoted(Strategy::Mig.word()),
        requests(&format!("({})", is_mig("k"))),
        markers::pinned()
    );
    let [terms, may_share] = markers::sharing();
    let reaching = reaching_out("variables.all");
    vec![reaching, host_spaces(), terms, may_share, ("part", part)]
}

/// No container of a pod with a share reaches past it.
pub(super) fn validation() -> Validation {
    let holds = "!variables.judged || !variables.hostSpaces && size(variables.reaching) == 0 || !variables.part";
    let found = "(variables.hostSpaces ? 'the pod has hostPID or hostIPC' : 'container ' + variables.reaching[0].name \
        + ' is privileged or adds a capability') + ', which reaches past a share or slice to its neighbours'";
    let fix = "drop the privilege, or ask for whole GPUs in a tier that lists exclusive";
    rule::validation(&RULE, holds, Some(found), fix)
}
