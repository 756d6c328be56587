//! `memory-fraction`: warns of a program that is told to take more memory than its share.

use super::Rule;
use crate::engine::policy::Severity;

/// The rule.
pub static RULE: Rule = Rule {
    id: "memory-fraction",
    default: Severity::Warn,
    always_denies: false,
    refuses: "flags of a framework that ask for more memory than the share",
    cause: "A flag such as vLLM's --gpu-memory-utilization, SGLang's --mem-fraction-static or \
        TGI's --cuda-memory-fraction asks for more than the share. Such a fraction is of the \
        memory that CUDA reports as the total. Under MPS and time-slicing that is the whole \
        GPU's; under MPS only the free memory shows the limit.",
    risk: "Under MPS the program runs out of memory at its start. Under time-slicing nothing stops \
        it, and its neighbours run out.",
    fix: "Lower the fraction so that fraction times the GPU's memory stays below the share, and \
        leave room for the CUDA context, which counts too. Or use a MIG slice or a whole GPU, \
        where the total is the pod's own.",
    bad: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mps
    slicegate.dev/gpu-memory: 9Gi
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    args: [serve, model, --gpu-memory-utilization=0.9]
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
    good: r#"apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    slicegate.dev/tier: trusted-inference
    slicegate.dev/strategy: mig
    slicegate.dev/gpu-memory: 9Gi
spec:
  securityContext: {runAsUser: 1000}
  containers:
  - name: main
    image: registry.example/app:1
    args: [serve, model, --gpu-memory-utilization=0.9]
    resources:
      limits: {nvidia.com/gpu: "1"}
"#,
};
