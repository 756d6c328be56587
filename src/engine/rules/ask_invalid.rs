//! `ask-invalid`: refuses a request that cannot be read or that contradicts itself.

use crate::engine::vocabulary::{Fraction, NotAFraction, Rule, Strategy, Text, Tier, quoted};

/// The rule.
pub static RULE: Rule = Rule::denies("ask-invalid", include_str!("ask_invalid.md")).always();

/// A limit and a request that differ.
pub fn differ(resource: &str, limit: &str, request: &str) -> Text {
    (
        format!(
            "{resource} has limit {limit} and request {request}; for extended resources they are the same"
        ),
        format!("set the limit alone: limits: {{{resource}: \"{limit}\"}}"),
    )
}

/// A quantity that is not a count of devices.
pub fn count(resource: &str, quantity: &str) -> Text {
    let fix = match resource {
        "nvidia.com/gpu" => "write a whole number, or a fraction below one such as 500m",
        _ => "write a whole number",
    };
    (
        format!("{resource}: {} is no count of devices", quoted(quantity)),
        fix.to_owned(),
    )
}

/// One request with two values.
pub fn said_twice(in_quantity: Fraction, in_annotation: &str) -> Text {
    (
        format!(
            "the fraction is {in_quantity} in the resource and {in_annotation} in the annotation"
        ),
        "say it once, or the same in both places".to_owned(),
    )
}

/// A memory annotation that is not a quantity of memory.
pub fn memory(value: &str) -> Text {
    (
        format!("{} is no amount of memory", quoted(value)),
        "write a quantity above 0, such as 10Gi or 8192Mi".to_owned(),
    )
}

/// Memory that is too small for any program, with the quantity that was probably meant.
pub fn little_memory(value: &str, bytes: u64) -> Text {
    // A number without a unit was probably meant in MiB, or in GiB where it is small.
    let digits = value.trim_end_matches('m');
    let meant = match digits.parse::<u64>() {
        Ok(number) if number >= 256 => format!("; did you mean {number}Mi?"),
        Ok(number) if number > 0 && digits.len() == value.len() => {
            format!("; did you mean {number}Gi?")
        }
        _ => String::new(),
    };
    (
        format!(
            "{} is {}{meant}",
            quoted(value),
            match bytes {
                1 => "1 byte".to_owned(),
                _ => format!("{bytes} bytes"),
            }
        ),
        "write at least 256Mi, which is about what a CUDA context takes alone, with its unit: 4000Mi or 10Gi"
            .to_owned(),
    )
}

/// A request for a share of NVIDIA's GPUs in a container that has another vendor's GPU.
pub fn other_vendor(container: &str, resource: &str) -> Text {
    (
        format!(
            "a share of an NVIDIA GPU is asked for in container {container}, which asks for {} too",
            quoted(resource)
        ),
        "ask for one of them: slicegate shares NVIDIA's GPUs, and no node has both".to_owned(),
    )
}

/// A fraction annotation that is not a fraction.
pub fn fraction(value: &str, why: NotAFraction) -> Text {
    (
        format!("{} is no fraction of a GPU: {why}", quoted(value)),
        "write a decimal above 0 and at most 1, such as 0.25".to_owned(),
    )
}

/// A compute annotation that is not a percentage.
pub fn compute(value: &str) -> Text {
    (
        format!("{} is no percentage of a GPU's compute", quoted(value)),
        "write a whole number from 1 to 100, without a percent sign".to_owned(),
    )
}

/// A strategy that does not exist.
pub fn strategy(value: &str) -> Text {
    (
        format!("{} is no strategy", quoted(value)),
        "write auto, exclusive, mig, mps or time-slicing".to_owned(),
    )
}

/// A strategy that the tier does not list.
pub fn strategy_not_listed(strategy: Strategy, tier: &Tier) -> Text {
    let listed: Vec<&str> = tier.strategies.iter().map(|s| s.word()).collect();
    (
        format!("strategy {strategy} is not one of tier {}'s", tier.name),
        format!(
            "write auto or one of {}, or name another tier",
            listed.join(", ")
        ),
    )
}

/// A strategy beside a resource that it does not hand out.
pub fn strategy_beside_name(strategy: Strategy, resource: &str) -> Text {
    (
        format!(
            "strategy {strategy} does not hand out {}, which is asked for by name",
            quoted(resource)
        ),
        "leave the strategy out: a named resource is the ask itself".to_owned(),
    )
}

/// A list of products without a valid name.
pub fn products(value: &str) -> Text {
    (
        format!("{} is no list of GPU products", quoted(value)),
        "write names as the node label nvidia.com/gpu.product has them, separated by commas, * as wildcard: \
         NVIDIA-A100*,NVIDIA-L4"
            .to_owned(),
    )
}

/// An annotation for a container that the pod does not have.
pub fn no_container(name: &str, containers: &[&str]) -> Text {
    (
        format!("no container is named {}", quoted(name)),
        format!("the pod has {}", listed(containers)),
    )
}

/// The first names, and how many more there are.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 20;
    let first = names.get(..MOST).unwrap_or(names);
    let more = match names.len() - first.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("{}{more}", first.join(", "))
}

/// A request that could mean any of several containers.
pub fn which_container(containers: &[&str]) -> Text {
    (
        format!(
            "the ask names no container, none asks for a GPU, and there are {}: {}",
            containers.len(),
            listed(containers)
        ),
        "name one: gpu-memory.slicegate.dev/<container>".to_owned(),
    )
}

/// A boundary that is no DNS label.
pub fn boundary(value: &str) -> Text {
    (
        format!("{} is no name of a trust boundary", quoted(value)),
        "write lower case letters, digits and '-', at most 63, beginning and ending with a letter or digit"
            .to_owned(),
    )
}

/// A boundary that is longer with its part than a label may be.
pub fn long_boundary(joined: &str) -> Text {
    (
        format!(
            "boundary {joined} has {} characters; a label holds 63",
            joined.len()
        ),
        "shorten the pod's slicegate.dev/trust-boundary".to_owned(),
    )
}
