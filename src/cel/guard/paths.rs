//! Paths in CEL: host paths that lead to the node's GPUs, and mounts over the MPS pipe.
//!
//! What variables make of a `subPathExpr` is not worked out here: the folder they are in is judged as a whole.

use super::object::{Validation, Variable};
use super::rule;
use crate::cel::expressions::{begins_one, one_of, quoted};
use crate::cel::relevance::parents;
use crate::engine::relevance::host_paths::{
    ALIASES, PROCESSES, PathAlias, SENSITIVE_PATHS, SensitivePath,
};
use crate::engine::relevance::reserved::{PIPES, PIPES_NAME};
use crate::engine::vocabulary::Rule;

/// `hosts` and `roads`, which need `taking`, `hostSpaces` and `privileged`: the host path volumes, and the paths of
/// them and of their mounts that are sensitive. A folder above one counts in a pod that has a GPU or privileges.
pub(super) fn sensitive_paths() -> [Variable; 2] {
    let hosts = "object.spec.?volumes.orValue([]).filter(v, has(v.hostPath))";
    let found = format!(
        "{} || {} && (size(variables.taking) > 0 || variables.hostSpaces || size(variables.privileged) > 0)",
        leads("p"),
        contains("p")
    );
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
    let names = first_names(&format!("l.map(q, {})", clean("q")));
    let paths = format!(
        "(size(variables.hosts) == 0 ? [] : [{whole}.filter(p, {found})]\n  \
        + {parts}.map(l, {names}.filter(p, {found}))).filter(l, size(l) > 0)"
    );
    [("hosts", hosts.to_owned()), ("roads", paths)]
}

/// The message about the first of them: without the slash, and only if it is printable.
pub(super) const FIRST_SENSITIVE: &str = "'/spec/volumes: host path ' + [variables.roads[0][0]]\
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
    let holds = format!("{unless} || size(variables.pipes) == 0");
    let found = "'container ' + variables.pipes[0].name + ' mounts something over the pipe of the MPS daemon'";
    let fix = "remove the mount; the device plugin makes it where it is needed";
    rule::validation(rule, &holds, Some(found), fix)
}

/// A path without empty and `.` parts.
pub(super) fn clean(path: &str) -> String {
    format!("('/' + {path}.split('/').filter(s, !(s in ['', '.'])).join('/'))")
}

/// Clean paths under their first names, each with a slash at its end, so that a folder is a prefix.
fn first_names(paths: &str) -> String {
    let mut paths = format!("{paths}.map(p, p == '/' ? p : p + '/')");
    for PathAlias { path, means, .. } in &ALIASES {
        let within = quoted(&format!("{path}/"));
        let (means, length) = (quoted(means), path.len());
        paths +=
            &format!("\n    .map(p, p.startsWith({within}) ? {means} + p.substring({length}) : p)");
    }
    paths
}

/// Whether such a path is sensitive. The API server takes no `..` in a host path; this checks it once more.
fn leads(path: &str) -> String {
    format!(
        "{path}.contains('/../') || {}\n    \
        || {path}.startsWith({}) && {path}.matches('^/proc/([0-9]+|self|thread-self)/')",
        begins_one(path, SENSITIVE_PATHS.iter().map(SensitivePath::prefix)),
        quoted(PROCESSES)
    )
}

/// Whether such a path contains a sensitive one.
fn contains(path: &str) -> String {
    let parents = parents().into_iter();
    let slashed = parents.map(|parent| format!("{}/", parent.trim_end_matches('/')));
    one_of(path, slashed)
}
