//! What each container requests: annotations, resources and the tier's default, combined.

use crate::engine::supply::Offer;
use crate::engine::supply::offer::mib_ceil;
use crate::engine::vocabulary::{Capabilities, Fraction, Isolation, Share, Strategy, Tier, names};
use crate::facts::pod::Place;

/// One request of one container for devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest<'p> {
    /// The container.
    pub place: Place,
    /// Its name.
    pub container: &'p str,
    /// Whether it runs beside the main containers.
    pub is_sidecar: bool,
    /// The resource that it names.
    pub named: RequestedResource<'p>,
    /// How many devices, slices or shares; 1 or more.
    pub count: u64,
    /// The size that each of them has to have.
    pub size: ShareSize,
}

/// The resource that a container names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedResource<'p> {
    /// `nvidia.com/gpu`, which the tier turns into the right resource.
    Gpu,
    /// None; the request is in annotations.
    Nothing,
    /// `nvidia.com/gpu.shared`.
    Shared,
    /// `nvidia.com/mig-...`.
    Slice(&'p str),
    /// `nvidia.com/mig-....shared`.
    SharedSlice(&'p str),
}

/// The size that a share has to have. Every part that is set has to be met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareSize {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Whether the memory comes from the pod, not from its tier.
    pub memory_is_own: bool,
    /// Whether the memory comes from node selectors. A rewrite adds its own selectors to them.
    pub memory_in_selectors: bool,
    /// A share of a whole device.
    pub fraction: Option<Fraction>,
    /// Whether the fraction comes from the quantity of the resource, which a rewrite overwrites.
    pub fraction_in_quantity: bool,
    /// A fraction of the memory of a whole device: the tier's, if the pod itself requests compute.
    pub memory_fraction: Option<Fraction>,
    /// Percent of a device's compute.
    pub compute: Option<u32>,
    /// The driver capabilities that the container needs besides compute.
    pub capabilities: Capabilities,
}

impl<'p> DeviceRequest<'p> {
    /// The resource that the container names, if it names one.
    pub fn resource(&self) -> Option<&'p str> {
        match self.named {
            RequestedResource::Nothing => None,
            RequestedResource::Gpu => Some(names::GPU),
            RequestedResource::Shared => Some(names::GPU_SHARED),
            RequestedResource::Slice(name) | RequestedResource::SharedSlice(name) => Some(name),
        }
    }

    /// The resource name that slicegate may not change, if the container names such a resource.
    pub fn fixed_resource(&self) -> Option<&'p str> {
        self.resource()
            .filter(|_| self.named != RequestedResource::Gpu)
    }

    /// The JSON pointer of its container's resources.
    pub fn resources_path(&self) -> String {
        format!("{}/resources", self.place)
    }

    /// The strategies that this request allows, best first.
    pub fn strategies(&self, tier: Option<&Tier>) -> Strategies {
        let is_one = self.count == 1;
        let allows = |strategy: &Strategy| match self.named {
            RequestedResource::Gpu | RequestedResource::Nothing => {
                is_one || *strategy == Strategy::Exclusive
            }
            RequestedResource::Shared => strategy.is_shared(),
            RequestedResource::Slice(_) => is_one && *strategy == Strategy::TimeSlicing,
            RequestedResource::SharedSlice(_) => *strategy == Strategy::TimeSlicing,
        };
        let without_tier: &[Strategy] = match self.fixed_resource() {
            Some(_) => &[Strategy::Mps, Strategy::TimeSlicing],
            None => &[Strategy::Exclusive],
        };
        let listed = tier.map_or(without_tier, |tier| &tier.strategies);
        let is_slice = matches!(self.named, RequestedResource::Slice(_));
        let is_mig = is_slice && tier.is_none_or(|t| t.isolation <= Isolation::Hardware);
        let mig = is_mig.then_some(Strategy::Mig).into_iter();
        Strategies::of(mig.chain(listed.iter().copied().filter(allows)))
    }
}

impl ShareSize {
    /// Whether the pod or its tier states any size.
    pub fn is_some(&self) -> bool {
        self.memory.is_some()
            || self.fraction.is_some()
            || self.memory_fraction.is_some()
            || self.compute.is_some()
    }

    /// What an offer has too little of, if it has too little of anything.
    pub fn shortfall(&self, offer: &Offer) -> Option<Shortfall> {
        let Capabilities { graphics, video } = self.capabilities;
        let memory = self.memory.filter(|bytes| !offer.has_memory(*bytes));
        let fraction = self.fraction.filter(|f| !offer.has_fraction(*f));
        let of_memory = self.memory_fraction;
        let of_memory = of_memory.filter(|f| !offer.has_memory_fraction(*f));
        let compute = self.compute.filter(|percent| !offer.has_compute(*percent));
        let graphics = (graphics && !offer.has_graphics()).then_some(Shortfall::Graphics);
        let video = (video && !offer.has_video()).then_some(Shortfall::Video);
        memory
            .map(Shortfall::Memory)
            .or(fraction.map(Shortfall::Fraction))
            .or(of_memory.map(Shortfall::MemoryFraction))
            .or(compute.map(Shortfall::Compute))
            .or(graphics)
            .or(video)
    }

    /// Whether a share of this offer is large enough.
    pub fn is_met_by(&self, offer: &Offer) -> bool {
        self.shortfall(offer).is_none()
    }

    /// MiB of the offer above the request.
    pub fn surplus_mib(&self, offer: &Offer) -> u64 {
        let memory = self.memory.map_or(0, mib_ceil);
        let fraction = self.fraction.or(self.memory_fraction);
        let fraction = fraction.map_or(0, |f| f.of_ceil(offer.device_mib.unwrap_or(0)));
        let offered = offer.memory_mib.unwrap_or(0);
        offered.saturating_sub(memory.max(fraction))
    }

    /// The percentage of compute that is requested, as a fraction or directly.
    pub fn percent(&self) -> Option<u32> {
        self.fraction.map(Fraction::percent_ceil).max(self.compute)
    }
}

/// What an offer has too little of, and how much of it is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// Bytes of memory, or the offer's memory is not known.
    Memory(u64),
    /// A fraction of a device.
    Fraction(Fraction),
    /// A fraction of a device's memory.
    MemoryFraction(Fraction),
    /// Percent of compute.
    Compute(u32),
    /// Graphics APIs.
    Graphics,
    /// Video encoders or decoders.
    Video,
}

/// Up to four different strategies in order, without heap allocation.
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

    /// Whether a strategy is among them.
    pub fn contains(self, strategy: Strategy) -> bool {
        self.items.contains(&Some(strategy))
    }

    /// The strategies that are also in the other list, in this order.
    pub fn and(self, other: Self) -> Self {
        Self::of(self.iter().filter(|s| other.contains(*s)))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.items[0].is_none()
    }
}

/// Everything that a pod requests.
#[derive(Debug, Default)]
pub struct PodRequest<'p> {
    /// One entry for each container and GPU resource.
    pub requests: Vec<DeviceRequest<'p>>,
    /// An explicit strategy; `auto` is none.
    pub strategy: Option<Strategy>,
    /// Product patterns; empty means every product.
    pub products: Vec<&'p str>,
    /// Whether the pod itself states memory, a fraction or compute.
    pub has_size: bool,
    /// Containers of a finished rewrite in which a LimitRange set `nvidia.com/gpu` again.
    pub limit_range_defaults: Vec<Place>,
}

impl PodRequest<'_> {
    /// The strategies that every request allows, best first.
    pub fn strategies(&self, tier: Option<&Tier>) -> Strategies {
        let each = self.requests.iter().map(|request| request.strategies(tier));
        each.reduce(Strategies::and).unwrap_or_default()
    }

    /// Sets the memory that the pod's node selectors request, where nothing else states a size.
    pub fn select(&mut self, mib: u64) {
        for size in self.open_sizes().filter(|size| !size.is_some()) {
            size.memory = Some(mib.saturating_mul(1 << 20));
            size.memory_is_own = true;
            size.memory_in_selectors = true;
        }
    }

    /// Sets the default size of a tier where a container states none. Compute that the container states replaces the
    /// default's.
    pub fn fill(&mut self, default: &Share) {
        for size in self.open_sizes() {
            if size.memory.is_none() && size.fraction.is_none() {
                size.memory = default.memory;
                match size.compute {
                    None => size.fraction = default.fraction,
                    Some(_) => size.memory_fraction = default.fraction,
                }
            }
        }
    }

    /// The sizes of requests for one device without a fixed resource name.
    fn open_sizes(&mut self) -> impl Iterator<Item = &mut ShareSize> {
        let requests = self.requests.iter_mut();
        let open = requests.filter(|r| r.count == 1 && r.fixed_resource().is_none());
        open.map(|request| &mut request.size)
    }
}
