//! Reads what a pod asks for: resources, annotations, and what is wrong with them.

use super::findings::Findings;
use super::fraction::Fraction;
use super::quantity::Quantity;
use super::rules::{ask_invalid, share_count};
use super::strategy::Strategy;
use super::want::{Ask, Named, Want};
use super::words;
use crate::facts::Pod;
use crate::facts::pod::{Container, ContainerKind, Place};

/// Everything a pod asks for.
#[derive(Debug, Default)]
pub struct Asked<'p> {
    /// One entry for each container and GPU resource.
    pub wants: Vec<Want<'p>>,
    /// An explicit strategy; `auto` is none.
    pub strategy: Option<Strategy>,
    /// Product patterns; empty means every product.
    pub products: Vec<&'p str>,
    /// Whether memory, a fraction or compute was asked for by the pod itself.
    pub has_share_ask: bool,
    /// Containers in which a LimitRange put `nvidia.com/gpu` back beside a finished rewrite.
    pub echoes: Vec<Place>,
}

/// How the pod came to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A Pod, as an admission request carries it.
    Pod,
    /// The template of a workload, which the API server validates before any pod exists.
    Template,
}

/// Reads a pod's asks. `stamped` says that it carries a finished rewrite's labels and receipt.
pub fn read<'p>(
    pod: &'p Pod<'p>,
    form: Form,
    stamped: bool,
    findings: &mut Findings<'_>,
) -> Asked<'p> {
    let mut asked = Asked::default();
    named_resources(pod, form, &mut asked, findings);
    if stamped {
        drop_echoes(&mut asked);
    }
    let sizes = Sizes::read(pod, findings);
    if let Some(sizes) = &sizes {
        annotated_containers(pod, sizes, &mut asked, findings);
        asked.has_share_ask = sizes.any();
    }
    for want in &mut asked.wants {
        asked.has_share_ask |= want.ask.fraction_in_quantity;
        if let Some(sizes) = &sizes {
            sizes.apply(want, findings);
        }
    }
    if !asked.wants.is_empty() {
        asked.strategy = strategy(pod, findings);
        asked.products = products(pod, findings);
    }
    asked
}

/// Wants from limits and requests.
fn named_resources<'p>(
    pod: &'p Pod<'p>,
    form: Form,
    asked: &mut Asked<'p>,
    findings: &mut Findings<'_>,
) {
    for (place, container) in pod.containers() {
        let Some(resources) = &container.resources else {
            continue;
        };
        let limits = resources.limits.as_ref();
        let requests = resources.requests.as_ref();
        let named = |part: &'static str, pairs: Option<&'p crate::facts::Pairs<'p>>| {
            let pairs = pairs.into_iter().flat_map(|p| p.iter());
            pairs
                .filter(|(name, _)| words::is_gpu_resource(name))
                .map(move |(name, quantity)| (part, name, quantity))
        };
        for (part, name, quantity) in named("limits", limits).chain(named("requests", requests)) {
            let limit = limits.and_then(|l| l.get(name));
            if part == "requests" && limit.is_some() {
                if form == Form::Pod && !same(limit, Some(quantity)) {
                    let path = format!("{place}/resources/requests/{}", pointer(name));
                    let limit = limit.unwrap_or_default();
                    findings.add(
                        &ask_invalid::RULE,
                        path,
                        ask_invalid::differ(name, limit, quantity),
                    );
                }
                continue;
            }
            let path = || format!("{place}/resources/{part}/{}", pointer(name));
            match count(name, quantity) {
                Ok(None) => {}
                Ok(Some((count, fraction))) => asked.wants.push(Want {
                    place,
                    container: container.name(),
                    is_sidecar: container.is_sidecar(place),
                    named: kind(name),
                    count,
                    ask: Ask {
                        fraction,
                        fraction_in_quantity: fraction.is_some(),
                        ..Ask::default()
                    },
                }),
                Err(CountProblem::Invalid) => {
                    findings.add(
                        &ask_invalid::RULE,
                        path(),
                        ask_invalid::count(name, quantity),
                    );
                }
                Err(CountProblem::ManyShares) => {
                    findings.add(
                        &share_count::RULE,
                        path(),
                        share_count::many(name, quantity),
                    );
                }
            }
        }
    }
}

fn same(a: Option<&str>, b: Option<&str>) -> bool {
    let parse = |q: Option<&str>| q.and_then(|q| Quantity::parse(q).ok());
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn kind(name: &str) -> Named<'_> {
    match name {
        words::GPU => Named::Gpu,
        words::GPU_SHARED => Named::Shared,
        _ if name.ends_with(words::SHARED_SUFFIX) => Named::SharedSlice(name),
        _ => Named::Slice(name),
    }
}

enum CountProblem {
    Invalid,
    ManyShares,
}

/// How many of a resource, and the fraction that a quantity below one of `nvidia.com/gpu` means. None for 0.
fn count(name: &str, quantity: &str) -> Result<Option<(u64, Option<Fraction>)>, CountProblem> {
    let quantity = Quantity::parse(quantity).map_err(|_| CountProblem::Invalid)?;
    if quantity.is_negative() {
        return Err(CountProblem::Invalid);
    }
    // The API server rounds resource quantities up to thousandths.
    let milli = quantity.ceil_milli();
    match milli {
        0 => Ok(None),
        _ if milli.is_multiple_of(1000) => {
            let count = milli / 1000;
            let is_share = name.ends_with(words::SHARED_SUFFIX);
            if count > 1 && is_share {
                return Err(CountProblem::ManyShares);
            }
            Ok(Some((count, None)))
        }
        1..1000 if name == words::GPU => Ok(Some((1, Fraction::from_milli(milli)))),
        _ => Err(CountProblem::Invalid),
    }
}

/// After a finished rewrite to another name, `nvidia.com/gpu` can only be what a LimitRange put back.
fn drop_echoes(asked: &mut Asked<'_>) {
    if asked.wants.iter().all(|w| w.named == Named::Gpu) {
        return;
    }
    let (echoes, wants) = std::mem::take(&mut asked.wants)
        .into_iter()
        .partition(|w| w.named == Named::Gpu);
    asked.wants = wants;
    let echoes: Vec<Want<'_>> = echoes;
    asked.echoes = echoes.iter().map(|w| w.place).collect();
}

/// The size annotations, pod-wide and by container, parsed.
struct Sizes<'p> {
    pod: Size<'p>,
    containers: Vec<(&'p str, Size<'p>)>,
}

#[derive(Clone, Copy, Default)]
struct Size<'p> {
    memory: Option<u64>,
    fraction: Option<(Fraction, &'p str)>,
    compute: Option<u32>,
    /// Something stood there, even if it could not be read.
    some: bool,
}

impl<'p> Sizes<'p> {
    fn read(pod: &'p Pod<'p>, findings: &mut Findings<'_>) -> Option<Self> {
        let mut sizes = None;
        for (key, value) in pod.annotations()?.iter() {
            let Some((container, kind)) = SizeKind::of(key) else {
                continue;
            };
            let sizes = sizes.get_or_insert_with(|| Self {
                pod: Size::default(),
                containers: Vec::new(),
            });
            kind.read(sizes.size_mut(container), key, value, findings);
        }
        sizes
    }

    fn size_mut(&mut self, container: Option<&'p str>) -> &mut Size<'p> {
        let Some(name) = container else {
            return &mut self.pod;
        };
        let index = match self.containers.iter().position(|(n, _)| *n == name) {
            Some(index) => index,
            None => {
                self.containers.push((name, Size::default()));
                self.containers.len() - 1
            }
        };
        &mut self.containers[index].1
    }

    fn any(&self) -> bool {
        self.pod.some || !self.containers.is_empty()
    }

    /// The container's own annotation beats the pod's.
    fn apply(&self, want: &mut Want<'_>, findings: &mut Findings<'_>) {
        let own = self.containers.iter().find(|(n, _)| *n == want.container);
        let own = own.map(|(_, size)| *size).unwrap_or_default();
        want.ask.memory = own.memory.or(self.pod.memory);
        want.ask.memory_is_own = want.ask.memory.is_some();
        want.ask.compute = own.compute.or(self.pod.compute);
        let Some((fraction, written)) = own.fraction.or(self.pod.fraction) else {
            return;
        };
        if let Some(other) = want.ask.fraction.filter(|f| *f != fraction) {
            let path = format!("{}/resources", want.place);
            findings.add(
                &ask_invalid::RULE,
                path,
                ask_invalid::said_twice(other, written),
            );
        }
        want.ask.fraction = Some(fraction);
        // The annotation keeps the ask readable whatever happens to the quantity.
        want.ask.fraction_in_quantity = false;
    }
}

#[derive(Clone, Copy)]
enum SizeKind {
    Memory,
    Fraction,
    Compute,
}

impl SizeKind {
    fn of(key: &str) -> Option<(Option<&str>, Self)> {
        Some(match key {
            words::GPU_MEMORY => (None, Self::Memory),
            words::GPU_FRACTION => (None, Self::Fraction),
            words::GPU_COMPUTE => (None, Self::Compute),
            _ => {
                let named = [
                    (words::CONTAINER_MEMORY, Self::Memory),
                    (words::CONTAINER_FRACTION, Self::Fraction),
                    (words::CONTAINER_COMPUTE, Self::Compute),
                ];
                let strip = |(prefix, kind)| key.strip_prefix(prefix).map(|c| (Some(c), kind));
                return named.into_iter().find_map(strip);
            }
        })
    }

    fn read<'p>(self, size: &mut Size<'p>, key: &str, value: &'p str, findings: &mut Findings<'_>) {
        size.some = true;
        let path = || format!("/metadata/annotations/{}", pointer(key));
        match self {
            Self::Memory => match Quantity::parse(value).map(Quantity::ceil) {
                Ok(bytes) if bytes > 0 => size.memory = Some(bytes),
                _ => findings.add(&ask_invalid::RULE, path(), ask_invalid::memory(value)),
            },
            Self::Fraction => match Fraction::parse(value) {
                Ok(fraction) => size.fraction = Some((fraction, value)),
                Err(why) => findings.add(
                    &ask_invalid::RULE,
                    path(),
                    ask_invalid::fraction(value, why),
                ),
            },
            Self::Compute => match percent(value) {
                Some(percent) => size.compute = Some(percent),
                None => findings.add(&ask_invalid::RULE, path(), ask_invalid::compute(value)),
            },
        }
    }
}

fn percent(value: &str) -> Option<u32> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let percent = digits.then(|| value.parse().ok()).flatten()?;
    (1..=100).contains(&percent).then_some(percent)
}

/// Wants of containers that ask by annotation alone.
fn annotated_containers<'p>(
    pod: &'p Pod<'p>,
    sizes: &Sizes<'p>,
    asked: &mut Asked<'p>,
    findings: &mut Findings<'_>,
) {
    for (name, _) in &sizes.containers {
        if asked.wants.iter().any(|w| w.container == *name) {
            continue;
        }
        match pod.containers().find(|(_, c)| c.name() == *name) {
            Some((place, container)) => asked.wants.push(one_share(place, container)),
            None => {
                let names: Vec<&str> = pod.containers().map(|(_, c)| c.name()).collect();
                let text = ask_invalid::no_container(name, &names);
                findings.add(&ask_invalid::RULE, "/metadata/annotations", text);
            }
        }
    }
    if !asked.wants.is_empty() || !sizes.pod.some {
        return;
    }
    match pod.list(ContainerKind::Main) {
        [container] => {
            let place = Place {
                kind: ContainerKind::Main,
                index: 0,
            };
            asked.wants.push(one_share(place, container));
        }
        // A second finding about a container that does not exist would only repeat the first.
        _ if !sizes.containers.is_empty() => {}
        containers => {
            let names: Vec<&str> = containers.iter().map(Container::name).collect();
            let text = ask_invalid::which_container(&names);
            findings.add(&ask_invalid::RULE, "/metadata/annotations", text);
        }
    }
}

fn one_share<'p>(place: Place, container: &'p Container<'p>) -> Want<'p> {
    Want {
        place,
        container: container.name(),
        is_sidecar: container.is_sidecar(place),
        named: Named::Nothing,
        count: 1,
        ask: Ask::default(),
    }
}

fn strategy(pod: &Pod<'_>, findings: &mut Findings<'_>) -> Option<Strategy> {
    let word = pod.annotation(words::STRATEGY)?;
    if word == "auto" || word.is_empty() {
        return None;
    }
    let strategy = Strategy::from_word(word);
    if strategy.is_none() {
        let path = format!("/metadata/annotations/{}", pointer(words::STRATEGY));
        findings.add(&ask_invalid::RULE, path, ask_invalid::strategy(word));
    }
    strategy
}

fn products<'p>(pod: &'p Pod<'p>, findings: &mut Findings<'_>) -> Vec<&'p str> {
    let Some(list) = pod.annotation(words::GPU_PRODUCTS) else {
        return Vec::new();
    };
    let patterns: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_. *".contains(&b);
    if patterns.is_empty() || !patterns.iter().all(|p| p.bytes().all(allowed)) {
        let path = format!("/metadata/annotations/{}", pointer(words::GPU_PRODUCTS));
        findings.add(&ask_invalid::RULE, path, ask_invalid::products(list));
    }
    patterns
}

/// Whether a product's name matches one of the patterns; no pattern matches everything.
pub fn product_matches(patterns: &[&str], product: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|p| wildcard(p, product))
}

fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(tail)
}

/// A JSON pointer token.
pub fn pointer(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}
