//! The size annotations: memory, fraction and compute, for the pod and for single containers.

use crate::engine::line::DeviceRequest;
use crate::engine::rules::ask_invalid;
use crate::engine::vocabulary::{Findings, Fraction, Quantity, names};
use crate::facts::Pod;

/// In bytes. A CUDA context alone takes more, so a smaller value has lost its unit.
pub(super) const LEAST_MEMORY: u64 = 256 << 20;

/// The parsed size annotations, for the pod and for single containers.
pub(super) struct Sizes<'p> {
    /// For every container with a request.
    pub(super) pod: Size<'p>,
    /// For one container, by name.
    pub(super) containers: Vec<(&'p str, Size<'p>)>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Size<'p> {
    memory: Option<u64>,
    fraction: Option<(Fraction, &'p str)>,
    compute: Option<u32>,
    /// Whether there is an annotation, even if it cannot be parsed.
    pub(super) some: bool,
}

impl<'p> Sizes<'p> {
    pub(super) fn read(pod: &'p Pod<'p>, findings: &mut Findings<'_>) -> Option<Self> {
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

    pub(super) fn any(&self) -> bool {
        self.pod.some || !self.containers.is_empty()
    }

    /// Sets the sizes of a request. The annotation of the container has priority over the pod's.
    pub(super) fn apply(&self, request: &mut DeviceRequest<'_>, findings: &mut Findings<'_>) {
        let own = self
            .containers
            .iter()
            .find(|(n, _)| *n == request.container);
        let own = own.map(|(_, size)| *size).unwrap_or_default();
        request.size.memory = own.memory.or(self.pod.memory);
        request.size.memory_is_own = request.size.memory.is_some();
        request.size.compute = own.compute.or(self.pod.compute);
        let Some((fraction, written)) = own.fraction.or(self.pod.fraction) else {
            return;
        };
        if let Some(other) = request.size.fraction.filter(|f| *f != fraction) {
            let path = format!("{}/resources", request.place);
            findings.add(
                &ask_invalid::RULE,
                path,
                ask_invalid::said_twice(other, written),
            );
        }
        request.size.fraction = Some(fraction);
        // The annotation stays readable when the quantity is overwritten.
        request.size.fraction_in_quantity = false;
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
            names::GPU_MEMORY => (None, Self::Memory),
            names::GPU_FRACTION => (None, Self::Fraction),
            names::GPU_COMPUTE => (None, Self::Compute),
            _ => {
                let named = [
                    (names::CONTAINER_MEMORY, Self::Memory),
                    (names::CONTAINER_FRACTION, Self::Fraction),
                    (names::CONTAINER_COMPUTE, Self::Compute),
                ];
                let strip = |(prefix, kind)| key.strip_prefix(prefix).map(|c| (Some(c), kind));
                return named.into_iter().find_map(strip);
            }
        })
    }

    fn read<'p>(self, size: &mut Size<'p>, key: &str, value: &'p str, findings: &mut Findings<'_>) {
        size.some = true;
        let path = || names::annotation_pointer(key);
        match self {
            Self::Memory => match Quantity::parse(value).map(Quantity::ceil) {
                Ok(bytes) if bytes >= LEAST_MEMORY => size.memory = Some(bytes),
                Ok(bytes) if bytes > 0 => findings.add(
                    &ask_invalid::RULE,
                    path(),
                    ask_invalid::little_memory(value, bytes),
                ),
                _ => {
                    let text = ask_invalid::value(value, ask_invalid::MEMORY);
                    findings.add(&ask_invalid::RULE, path(), text);
                }
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
                None => {
                    let text = ask_invalid::value(value, ask_invalid::COMPUTE);
                    findings.add(&ask_invalid::RULE, path(), text);
                }
            },
        }
    }
}

fn percent(value: &str) -> Option<u32> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let percent = digits.then(|| value.parse().ok()).flatten()?;
    (1..=100).contains(&percent).then_some(percent)
}
