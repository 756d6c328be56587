//! What each container wants, once annotations, resources and the tier's default are put together.

use crate::engine::supply::Offer;
use crate::engine::supply::offer::mib_ceil;
use crate::engine::vocabulary::capabilities::Capabilities;
use crate::engine::vocabulary::fraction::Fraction;
use crate::engine::vocabulary::policy::{Share, Tier};
use crate::engine::vocabulary::strategy::{Isolation, Strategy};
use crate::facts::pod::Place;

/// One device resource that one container wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest<'p> {
    /// The container.
    pub place: Place,
    /// Its name.
    pub container: &'p str,
    /// Whether it runs beside the main containers.
    pub is_sidecar: bool,
    /// What it asked for by name.
    pub named: RequestedResource<'p>,
    /// How many devices, slices or shares; 1 or more.
    pub count: u64,
    /// What each of them has to have.
    pub size: ShareSize,
}

/// The resource a container named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedResource<'p> {
    /// `nvidia.com/gpu`: a wish that the tier turns into the right thing.
    Gpu,
    /// Nothing; the annotations ask.
    Nothing,
    /// `nvidia.com/gpu.shared`.
    Shared,
    /// `nvidia.com/mig-...`.
    Slice(&'p str),
    /// `nvidia.com/mig-....shared`.
    SharedSlice(&'p str),
}

/// What a share has to have. All that is given has to be met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareSize {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Whether the pod itself asked for the memory, not its tier.
    pub memory_is_own: bool,
    /// Whether the memory was asked for by node selectors, which a rewrite adds its own to.
    pub memory_in_selectors: bool,
    /// A share of a whole device.
    pub fraction: Option<Fraction>,
    /// The fraction stood in the resource's quantity, which a rewrite overwrites.
    pub fraction_in_quantity: bool,
    /// A share of a whole device's memory alone: the tier's, beside compute that the pod asked for.
    pub memory_fraction: Option<Fraction>,
    /// Percent of a device's compute.
    pub compute: Option<u32>,
    /// What the container says it does besides computing.
    pub capabilities: Capabilities,
}

impl<'p> DeviceRequest<'p> {
    /// The resource name that may not change, if the container named one that is the ask itself.
    pub fn fixed_resource(&self) -> Option<&'p str> {
        match self.named {
            RequestedResource::Gpu | RequestedResource::Nothing => None,
            RequestedResource::Shared => Some(crate::engine::vocabulary::names::GPU_SHARED),
            RequestedResource::Slice(resource) | RequestedResource::SharedSlice(resource) => {
                Some(resource)
            }
        }
    }

    /// Gives a container that says nothing of its size a default one: for one device, not for several whole ones or a
    /// named resource. What it says of its compute stands in place of the default's.
    pub fn fill(&mut self, default: &Share) {
        if !self.takes_a_default() || self.size.memory.is_some() || self.size.fraction.is_some() {
            return;
        }
        self.size.memory = default.memory;
        match self.size.compute {
            None => self.size.fraction = default.fraction,
            Some(_) => self.size.memory_fraction = default.fraction,
        }
    }

    /// Takes the memory that the pod's node selectors ask for, where nothing else says a size.
    pub fn select(&mut self, mib: u64) {
        if self.takes_a_default() && !self.size.is_some() {
            self.size.memory = Some(mib.saturating_mul(1 << 20));
            self.size.memory_is_own = true;
            self.size.memory_in_selectors = true;
        }
    }

    fn takes_a_default(&self) -> bool {
        self.count == 1 && self.fixed_resource().is_none()
    }

    /// The strategies this want allows, best first.
    pub fn strategies(&self, tier: Option<&Tier>) -> Strategies {
        let lists = |s: Strategy| tier.is_none_or(|t| t.strategies.contains(&s));
        match self.named {
            RequestedResource::Gpu | RequestedResource::Nothing => match tier {
                None => Strategies::of([Strategy::Exclusive]),
                Some(tier) if self.count > 1 => {
                    let whole = |s: &Strategy| *s == Strategy::Exclusive;
                    Strategies::of(tier.strategies.iter().copied().filter(whole))
                }
                Some(tier) => Strategies::of(tier.strategies.iter().copied()),
            },
            RequestedResource::Shared => match tier {
                None => Strategies::of([Strategy::Mps, Strategy::TimeSlicing]),
                Some(tier) => {
                    let shared = tier.strategies.iter().copied();
                    Strategies::of(shared.filter(|s| s.is_shared()))
                }
            },
            RequestedResource::Slice(_) => {
                let hardware = tier.is_none_or(|t| t.isolation <= Isolation::Hardware);
                let sliced = lists(Strategy::TimeSlicing) && self.count == 1;
                let mig = hardware.then_some(Strategy::Mig);
                Strategies::of(
                    mig.into_iter()
                        .chain(sliced.then_some(Strategy::TimeSlicing)),
                )
            }
            RequestedResource::SharedSlice(_) => {
                Strategies::of(lists(Strategy::TimeSlicing).then_some(Strategy::TimeSlicing))
            }
        }
    }
}

impl ShareSize {
    /// Whether the pod or its tier asked for anything.
    pub fn is_some(&self) -> bool {
        self.memory.is_some()
            || self.fraction.is_some()
            || self.memory_fraction.is_some()
            || self.compute.is_some()
    }

    /// Whether a share of this offer is large enough; otherwise what it lacks.
    pub fn met_by(&self, offer: &Offer) -> Result<(), Shortfall> {
        if self.memory.is_some_and(|bytes| !offer.has_memory(bytes)) {
            return Err(Shortfall::Memory);
        }
        if self.fraction.is_some_and(|f| !offer.has_fraction(f)) {
            return Err(Shortfall::Fraction);
        }
        let of_memory = self.memory_fraction;
        if of_memory.is_some_and(|f| !offer.has_memory_fraction(f)) {
            return Err(Shortfall::MemoryFraction);
        }
        if self.compute.is_some_and(|p| !offer.has_compute(p)) {
            return Err(Shortfall::Compute);
        }
        if self.capabilities.graphics && !offer.has_graphics() {
            return Err(Shortfall::Graphics);
        }
        if self.capabilities.video && !offer.has_video() {
            return Err(Shortfall::Video);
        }
        Ok(())
    }

    /// MiB of the offer that were not asked for.
    pub fn surplus_mib(&self, offer: &Offer) -> u64 {
        let memory = self.memory.map_or(0, mib_ceil);
        let device = offer.device_mib.unwrap_or(0);
        let fraction = self.fraction.or(self.memory_fraction);
        let fraction = fraction.map_or(0, |f| f.of_ceil(device));
        let offered = offer.memory_mib.unwrap_or(0);
        offered.saturating_sub(memory.max(fraction))
    }

    /// Percent of compute asked for, by fraction or outright.
    pub fn percent(&self) -> Option<u32> {
        self.fraction.map(Fraction::percent_ceil).max(self.compute)
    }
}

/// What an offer is short of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// Memory, or it is not known.
    Memory,
    /// The share is smaller than the fraction.
    Fraction,
    /// The share's memory is smaller than the fraction of it.
    MemoryFraction,
    /// Compute.
    Compute,
    /// Graphics APIs.
    Graphics,
    /// Engines that encode or decode video.
    Video,
}

/// At most four strategies in an order, none twice, without an allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strategies {
    items: [Option<Strategy>; 4],
}

impl Strategies {
    /// The given ones, in their order.
    pub fn of(list: impl IntoIterator<Item = Strategy>) -> Self {
        let mut strategies = Self::default();
        for (slot, strategy) in strategies.items.iter_mut().zip(list) {
            *slot = Some(strategy);
        }
        strategies
    }

    /// In order.
    pub fn iter(self) -> impl Iterator<Item = Strategy> {
        self.items.into_iter().flatten()
    }

    /// Those that are also in the other, in this order.
    pub fn and(self, other: Self) -> Self {
        Self::of(self.iter().filter(|s| other.iter().any(|o| o == *s)))
    }

    /// Only the given one, if it is among them.
    pub fn only(self, strategy: Strategy) -> Self {
        Self::of(self.iter().filter(|s| *s == strategy))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.items[0].is_none()
    }
}

/// Everything a pod asks for.
#[derive(Debug, Default)]
pub struct PodRequest<'p> {
    /// One entry for each container and GPU resource.
    pub requests: Vec<DeviceRequest<'p>>,
    /// An explicit strategy; `auto` is none.
    pub strategy: Option<Strategy>,
    /// Product patterns; empty means every product.
    pub products: Vec<&'p str>,
    /// Whether memory, a fraction or compute was asked for by the pod itself.
    pub has_size: bool,
    /// Containers in which a LimitRange put `nvidia.com/gpu` back beside a finished rewrite.
    pub limit_range_defaults: Vec<Place>,
}
