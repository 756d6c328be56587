//! `memory-fraction`: warns of a program that is told to take more memory than its share.

use super::told;
use crate::engine::line::placement::{Case, Choice};
use crate::engine::vocabulary::findings::Findings;
use crate::engine::vocabulary::rule::Rule;

/// The rule.
pub static RULE: Rule = Rule::warns("memory-fraction", include_str!("memory_fraction.md"));

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
