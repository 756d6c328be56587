//! The size annotations: memory, fraction and compute, for the pod and for single containers.

use crate::engine::line::DeviceRequest;
use crate::engine::rules::ask_invalid;
use crate::engine::vocabulary::names::annotation_pointer;
use crate::engine::vocabulary::{Findings, Fraction, Quantity, Text, names};
use crate::facts::Pod;

/// In bytes. A CUDA context alone takes more, so a smaller value has lost its unit.
pub(super) const LEAST_MEMORY: u64 = 256 << 20;

/// The parsed size annotations, for the pod and for single containers.
#[derive(Default)]
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
        let mut sizes: Option<Self> = None;
        for (key, value) in pod.annotations()?.iter() {
            let Some((container, kind)) = SizeKind::of(key) else {
                continue;
            };
            let size = sizes.get_or_insert_default().size_mut(container);
            size.some = true;
            if let Err(text) = kind.read(size, value) {
                findings.add(&ask_invalid::RULE, annotation_pointer(key), text);
            }
        }
        sizes
    }

    fn size_mut(&mut self, container: Option<&'p str>) -> &mut Size<'p> {
        let Some(name) = container else {
            return &mut self.pod;
        };
        let known = self.containers.iter().position(|(n, _)| *n == name);
        let index = known.unwrap_or_else(|| {
            self.containers.push((name, Size::default()));
            self.containers.len() - 1
        });
        &mut self.containers[index].1
    }

    pub(super) fn any(&self) -> bool {
        self.pod.some || !self.containers.is_empty()
    }

    /// Sets the sizes of a request. The annotation of the container has priority over the pod's.
    pub(super) fn apply(&self, request: &mut DeviceRequest<'_>, findings: &mut Findings<'_>) {
        let mut containers = self.containers.iter();
        let own = containers.find(|(name, _)| *name == request.container);
        let own = own.map(|(_, size)| *size).unwrap_or_default();
        let size = &mut request.size;
        size.memory = own.memory.or(self.pod.memory);
        size.memory_is_own = size.memory.is_some();
        size.compute = own.compute.or(self.pod.compute);
        let Some((fraction, written)) = own.fraction.or(self.pod.fraction) else {
            return;
        };
        if let Some(other) = size.fraction.filter(|f| *f != fraction) {
            let path = format!("{}/resources", request.place);
            let text = ask_invalid::said_twice(other, written);
            findings.add(&ask_invalid::RULE, path, text);
        }
        size.fraction = Some(fraction);
        // The annotation stays readable when the quantity is overwritten.
        size.fraction_in_quantity = false;
    }
}

#[derive(Clone, Copy)]
enum SizeKind {
    Memory,
    Fraction,
    Compute,
}

impl SizeKind {
    /// The container that the key of an annotation names, if it names one, and the kind of size.
    fn of(key: &str) -> Option<(Option<&str>, Self)> {
        match key {
            names::GPU_MEMORY => return Some((None, Self::Memory)),
            names::GPU_FRACTION => return Some((None, Self::Fraction)),
            names::GPU_COMPUTE => return Some((None, Self::Compute)),
            _ => {}
        }
        let prefixes = [
            (names::CONTAINER_MEMORY, Self::Memory),
            (names::CONTAINER_FRACTION, Self::Fraction),
            (names::CONTAINER_COMPUTE, Self::Compute),
        ];
        let mut kinds = prefixes.into_iter();
        kinds.find_map(|(prefix, kind)| Some((Some(key.strip_prefix(prefix)?), kind)))
    }

    fn read<'p>(self, size: &mut Size<'p>, value: &'p str) -> Result<(), Text> {
        match self {
            Self::Memory => match Quantity::parse(value).map(Quantity::ceil) {
                Ok(bytes) if bytes >= LEAST_MEMORY => size.memory = Some(bytes),
                Ok(bytes) if bytes > 0 => return Err(ask_invalid::little_memory(value, bytes)),
                _ => return Err(ask_invalid::value(value, ask_invalid::MEMORY)),
            },
            Self::Fraction => {
                let fraction = Fraction::parse(value);
                let fraction = fraction.map_err(|why| ask_invalid::fraction(value, why))?;
                size.fraction = Some((fraction, value));
            }
            Self::Compute => {
                size.compute = Some(
                    percent(value)
                        .ok_or_else(|| ask_invalid::value(value, ask_invalid::COMPUTE))?,
                );
            }
        }
        Ok(())
    }
}

fn percent(value: &str) -> Option<u32> {
    let is_number = value.bytes().all(|b| b.is_ascii_digit());
    let percent = value.parse().ok().filter(|_| is_number)?;
    (1..=100).contains(&percent).then_some(percent)
}
