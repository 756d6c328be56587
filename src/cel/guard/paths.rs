//! Paths in CEL: host paths that lead to the node's GPUs, and mounts over the MPS pipe.
//!
//! What variables make of a `subPathExpr` is not worked out here: the folder they are in is judged as a whole.

use super::object::{Validation, Variable};
use super::rule;
use crate::cel::{begins_one, is_one_of, quoted};
use crate::engine::relevance::host_paths::{
    ALIASES, PROCESSES, PathAlias, SENSITIVE_PATHS, SensitivePath, all_parents,
};
use crate::engine::relevance::reserved::{PIPES, PIPES_NAME};
use crate::engine::vocabulary::Rule;

/// `hosts` and `roads`, which need `taking`, `hostSpaces` and `privileged`: the host path volumes, and the paths of
/// them and of their mounts that are sensitive.
pub(super) fn roads() -> [Variable; 2] {
    let hosts = "object.spec.?volumes.orValue([]).filter(v, has(v.hostPath))";
    let lifted =
        "size(variables.taking) > 0 || variables.hostSpaces || size(variables.privileged) > 0";
    let found = format!("{} || {} && ({lifted})", leads("p"), contains("p"));
    let whole = first_names(&format!(
        "variables.hosts.map(v, {})",
        clean("v.hostPath.path")
    ));
    let part = "m.?subPath.orValue('') != '' ? m.subPath : m.?subPathExpr.orValue('')";
    let parts = format!(
        "variables.all.map(c, c.?volumeMounts.orValue([])\n    \
        .filter(m, has(m.subPath) || has(m.subPathExpr) && !m.subPathExpr.contains('$('))\n    \
        .filter(m, variables.hosts.exists(v, v.name == m.name))\n    \
        .map(m, variables.hosts.filter(v, v.name == m.name)[0].hostPath.path + '/' + ({part})))\n    \
        .filter(l, size(l) > 0)"
    );
    let parts = format!(
        "{parts}.map(l, {}.filter(p, {found}))",
        first_names(&format!("l.map(q, {})", clean("q")))
    );
    let roads =
        format!("size(variables.hosts) == 0 ? [] : [{whole}.filter(p, {found})]\n  + {parts}");
    [
        ("hosts", hosts.to_owned()),
        ("roads", format!("({roads}).filter(l, size(l) > 0)")),
    ]
}

/// The message about the first of them: without the slash, and only if it is printable.
pub(super) const FIRST_ROAD: &str = "'/spec/volumes: host path ' + [variables.roads[0][0]]\
    .map(p, !p.matches('^[ -~]{1,200}$') ? 'of other characters' : p == '/' ? p : p.substring(0, size(p) - 1))[0] \
    + ' leads to the GPUs of the node, or to what hands them out'";

/// `pipes`: mounts over the MPS pipe. CEL cannot follow `..`, so beside the folder's name it counts as leading there.
pub(super) fn pipes(containers: &str) -> Variable {
    let over = format!(
        "m.mountPath.contains({}) && ('..' in m.mountPath.split('/')\n    || {}.startsWith({}))",
        quoted(PIPES_NAME),
        clean("m.mountPath"),
        quoted(PIPES)
    );
    let pipes = format!("{containers}.filter(c, c.?volumeMounts.orValue([]).exists(m, {over}))");
    ("pipes", pipes)
}

/// No container has one.
pub(super) fn no_pipe(rule: &'static Rule, unless: &str) -> Validation {
    rule::validation(
        rule,
        &format!("{unless} || size(variables.pipes) == 0"),
        Some(
            "'container ' + variables.pipes[0].name + ' mounts something over the pipe of the MPS daemon'",
        ),
        "remove the mount; the device plugin makes it where it is needed",
    )
}

/// A path without empty and `.` parts.
pub(super) fn clean(path: &str) -> String {
    format!("('/' + {path}.split('/').filter(s, !(s in ['', '.'])).join('/'))")
}

/// Clean paths under their first names, each with a slash at its end, so that a folder is a prefix.
fn first_names(paths: &str) -> String {
    let mut paths = format!("{paths}.map(p, p == '/' ? p : p + '/')");
    for PathAlias { path, means, .. } in &ALIASES {
        let within = format!("p.startsWith({})", quoted(&format!("{path}/")));
        let first = format!("{} + p.substring({})", quoted(means), path.len());
        paths = format!("{paths}\n    .map(p, {within} ? {first} : p)");
    }
    paths
}

/// Whether such a path is sensitive. The API server takes no `..` in a host path; this checks it once more.
fn leads(path: &str) -> String {
    let open: Vec<String> = SENSITIVE_PATHS.iter().map(SensitivePath::prefix).collect();
    format!(
        "{path}.contains('/../') || {}\n    \
        || {path}.startsWith({}) && {path}.matches('^/proc/([0-9]+|self|thread-self)/')",
        begins_one(path, open.iter().map(String::as_str)),
        quoted(PROCESSES)
    )
}

/// Whether such a path contains a sensitive one.
fn contains(path: &str) -> String {
    let mut parents: Vec<&str> = all_parents().collect();
    parents.sort_unstable();
    parents.dedup();
    let slashed = parents.iter().map(|parent| match *parent {
        "/" => "/".to_owned(),
        parent => format!("{parent}/"),
    });
    let slashed: Vec<String> = slashed.collect();
    is_one_of(path, slashed.iter().map(String::as_str))
}
