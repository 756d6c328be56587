//! From a choice to the edits that carry it out, each only where the pod does not already say so.

use std::borrow::Cow;

use super::choose::{Case, Choice};
use super::policy::{BoundaryPlacement, Policy, PolicyToleration};
use super::strategy::Strategy;
use super::supply::filter::tolerates;
use super::supply::offer::mib_ceil;
use super::terms::{self, Is, Narrowed, Need, Term};
use super::want::Want;
use super::words;
use crate::facts::Pod;
use crate::facts::affinity::PodAffinityTerm;
use crate::facts::pod::{Container, Place, Toleration};

/// One intended change, in the words of the field. `admission::patch` turns it into RFC 6902.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit<'a> {
    /// A container asks for `count` of `resource`, and for no other GPU resource.
    Resource {
        /// The container.
        place: Place,
        /// What it asked for before, if it named a resource.
        old: Option<&'a str>,
        /// What it asks for now.
        resource: &'a str,
        /// How many.
        count: u64,
    },
    /// A container no longer asks for a resource.
    DropResource {
        /// The container.
        place: Place,
        /// The resource.
        resource: &'static str,
    },
    /// A variable is appended.
    Env {
        /// The container.
        place: Place,
        /// The variable.
        name: &'static str,
        /// Its literal value.
        value: Cow<'static, str>,
    },
    /// A container runs as this user.
    RunAsUser {
        /// The container.
        place: Place,
        /// The user id.
        user: u32,
    },
    /// A label is set.
    Label {
        /// The key.
        key: &'static str,
        /// The value.
        value: Cow<'a, str>,
    },
    /// An annotation is set.
    Annotation {
        /// The key.
        key: Cow<'a, str>,
        /// The value.
        value: String,
    },
    /// The required node affinity becomes these terms.
    Nodes(Vec<Narrowed<'a>>),
    /// A taint is tolerated.
    Toleration(NewToleration<'a>),
    /// Required anti-affinity by hostname, in all namespaces, to pods whose label has another value.
    Repel {
        /// The label.
        label: &'static str,
        /// The own value.
        own: Cow<'a, str>,
    },
    /// Preferred affinity by hostname, in all namespaces, to the own boundary's pods of this strategy.
    Pack {
        /// The own boundary label.
        boundary: Cow<'a, str>,
        /// The own strategy.
        strategy: Strategy,
    },
}

/// A toleration to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewToleration<'a> {
    /// Of a GPU taint, whatever its value.
    Taint {
        /// The taint's key.
        key: &'a str,
        /// The taint's effect.
        effect: &'a str,
    },
    /// As the policy writes it.
    Policy(&'a PolicyToleration),
}

/// The edits of a full rewrite.
pub fn rewrite<'a>(
    case: &Case<'_, 'a>,
    choice: &Choice<'a>,
    boundary: Cow<'a, str>,
    echoes: &[Place],
) -> Vec<Edit<'a>> {
    let mut edits = Vec::with_capacity(12);
    resources(case, choice, echoes, &mut edits);
    let user = (choice.strategy == Strategy::Mps).then(|| mps_user(case));
    environment(case, choice, &mut edits);
    label(
        case.pod,
        words::TRUST_BOUNDARY,
        boundary.clone(),
        &mut edits,
    );
    let strategy = Cow::Borrowed(choice.strategy.word());
    label(case.pod, words::STRATEGY, strategy, &mut edits);
    if let Some(user) = user {
        run_as_user(case, &mut edits);
        let user = user.label();
        label(case.pod, words::MPS_USER, user.clone(), &mut edits);
        repel(case.pod, words::MPS_USER, user, &mut edits);
    }
    let mut extras = Vec::new();
    if choice.strategy.is_shared() {
        keep_apart(
            case.pod,
            case.policy,
            boundary.clone(),
            &mut extras,
            &mut edits,
        );
        if case.policy.placement.packing {
            pack(case.pod, boundary, choice.strategy, &mut edits);
        }
    }
    nodes(case, choice, &extras, &mut edits);
    tolerations(case, choice, &mut edits);
    readable_asks(case, &mut edits);
    edits
}

/// The edits of a stamp: the label, and where the pod may land on a shared device the boundary's terms.
pub fn stamp<'a>(
    pod: &'a Pod<'a>,
    policy: &Policy,
    boundary: Cow<'a, str>,
    may_be_shared: bool,
) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    label(pod, words::TRUST_BOUNDARY, boundary.clone(), &mut edits);
    if may_be_shared {
        let mut extras = Vec::new();
        keep_apart(pod, policy, boundary, &mut extras, &mut edits);
        narrow_nodes(
            pod,
            vec![Term {
                labels: extras,
                not_nodes: Vec::new(),
            }],
            &mut edits,
        );
    }
    edits
}

/// The edits for a pod that is left alone but for its label.
pub fn label_only<'a>(pod: &Pod<'_>, boundary: Cow<'a, str>) -> Vec<Edit<'a>> {
    let mut edits = Vec::new();
    label(pod, words::TRUST_BOUNDARY, boundary, &mut edits);
    edits
}

fn resources<'a>(
    case: &Case<'_, 'a>,
    choice: &Choice<'a>,
    echoes: &[Place],
    edits: &mut Vec<Edit<'a>>,
) {
    for (want, grant) in case.wants.iter().zip(&choice.grants) {
        let old = match want.named {
            super::want::Named::Nothing => None,
            _ => Some(want.fixed_resource().unwrap_or(words::GPU)),
        };
        let written = case.pod.at(want.place).is_some_and(|container| {
            old == Some(grant.resource) && is_written(container, grant.resource, want.count)
        });
        if !written {
            edits.push(Edit::Resource {
                place: want.place,
                old,
                resource: grant.resource,
                count: want.count,
            });
        }
    }
    edits.extend(echoes.iter().map(|place| Edit::DropResource {
        place: *place,
        resource: words::GPU,
    }));
}

/// Whether the limit is there as a whole number; the API server takes the request from it.
fn is_written(container: &Container<'_>, resource: &str, count: u64) -> bool {
    let limits = container.resources.as_ref().and_then(|r| r.limits.as_ref());
    let limit = limits.and_then(|l| l.get(resource));
    let limit = limit.and_then(|q| super::quantity::Quantity::parse(q).ok());
    limit == Some(super::quantity::Quantity::whole(count))
}

/// Limits for MPS clients, and no GPU for containers that asked for none.
fn environment<'a>(case: &Case<'_, 'a>, choice: &Choice<'a>, edits: &mut Vec<Edit<'a>>) {
    if choice.strategy == Strategy::Mps {
        for (want, limits) in case.wants.iter().zip(Limits::of(case, choice)) {
            let Some(container) = case.pod.at(want.place) else {
                continue;
            };
            let has = |name: &str| container.env().iter().any(|e| e.name() == name);
            if !has(words::MPS_MEMORY) {
                edits.push(Edit::Env {
                    place: want.place,
                    name: words::MPS_MEMORY,
                    value: Cow::Owned(format!("0={}M", limits.mib)),
                });
            }
            if let Some(percent) = limits.percent.filter(|_| !has(words::MPS_THREADS)) {
                edits.push(Edit::Env {
                    place: want.place,
                    name: words::MPS_THREADS,
                    value: Cow::Owned(percent.to_string()),
                });
            }
        }
    }
    if !case.policy.placement.hide_gpus {
        return;
    }
    for (place, container) in case.pod.containers() {
        let asks = case.wants.iter().any(|w| w.place == place);
        let says = container
            .env()
            .iter()
            .any(|e| e.name() == words::VISIBLE_DEVICES);
        if !asks && !says {
            edits.push(Edit::Env {
                place,
                name: words::VISIBLE_DEVICES,
                value: Cow::Borrowed("void"),
            });
        }
    }
}

/// The limits of one MPS client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in MiB.
    pub mib: u64,
    /// Compute in percent, where some was asked for.
    pub percent: Option<u32>,
    /// The daemon's own cap on every node the pod can land on.
    pub percent_cap: u32,
}

impl Limits {
    /// What each want would be limited to.
    pub fn of(case: &Case<'_, '_>, choice: &Choice<'_>) -> Vec<Self> {
        let limit = |(want, grant): (&Want<'_>, &super::choose::Grant<'_>)| Self {
            mib: match want.ask.memory {
                Some(bytes) if want.ask.memory_is_own => mib_ceil(bytes).min(grant.smallest_mib),
                _ => grant.smallest_mib,
            },
            percent: want.ask.percent().map(|p| p.min(grant.smallest_percent)),
            percent_cap: grant.smallest_percent,
        };
        case.wants.iter().zip(&choice.grants).map(limit).collect()
    }
}

/// The user id of the containers that take a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MpsUser {
    /// All of them run as this one.
    Id(i64),
    /// Only the image knows.
    Image,
    /// They differ, so one MPS server would serve them one after the other.
    Several,
}

impl MpsUser {
    fn label(self) -> Cow<'static, str> {
        match self {
            Self::Id(id) => Cow::Owned(id.to_string()),
            Self::Image | Self::Several => Cow::Borrowed(words::IMAGE),
        }
    }
}

/// Which user the pod's MPS clients run as, the tier's included.
pub fn mps_user(case: &Case<'_, '_>) -> MpsUser {
    let mut user = None;
    for want in case.wants {
        let own = run_as(case, want.place);
        let this = own.map_or(MpsUser::Image, MpsUser::Id);
        if user.is_some_and(|u| u != this) {
            return MpsUser::Several;
        }
        user = Some(this);
    }
    user.unwrap_or(MpsUser::Image)
}

fn run_as(case: &Case<'_, '_>, place: Place) -> Option<i64> {
    written_user(case.pod, place).or_else(|| case.tier?.run_as_user.map(i64::from))
}

fn written_user(pod: &Pod<'_>, place: Place) -> Option<i64> {
    let own = pod.at(place)?.security_context.as_ref();
    own.and_then(|s| s.run_as_user).or_else(|| {
        let shared = pod.spec.as_ref()?.security_context.as_ref()?;
        shared.run_as_user
    })
}

fn run_as_user<'a>(case: &Case<'_, 'a>, edits: &mut Vec<Edit<'a>>) {
    let Some(user) = case.tier.and_then(|t| t.run_as_user) else {
        return;
    };
    for want in case.wants {
        let done = edits
            .iter()
            .any(|e| matches!(e, Edit::RunAsUser { place, .. } if *place == want.place));
        if !done && written_user(case.pod, want.place).is_none() {
            edits.push(Edit::RunAsUser {
                place: want.place,
                user,
            });
        }
    }
}

fn label<'a>(pod: &Pod<'_>, key: &'static str, value: Cow<'a, str>, edits: &mut Vec<Edit<'a>>) {
    if pod.label(key) != Some(&*value) {
        edits.push(Edit::Label { key, value });
    }
}

/// What keeps boundaries apart: anti-affinity or the node's label, and always a node that has a hostname.
fn keep_apart<'a>(
    pod: &Pod<'_>,
    policy: &Policy,
    boundary: Cow<'a, str>,
    extras: &mut Vec<Need<'a>>,
    edits: &mut Vec<Edit<'a>>,
) {
    extras.push(Need {
        key: Cow::Borrowed(words::HOSTNAME),
        is: Is::There,
    });
    match policy.placement.boundary {
        BoundaryPlacement::PodAntiAffinity => {
            repel(pod, words::TRUST_BOUNDARY, boundary, edits);
        }
        BoundaryPlacement::NodeLabel => extras.push(Need {
            key: Cow::Borrowed(words::NODE_BOUNDARY),
            is: Is::OneOf(vec![boundary]),
        }),
    }
}

fn repel<'a>(pod: &Pod<'_>, label: &'static str, own: Cow<'a, str>, edits: &mut Vec<Edit<'a>>) {
    let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let terms = affinity.and_then(|a| a.pod_anti_affinity.as_ref()?.required.as_ref());
    let ours = |term: PodAffinityTerm<'_>| is_repelling(&term, label, &own);
    let written = terms
        .into_iter()
        .flatten()
        .any(|raw| raw.get().contains(label) && PodAffinityTerm::read(raw).is_some_and(ours));
    if !written {
        edits.push(Edit::Repel { label, own });
    }
}

fn is_repelling(term: &PodAffinityTerm<'_>, label: &str, own: &str) -> bool {
    let by_hostname = term.topology_key.as_deref() == Some(words::HOSTNAME);
    let Some(selector) = term.label_selector.as_ref().filter(|_| by_hostname) else {
        return false;
    };
    let narrower = selector
        .match_labels
        .as_ref()
        .is_some_and(|m| !m.is_empty());
    let expressions = selector.match_expressions.as_deref().unwrap_or_default();
    let fits = |r: &crate::facts::pod::Requirement<'_>| {
        let values = r.values.as_deref().unwrap_or_default();
        &*r.key == label
            && match &*r.operator {
                "Exists" => true,
                "NotIn" => matches!(values, [only] if &**only == own),
                _ => false,
            }
    };
    let exists = expressions.iter().any(|r| &*r.operator == "Exists");
    !narrower && exists && term.is_everywhere() && expressions.iter().all(fits)
}

fn pack<'a>(pod: &Pod<'_>, boundary: Cow<'a, str>, strategy: Strategy, edits: &mut Vec<Edit<'a>>) {
    let affinity = pod.spec.as_ref().and_then(|s| s.affinity.as_ref());
    let terms = affinity.and_then(|a| a.pod_affinity.as_ref()?.preferred.as_ref());
    let written = terms.into_iter().flatten().any(|raw| {
        let ours = |t: PodAffinityTerm<'_>| is_packing(&t, &boundary, strategy);
        raw.get().contains(words::TRUST_BOUNDARY)
            && PodAffinityTerm::read_weighted(raw).is_some_and(ours)
    });
    if !written {
        edits.push(Edit::Pack { boundary, strategy });
    }
}

fn is_packing(term: &PodAffinityTerm<'_>, boundary: &str, strategy: Strategy) -> bool {
    let labels = term
        .label_selector
        .as_ref()
        .and_then(|s| s.match_labels.as_ref());
    term.topology_key.as_deref() == Some(words::HOSTNAME)
        && term.is_everywhere()
        && labels.is_some_and(|l| {
            l.get(words::TRUST_BOUNDARY) == Some(boundary)
                && l.get(words::STRATEGY) == Some(strategy.word())
        })
}

fn nodes<'a>(
    case: &Case<'_, 'a>,
    choice: &Choice<'a>,
    extras: &[Need<'a>],
    edits: &mut Vec<Edit<'a>>,
) {
    let asks_memory = case.wants.iter().any(|w| w.ask.memory.is_some());
    let with_memory = asks_memory || choice.strategy == Strategy::Mps;
    let mut ours = terms::of_offers(case.supply, &choice.nodes, with_memory);
    if ours.is_empty() && !extras.is_empty() {
        ours.push(Term::default());
    }
    for term in &mut ours {
        term.labels.extend_from_slice(extras);
    }
    narrow_nodes(case.pod, ours, edits);
}

fn narrow_nodes<'a>(pod: &'a Pod<'a>, ours: Vec<Term<'a>>, edits: &mut Vec<Edit<'a>>) {
    if ours.is_empty() {
        return;
    }
    let spec = pod.spec.as_ref();
    let user = spec.and_then(|s| s.required_node_terms());
    let selector = spec.and_then(|s| s.node_selector.as_ref());
    let narrowed = terms::narrow(user.as_deref(), selector, &ours);
    let untouched = narrowed.iter().all(|n| n.add == Term::default());
    // Terms that contradict ours may only stay where every other one is inside ours already.
    let filled = user
        .iter()
        .flatten()
        .filter(|t| !terms::is_empty(t))
        .count();
    if user.is_some() && untouched && narrowed.len() == filled {
        return;
    }
    if user.is_none() && narrowed.iter().any(|n| n.add == Term::default()) {
        // The node selector alone says all of it.
        return;
    }
    edits.push(Edit::Nodes(narrowed));
}

fn tolerations<'a>(case: &Case<'_, 'a>, choice: &Choice<'a>, edits: &mut Vec<Edit<'a>>) {
    for taint in &choice.taints {
        let tolerated = case.filter.tolerations.iter().any(|t| tolerates(t, taint));
        let alike = |e: &Edit<'_>| matches!(e, Edit::Toleration(NewToleration::Taint { key, effect }) if *key == taint.key && *effect == taint.effect);
        if !tolerated && !edits.iter().any(alike) {
            edits.push(Edit::Toleration(NewToleration::Taint {
                key: &taint.key,
                effect: &taint.effect,
            }));
        }
    }
    for toleration in &case.policy.placement.tolerations {
        let written = case
            .filter
            .tolerations
            .iter()
            .any(|t| is_same(t, toleration));
        if !written {
            edits.push(Edit::Toleration(NewToleration::Policy(toleration)));
        }
    }
}

fn is_same(theirs: &Toleration<'_>, ours: &PolicyToleration) -> bool {
    let same = |a: &Option<crate::facts::Text<'_>>, b: &Option<String>| {
        a.as_deref().unwrap_or_default() == b.as_deref().unwrap_or_default()
    };
    let operator = |o: Option<&str>| match o {
        None | Some("") => "Equal".to_owned(),
        Some(word) => word.to_owned(),
    };
    same(&theirs.key, &ours.key)
        && same(&theirs.value, &ours.value)
        && same(&theirs.effect, &ours.effect)
        && operator(theirs.operator.as_deref()) == operator(ours.operator.as_deref())
}

/// Keeps a fraction that stood in a quantity, because a whole number now stands there.
fn readable_asks<'a>(case: &Case<'_, 'a>, edits: &mut Vec<Edit<'a>>) {
    let several = case.wants.len() > 1;
    for want in case.wants.iter().filter(|w| w.ask.fraction_in_quantity) {
        let Some(fraction) = want.ask.fraction else {
            continue;
        };
        edits.push(Edit::Annotation {
            key: match several {
                true => Cow::Owned(format!("{}{}", words::CONTAINER_FRACTION, want.container)),
                false => Cow::Borrowed(words::GPU_FRACTION),
            },
            value: fraction.to_string(),
        });
    }
}
