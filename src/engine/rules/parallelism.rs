//! `parallelism`: warns of a program that is told to use more devices than its container gets.

use super::Rule;
use crate::engine::policy::Severity;

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
