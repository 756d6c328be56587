//! `parallelism`: warns of a program that is told to use more devices than its container gets.

use super::flags;
use crate::engine::findings::Findings;
use crate::engine::rule::{Rule, Severity};
use crate::engine::want::Want;
use crate::facts::Pod;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parallelism",
    default: Severity::Warn,
    always_denies: false,
    refuses: "flags that ask for more devices than the container gets",
    cause: "A flag in the container's command or args, such as --tensor-parallel-size or \
        --nproc-per-node, names more devices than the container asks for. A share or a MIG slice \
        counts as one device.",
    risk: "The program can fail at its start for want of devices, and holds its GPU while it is \
        restarted.",
    fix: "Ask for as many GPUs as the flag names, where the tier lists exclusive or no tier \
        applies, or lower the flag.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    args: [serve, model, --tensor-parallel-size=2]
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
spec:
  containers:
  - name: main
    image: registry.example/app:1
    args: [serve, model, --tensor-parallel-size=2]
    resources:
      limits: {nvidia.com/gpu: "2"}
"#,
};

/// Warns of a process group larger than the devices its container gets.
pub fn check(pod: &Pod<'_>, wants: &[Want<'_>], findings: &mut Findings<'_>) {
    for want in wants {
        let Some(container) = pod.at(want.place) else {
            continue;
        };
        let Some((flag, ways)) = flags::find(container, |flag, value| {
            if !flags::is_one_of(flag, &FLAGS) {
                return None;
            }
            let value = value.word();
            value.parse::<u64>().ok().filter(|ways| *ways > want.count)
        }) else {
            continue;
        };
        let message = format!(
            "container {} runs with --{flag} {ways} and gets {} device",
            want.container, want.count
        );
        let fix = format!(
            "set --{flag} to {}, or ask for {ways} whole GPUs",
            want.count
        );
        findings.warn(&RULE, want.place.to_string(), (message, fix));
    }
}

/// Spelt with underscores; a dash is the same.
const FLAGS: [&str; 5] = [
    "tensor_parallel_size",
    "tp_size",
    "tp",
    "nproc_per_node",
    "num_gpus",
];
