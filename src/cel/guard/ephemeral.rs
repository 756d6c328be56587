//! Ephemeral containers that are added to a running pod of an enforced namespace and reach for GPUs.

use super::object::{Admission, Validation, Variable};
use super::rule::{self, denies};
use super::{bypass, paths, privileges, runtime, scope};
use crate::cel::expressions::quoted;
use crate::engine::rules::ephemeral_gpu::RULE;
use crate::engine::rules::runtime_class;
use crate::engine::vocabulary::Mode;
use crate::engine::{Policy, RuntimeClasses, Strategy};

pub(super) fn policy(policy: &Policy, enforced: &Variable, classes: &RuntimeClasses) -> Admission {
    let all_added = "object.spec.?ephemeralContainers.orValue([]).filter(c, \
        !oldObject.spec.?ephemeralContainers.orValue([]).exists(o, o.name == c.name))";
    let added = "variables.added";
    let [holders, all] = scope::containers();
    let mut variables = vec![enforced.clone(), ("added", all_added.to_owned())];
    variables.extend([holders, scope::taking()]);
    variables.extend(bypass::exposing(added));
    variables.extend(bypass::limits(added, "", ""));
    variables.extend([
        privileges::privileged(added),
        privileges::reaching_out(added),
        privileges::host_spaces(),
        all,
        paths::pipes(added),
        scope::strategy(),
    ]);
    variables.extend(paths::sensitive_paths());
    variables.extend([
        scope::foreign(policy),
        runtime::variable(classes),
        runtime::unhidden(added),
    ]);
    let has_ephemeral = "size(object.spec.?ephemeralContainers.orValue([])) > 0";
    Admission {
        name: "slicegate-ephemeral",
        on: ("UPDATE", &["pods/ephemeralcontainers"]),
        everywhere: false,
        needs: Mode::Enforce,
        conditions: vec![("has-ephemeral-containers", has_ephemeral.to_owned())],
        variables,
        validations: if denies(policy, &RULE) {
            validations(policy)
        } else {
            Vec::new()
        },
    }
}

fn validations(policy: &Policy) -> Vec<Validation> {
    let validation = |holds: &str, found: &str, fix: &str| {
        let holds = format!("!variables.enforced\n|| {holds}");
        rule::validation(&RULE, &holds, Some(found), fix)
    };
    let unprivileged = format!(
        "size(variables.taking) == 0\n|| size(variables.strategy == {} ? variables.privileged : variables.reaching) == 0",
        quoted(Strategy::Exclusive.word())
    );
    let mut validations = vec![
        validation(
            "size(variables.shown) + size(variables.spelled) + size(variables.mounted) == 0",
            bypass::FIRST_EXPOSING,
            "remove it; an ephemeral container gets no devices",
        ),
        validation(
            "size(variables.limits) + size(variables.limitSources) == 0",
            bypass::FIRST_LIMIT,
            "remove it",
        ),
        validation(
            &unprivileged,
            "'container ' + (variables.privileged + variables.reaching)[0].name + ' is privileged or adds a capability in a pod with a GPU'",
            "debug it without the privilege",
        ),
        validation(
            "size(variables.privileged) == 0 || size(variables.roads) == 0",
            "'container ' + variables.privileged[0].name + ' is privileged beside a host path that leads to the GPUs of the node'",
            "debug it without the privilege",
        ),
        paths::no_pipe(&RULE, "!variables.enforced"),
    ];
    if denies(policy, &runtime_class::RULE) {
        validations.push(validation(
            "variables.foreign || size(variables.unhidden) == 0",
            runtime::FIRST_UNHIDDEN,
            runtime::HIDE,
        ));
    }
    validations
}
