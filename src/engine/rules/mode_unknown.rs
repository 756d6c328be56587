//! `mode-unknown`: warns of a namespace's mode that is none of the three.

use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::printable::quoted;
use crate::engine::vocabulary::rule::{Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "mode-unknown",
    default: Severity::Warn,
    always_denies: false,
    refuses: "a namespace's mode that is not enforce, dry-run or off",
    cause: "The namespace's annotation slicegate.dev/mode is none of enforce, dry-run and off, in \
        any case of letters; false is read as off, because YAML 1.1 readers make false of an \
        unquoted off. Any other value counts as enforce: somebody wanted slicegate here, and the \
        safe reading is the strict one.",
    risk: "A misspelt dry-run would refuse pods that were only to be reported. A misspelt enforce \
        taken as off would leave the namespace open.",
    fix: "The administrator corrects the annotation: enforce, dry-run or \"off\" in quotes.",
    bad: r"apiVersion: v1
kind: Namespace
metadata:
  name: team-a
  annotations:
    slicegate.dev/mode: enforced
",
    good: r"apiVersion: v1
kind: Namespace
metadata:
  name: team-a
  annotations:
    slicegate.dev/mode: enforce
",
};

/// Warns of a mode that counts as `enforce` because nobody knows it.
pub fn check(namespace: &str, written: &str, findings: &mut Findings<'_>) {
    let message = format!(
        "namespace {namespace} has slicegate.dev/mode {}, which counts as enforce",
        quoted(written)
    );
    let fix = "its administrator should write enforce, dry-run or \"off\"".to_owned();
    findings.warn(&RULE, "", (message, fix));
}
