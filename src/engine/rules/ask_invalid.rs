//! `ask-invalid`: refuses a request that cannot be read or that contradicts itself.

use crate::engine::vocabulary::{
    Fraction, NotAFraction, Rule, Strategy, Text, Tier, listed, names, quoted,
};

/// The rule.
pub static RULE: Rule = Rule::denies("ask-invalid", include_str!("ask_invalid.md")).always();

/// What the value of an annotation has to be, and how to write it.
pub type Expected = (&'static str, &'static str);

/// A quantity of memory.
pub const MEMORY: Expected = (
    "amount of memory",
    "write a quantity above 0, such as 10Gi or 8192Mi",
);
/// A percentage.
pub const COMPUTE: Expected = (
    "percentage of a GPU's compute",
    "write a whole number from 1 to 100, without a percent sign",
);
/// A strategy that exists.
pub const STRATEGY: Expected = (
    "strategy",
    "write auto, exclusive, mig, mps or time-slicing",
);
/// A list of products, each with a valid name.
pub const PRODUCTS: Expected = (
    "list of GPU products",
    "write names as the node label nvidia.com/gpu.product has them, separated by commas, * as wildcard: \
     NVIDIA-A100*,NVIDIA-L4",
);
/// A DNS label.
pub const BOUNDARY: Expected = (
    "name of a trust boundary",
    "write lower case letters, digits and '-', at most 63, beginning and ending with a letter or digit",
);

/// A value that is not what its annotation expects.
pub fn value(value: &str, (noun, fix): Expected) -> Text {
    (format!("{} is no {noun}", quoted(value)), fix.to_owned())
}

/// A fraction annotation that is not a fraction.
pub fn fraction(value: &str, why: NotAFraction) -> Text {
    (
        format!("{} is no fraction of a GPU: {why}", quoted(value)),
        "write a decimal above 0 and at most 1, such as 0.25".to_owned(),
    )
}

/// A quantity that is not a count of devices.
pub fn count(resource: &str, quantity: &str) -> Text {
    let fraction = match resource {
        names::GPU => ", or a fraction below one such as 500m",
        _ => "",
    };
    (
        format!("{resource}: {} is no count of devices", quoted(quantity)),
        format!("write a whole number{fraction}"),
    )
}

/// A limit and a request that differ.
pub fn differ(resource: &str, limit: &str, request: &str) -> Text {
    (
        format!(
            "{resource} has limit {limit} and request {request}; for extended resources they are the same"
        ),
        format!("set the limit alone: limits: {{{resource}: \"{limit}\"}}"),
    )
}

/// One request with two values.
pub fn said_twice(in_quantity: Fraction, in_annotation: &str) -> Text {
    let (resource, annotation) = (in_quantity, in_annotation);
    (
        format!("the fraction is {resource} in the resource and {annotation} in the annotation"),
        "say it once, or the same in both places".to_owned(),
    )
}

/// Memory that is too small for any program, with the quantity that was probably meant.
pub fn little_memory(value: &str, bytes: u64) -> Text {
    // A number without a unit was probably meant in MiB, or in GiB where it is small.
    let digits = value.trim_end_matches('m');
    let meant = match digits.parse::<u64>() {
        Ok(number) if number >= 256 => format!("; did you mean {number}Mi?"),
        Ok(number) if number > 0 && digits == value => format!("; did you mean {number}Gi?"),
        _ => String::new(),
    };
    let s = if bytes == 1 { "" } else { "s" };
    (
        format!("{} is {bytes} byte{s}{meant}", quoted(value)),
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

/// A strategy that the tier does not list.
pub fn strategy_not_listed(strategy: Strategy, tier: &Tier) -> Text {
    let listed = tier.strategy_words();
    (
        format!("strategy {strategy} is not one of tier {}'s", tier.name),
        format!("write auto or one of {listed}, or name another tier"),
    )
}

/// A strategy beside a resource that it does not hand out.
pub fn strategy_beside_name(strategy: Strategy, resource: &str) -> Text {
    let resource = quoted(resource);
    (
        format!("strategy {strategy} does not hand out {resource}, which is asked for by name"),
        "leave the strategy out: a named resource is the ask itself".to_owned(),
    )
}

/// How many containers a finding lists.
const MOST: usize = 20;

/// An annotation for a container that the pod does not have.
pub fn no_container(name: &str, containers: &[&str]) -> Text {
    (
        format!("no container is named {}", quoted(name)),
        format!("the pod has {}", listed(containers, MOST)),
    )
}

/// A request that could mean any of several containers.
pub fn which_container(containers: &[&str]) -> Text {
    let count = containers.len();
    let names = listed(containers, MOST);
    (
        format!("the ask names no container, none asks for a GPU, and there are {count}: {names}"),
        "name one: gpu-memory.slicegate.dev/<container>".to_owned(),
    )
}

/// A boundary that is longer with its part than a label may be.
pub fn long_boundary(joined: &str) -> Text {
    let length = joined.len();
    (
        format!("boundary {joined} has {length} characters; a label holds 63"),
        "shorten the pod's slicegate.dev/trust-boundary".to_owned(),
    )
}
