//! The size of a pod, counted for each limit, and whether it is beyond one. A pod that was too large to be read whole is
//! beyond the limits too.

use std::ops::AddAssign;

use crate::engine::vocabulary::names;
use crate::engine::vocabulary::pod_limits::{
    CLAIMS, COMMANDS, CONTAINERS, ENTRIES, HOSTS, Limit, METADATA, NAME, NEIGHBOURS, OWNERS, PAIRS,
    PATHS, PRODUCTS, REQUESTS, REQUIREMENTS, SELECTORS, TERMS, TOLERATIONS, VALUES,
};
use crate::facts::Pod;
use crate::facts::affinity::PodAffinityTerm;
use crate::facts::pod::{ArgumentList, Container, NodeTerm, Spec};
use crate::facts::text::{Pairs, Text};
use crate::json::{Cut, Raw};

/// An exceeded limit.
#[derive(Clone, Copy, Debug)]
pub struct Excess {
    /// Which one.
    pub limit: &'static Limit,
    /// How many there are; none if they were too many to be counted.
    pub found: Option<usize>,
}

/// Of a pod that was not read whole.
const UNCOUNTED: Excess = Excess {
    limit: &ENTRIES,
    found: None,
};

/// The first limit that a pod is beyond.
pub fn excess(pod: &Pod<'_>) -> Option<Excess> {
    if pod.cut != Cut::Nothing {
        return Some(UNCOUNTED);
    }
    first(of_pod(pod))
}

/// The exceeded limit of required anti-affinity: an unread part could hide a term that closes nodes for all pods.
pub fn excess_of_repelled(pod: &Pod<'_>) -> Option<Excess> {
    let is_cut = pod.cut >= Cut::Entries;
    if is_cut && pod.anti_affinity().is_some_and(|a| a.required.is_some()) {
        return Some(UNCOUNTED);
    }
    first([(&ENTRIES, entries_repelled(pod))])
}

/// The first limit that is exceeded.
pub fn first(counts: impl IntoIterator<Item = (&'static Limit, usize)>) -> Option<Excess> {
    let mut counts = counts.into_iter();
    let (limit, found) = counts.find(|(limit, found)| *found > limit.most)?;
    let found = Some(found);
    Some(Excess { limit, found })
}

/// Every limit with the count of a pod.
pub fn of_pod(pod: &Pod<'_>) -> impl Iterator<Item = (&'static Limit, usize)> {
    let none = Spec::default();
    let spec = pod.spec.as_ref().unwrap_or(&none);
    let terms = spec.required_node_terms().unwrap_or_default();
    let mut size = TermSize::default();
    terms.iter().for_each(|term| size += TermSize::of(term));
    let affinity = spec.affinity.iter();
    let affinity = affinity.flat_map(|a| [&a.pod_affinity, &a.pod_anti_affinity]);
    let neighbours = affinity
        .flatten()
        .map(|a| len(&a.required) + len(&a.preferred));
    let c = Counts::of(pod);
    let hosts = if c.hosts == 0 { 0 } else { c.hosts + c.parts };
    [
        (&CONTAINERS, c.containers),
        (&ENTRIES, entries(pod)),
        (&REQUESTS, c.requests),
        (&TERMS, terms.len()),
        (&REQUIREMENTS, size.requirements),
        (&VALUES, size.values),
        (&SELECTORS, pairs(spec.node_selector.as_ref())),
        (&TOLERATIONS, len(&spec.tolerations)),
        (&NEIGHBOURS, neighbours.sum()),
        (&OWNERS, pod.owners().len()),
        (&CLAIMS, len(&spec.resource_claims)),
        (&PRODUCTS, c.products),
        (&PATHS, c.paths),
        (&HOSTS, hosts),
        (&PAIRS, c.hosts.saturating_mul(c.parts)),
        (&COMMANDS, c.commands),
        (&METADATA, c.metadata),
        (&NAME, c.longest_name),
    ]
    .into_iter()
}

/// How many entries the pod has in all lists and maps that are read.
pub fn entries(pod: &Pod<'_>) -> usize {
    let of_container = |container: &Container<'_>| {
        let resources = container.resources.as_ref();
        container.env().len()
            + container.env_from().len()
            + container.mounts().len()
            + resources.map_or(0, |r| pairs(r.limits.as_ref()) + pairs(r.requests.as_ref()))
    };
    let containers = pod.all_containers().map(|(_, c)| of_container(c));
    containers.sum::<usize>()
        + pairs(pod.annotations())
        + pairs(pod.labels())
        + pod.volumes().len()
        + entries_repelled(pod)
}

/// How many terms and keys its required anti-affinity has. In a term that is not read whole every byte counts as a
/// key: it is either small or too large.
fn entries_repelled(pod: &Pod<'_>) -> usize {
    let keys = |term: &Raw<'_>| match PodAffinityTerm::read(*term) {
        Some(term) => term.selected_keys().count(),
        None => term.get().len(),
    };
    let terms = pod.required_anti_affinity().iter();
    terms.map(|term| 1 + keys(term)).sum()
}

/// Counts of a pod, made in one pass: this is on the path of every GPU pod.
#[derive(Debug, Default)]
struct Counts {
    containers: usize,
    requests: usize,
    products: usize,
    /// In characters, as CEL counts.
    paths: usize,
    /// Volumes with a host path.
    hosts: usize,
    /// Mounts of a part of a volume.
    parts: usize,
    commands: usize,
    metadata: usize,
    /// In bytes, of the names that findings repeat.
    longest_name: usize,
}

impl Counts {
    fn of(pod: &Pod<'_>) -> Self {
        let mut counts = Self::default();
        for (_, container) in pod.all_containers() {
            counts.add(container);
        }
        let volumes = pod.volumes().iter();
        for host in volumes.filter_map(|volume| volume.host_path.as_ref()) {
            counts.hosts += 1;
            counts.paths += characters(&host.path);
        }
        for (key, value) in pod.labels().into_iter().flat_map(Pairs::iter) {
            counts.metadata += key.len() + value.len();
            counts.name(key);
            counts.name(value);
        }
        for (key, value) in pod.annotations().into_iter().flat_map(Pairs::iter) {
            counts.metadata += key.len() + value.len();
            counts.name(key);
            counts.requests += usize::from(names::is_size(key));
            if key == names::GPU_PRODUCTS {
                counts.products += value.split(',').count();
                value.split(',').for_each(|pattern| counts.name(pattern));
            }
        }
        counts.name(pod.node_name().unwrap_or_default());
        counts
    }

    fn add(&mut self, container: &Container<'_>) {
        self.containers += 1;
        self.name(container.name());
        for variable in container.env() {
            self.name(variable.name());
        }
        for (name, quantity) in container.quantities() {
            self.name(name);
            self.name(quantity);
            self.requests += usize::from(names::is_gpu_resource(name));
        }
        for mount in container.mounts() {
            self.parts += usize::from(mount.sub_path.is_some() || mount.sub_path_expr.is_some());
            let paths = [&mount.sub_path, &mount.sub_path_expr, &mount.mount_path];
            self.paths += paths.map(characters).iter().sum::<usize>();
        }
        let commands = ArgumentList::BOTH.map(|list| container.json(list).len());
        self.commands += commands.iter().sum::<usize>();
    }

    fn name(&mut self, name: &str) {
        self.longest_name = self.longest_name.max(name.len());
    }
}

fn characters(path: &Option<Text<'_>>) -> usize {
    path.as_ref().map_or(0, |path| path.chars().count())
}

fn len<T>(list: &Option<Vec<T>>) -> usize {
    list.as_ref().map_or(0, Vec::len)
}

fn pairs(pairs: Option<&Pairs<'_>>) -> usize {
    pairs.map_or(0, |p| p.0.len())
}

/// The size of a term.
#[derive(Clone, Copy, Debug, Default)]
pub struct TermSize {
    /// Requirements.
    pub requirements: usize,
    /// Values in them.
    pub values: usize,
    /// Bytes of text.
    pub bytes: usize,
}

impl TermSize {
    /// The size of a term as the pod writes it.
    pub fn of(term: &NodeTerm<'_>) -> Self {
        let lists = [&term.read.match_expressions, &term.read.match_fields];
        let all = || lists.into_iter().flatten().flatten();
        Self {
            requirements: all().count(),
            values: all().map(|r| len(&r.values)).sum(),
            bytes: term.raw.get().len(),
        }
    }
}

impl AddAssign for TermSize {
    fn add_assign(&mut self, other: Self) {
        self.requirements += other.requirements;
        self.values += other.values;
        self.bytes += other.bytes;
    }
}
