//! `memory-fraction`: warns of a program that is told to take more memory than its share.

use super::told;
use crate::engine::line::placement::{Case, Choice};
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::{Rule, Severity};

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

/// Warns of a framework told to take more of the device than its share: under time-slicing and MPS it counts in whole devices.
pub fn check(case: &Case<'_, '_>, choice: &Choice<'_>, findings: &mut Findings<'_>) {
    if !choice.strategy.is_shared() {
        return;
    }
    for (want, grant) in case.wants.iter().zip(&choice.grants) {
        let Some(container) = case.pod.at(want.place) else {
            continue;
        };
        let share = f64::from(grant.smallest_percent) / 100.0;
        let too_much = |value: &str| {
            value
                .parse::<f64>()
                .ok()
                .filter(|f| *f > share && *f <= 1.0)
        };
        let flag = told::find(container, |flag, value| {
            let wanted = told::is_one_of(flag, &FLAGS);
            wanted.then(|| too_much(value)).flatten()
        });
        let flag = flag.map(|(flag, part)| (format!("--{flag}"), part));
        let variable = || {
            let set = container
                .env()
                .iter()
                .filter(|v| VARIABLES.contains(&v.name()));
            set.filter_map(|v| Some((v.name().to_owned(), too_much(v.literal()?)?)))
                .next()
        };
        let Some((what, part)) = flag.or_else(variable) else {
            continue;
        };
        let message = format!(
            "container {} is told {what} {part} of the device, its share may be {} %",
            want.container, grant.smallest_percent
        );
        let fix = format!("set it to {share} or less");
        findings.warn(&RULE, want.place.to_string(), (message, fix));
    }
}

/// vLLM, SGLang, TGI, TensorFlow Serving, TensorRT-LLM; spelt with underscores, a dash is the same.
const FLAGS: [&str; 6] = [
    "gpu_memory_utilization",
    "mem_fraction_static",
    "cuda_memory_fraction",
    "per_process_gpu_memory_fraction",
    "kv_cache_free_gpu_mem_fraction",
    "free_gpu_memory_fraction",
];
const VARIABLES: [&str; 3] = [
    "VLLM_GPU_MEMORY_UTILIZATION",
    "CUDA_MEMORY_FRACTION",
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
];
