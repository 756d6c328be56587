//! Ephemeral containers that are added to a running pod of an enforced namespace and reach for GPUs.

use super::object::{Admission, Validation};
use super::rule::{self, denies};
use super::{bypass, paths, runtime, scope};
use crate::cel::quoted;
use crate::engine::rules::ephemeral_gpu::RULE;
use crate::engine::rules::runtime_class;
use crate::engine::vocabulary::Mode;
use crate::engine::{ExcludedNamespaces, Policy, RuntimeClasses, Strategy};

/// The policy `slicegate-ephemeral`.
pub(super) fn policy(
    policy: &Policy,
    never: &ExcludedNamespaces,
    classes: &RuntimeClasses,
) -> Admission {
    let added = "object.spec.?ephemeralContainers.orValue([]).filter(c, \
        !oldObject.spec.?ephemeralContainers.orValue([]).exists(o, o.name == c.name))";
    let [holders, all] = scope::containers();
    let mut variables = vec![scope::enforced(policy, never), ("added", added.to_owned())];
    variables.extend([holders, scope::taking()]);
    variables.extend(bypass::reaching("variables.added"));
    variables.extend(bypass::any_limits("variables.added"));
    let added = "variables.added";
    variables.extend([bypass::lifted(added), bypass::reaching_out(added)]);
    variables.extend([
        bypass::host_spaces(),
        all,
        paths::pipes(added),
        scope::strategy(),
    ]);
    variables.extend(paths::roads());
    variables.extend([
        scope::foreign(policy),
        runtime::variable(classes),
        runtime::unhidden(added),
    ]);
    Admission {
        name: "slicegate-ephemeral",
        on: ("UPDATE", &["pods/ephemeralcontainers"]),
        everywhere: false,
        needs: Mode::Enforce,
        conditions: vec![(
            "has-ephemeral-containers",
            "size(object.spec.?ephemeralContainers.orValue([])) > 0".to_owned(),
        )],
        variables,
        validations: match denies(policy, &RULE) {
            true => validations(policy),
            false => Vec::new(),
        },
    }
}

fn validations(policy: &Policy) -> Vec<Validation> {
    let validation = |holds: &str, found: &str, fix: &str| {
        rule::validation(
            &RULE,
            &format!("!variables.enforced\n|| {holds}"),
            Some(found),
            fix,
        )
    };
    let mut validations = vec![
        validation(
            "size(variables.shown) + size(variables.spelled) + size(variables.mounted) == 0",
            bypass::first_reach(),
            "remove it; an ephemeral container gets no devices",
        ),
        validation(
            "size(variables.limits) + size(variables.limitSources) == 0",
            bypass::first_limit(),
            "remove it",
        ),
        validation(
            &format!(
                "size(variables.taking) == 0\n|| size(variables.strategy == {} ? variables.privileged : variables.reaching) == 0",
                quoted(Strategy::Exclusive.word())
            ),
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
            runtime::first_unhidden(),
            "set NVIDIA_VISIBLE_DEVICES to void in it, as slicegate does when it is there",
        ));
    }
    validations
}
